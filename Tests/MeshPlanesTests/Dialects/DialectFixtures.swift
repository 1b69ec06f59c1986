import MeshModel
import Testing

@testable import MeshPlanes

/// Objects of the dialects beside Istio, recorded from a real API server or written for a test.
enum DialectFixtures {
  /// The dialects, each with its own rules.
  static let dialects: [any KubernetesDialect & DialectRules] = [
    GatewayAPIDialect(), SMIDialect(), KnativeDialect(), LinkerdDialect(), ShardingSphereDialect(),
  ]

  /// The objects of a recorded list, by the dialect that knows them.
  static func entities(recorded path: String) throws -> [Entity] {
    let list = try JSONValue(parsing: Recorded.bytes(path))
    return try (list["items"]?.array ?? []).flatMap { item in
      try dialects.flatMap { try $0.entities(from: item, plane: "lab") }
    }
  }

  /// The native object of JSON text, with the kind its dialect gives it.
  static func native(_ text: String) throws -> NativeObject {
    let json = try JSONValue(parsing: text)
    let kind = dialects.flatMap(\.resources).first { $0.names(json) }?.kind ?? ""
    let (namespace, name) = (json["metadata"]?["namespace"]?.string ?? "", json["metadata"]?["name"]?.string ?? "")
    return NativeObject(
      ref: ObjectRef(plane: "lab", namespace: namespace, kind: kind, name: name), path: "/apis/x/\(name)", json: json,
      version: json["metadata"]?["resourceVersion"]?.string ?? "7", uid: "u-\(name)")
  }

  /// The step that sets weights, through the dialect that handles the object.
  static func steps(_ text: String, _ weights: [(String, Int)]) async throws -> [Step] {
    let object = try native(text)
    let intent = Intent.weights(
      WeightsIntent(
        route: object.ref, weights: weights.map { WeightsIntent.Entry(backend: $0.0, weight: $0.1) }))
    return try await steps(object, intent)
  }

  static func steps(_ object: NativeObject, _ intent: Intent) async throws -> [Step] {
    let dialect = try #require(dialects.first { $0.handles(intent) })
    return try await dialect.steps(for: intent, in: MeshSnapshot(), using: StoredObjects(objects: [object]))
  }

  /// The words of a refusal; empty where there is none.
  static func refusal(_ text: String, _ weights: [(String, Int)]) async -> String {
    do {
      _ = try await steps(text, weights)
      return ""
    } catch {
      return (error as? MeshError)?.message ?? "\(error)"
    }
  }

  static let httpRoute = """
    {"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":"api","namespace":"shop",
     "resourceVersion":"7","generation":2},"spec":{"later":[1e0],"parentRefs":[{"group":"","kind":"Service","name":"api"}],
     "rules":[{"backendRefs":[{"name":"api-v1","port":8080,"weight":9,"glow":1},{"name":"api-v2","port":8080,"weight":1}]}]},
     "status":{"parents":[{"controllerName":"c","parentRef":{"kind":"Service","group":"","name":"api"},"conditions":[
      {"type":"Accepted","status":"True","observedGeneration":2,"reason":"Accepted","message":""},
      {"type":"ResolvedRefs","status":"True","observedGeneration":2,"reason":"ResolvedRefs","message":""}]}]}}
    """

  static let trafficSplit = """
    {"apiVersion":"split.smi-spec.io/VERSION","kind":"TrafficSplit","metadata":{"name":"site","namespace":"shop",
     "resourceVersion":"7"},"spec":{"service":"site","backends":[{"service":"site-v1","weight":A},
     {"service":"site-v2","weight":B}]}}
    """

  static let knativeService = """
    {"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"name":"thumb","namespace":"shop",
     "resourceVersion":"7","generation":3},"spec":{"template":{},"traffic":[{"revisionName":"thumb-1","percent":90},
     {"latestRevision":true,"percent":10,"tag":"candidate"}]},"status":{"observedGeneration":3,
     "latestReadyRevisionName":"thumb-2","conditions":[{"type":"Ready","status":"True"}],
     "traffic":[{"revisionName":"thumb-1","percent":95},{"revisionName":"thumb-2","percent":5,"latestRevision":true,
     "tag":"candidate"}]}}
    """

  /// A Route made by hand, whose traffic follows a Configuration made by hand.
  static let knativeRoute = """
    {"apiVersion":"serving.knative.dev/v1","kind":"Route","metadata":{"name":"resizer","namespace":"shop",
     "resourceVersion":"7","generation":2},"spec":{"traffic":[{"configurationName":"resize","latestRevision":true,
     "percent":80},{"revisionName":"resize-00001","percent":20}]},"status":{"observedGeneration":2,
     "conditions":[{"type":"AllTrafficAssigned","status":"True"},{"type":"Ready","status":"True"}],
     "traffic":[{"revisionName":"resize-00002","percent":80,"latestRevision":true},
     {"revisionName":"resize-00001","percent":20,"latestRevision":false}]}}
    """

  static let knativeConfiguration = """
    {"apiVersion":"serving.knative.dev/v1","kind":"Configuration","metadata":{"name":"resize","namespace":"shop",
     "resourceVersion":"7","generation":3},"spec":{"template":{}},"status":{"observedGeneration":3,
     "latestCreatedRevisionName":"resize-00003","latestReadyRevisionName":"resize-00002",
     "conditions":[{"type":"Ready","status":"False","reason":"RevisionFailed",
     "message":"Revision \\"resize-00003\\" failed with message: no such image."}]}}
    """

  static func split(_ version: String, _ first: String, _ second: String) -> String {
    trafficSplit.replacing("VERSION", with: version).replacing("\"weight\":A", with: "\"weight\":\(first)")
      .replacing("\"weight\":B", with: "\"weight\":\(second)")
  }
}
