import MeshModel
import Testing

@testable import MeshPlanes

/// Servers that name the port they claim.
@Suite struct LinkerdPortNameTests {
  static let server = """
    {"apiVersion":"policy.linkerd.io/v1beta3","kind":"Server","metadata":{"name":"books-http","namespace":"shop"},
     "spec":{"podSelector":{"matchLabels":{"app":"books"}},"port":"http","accessPolicy":"all-authenticated"}}
    """

  static func pod(_ name: String, proxy: String, port: String, number: Int) -> String {
    """
    {"metadata":{"name":"\(name)","namespace":"shop","labels":{"app":"books"},"annotations":{"linkerd.io/proxy-version":"x"},
     "ownerReferences":[{"kind":"StatefulSet","name":"books","controller":true}]},"spec":{"containers":[
     {"name":"app","ports":[{"name":"\(port)","containerPort":\(number)},{"containerPort":9990}]},{"name":"\(proxy)"}]},
     "status":{"phase":"Running","podIP":"10.0.0.1","conditions":[{"type":"Ready","status":"True"}]}}
    """
  }

  static func snapshot(_ pods: String...) throws -> MeshSnapshot {
    var snapshot = MeshSnapshot()
    var pool = TextPool()
    for pod in pods {
      let entities = try JSONReader.read(Array(pod.utf8)) { reader throws(JSONError) in
        try PodFields(from: &reader).entities(plane: "lab", pool: &pool)
      }
      for entity in entities { snapshot.apply(.upsert(entity)) }
    }
    snapshot.apply(
      .upsert(
        .workload(
          Workload(
            ref: SmallMesh.ref("workload", "shop", "books"), labels: ["app": "books"], nativeKind: "statefulset"))))
    for entity in try LinkerdDialect().entities(from: JSONValue(parsing: server), plane: "lab") {
      snapshot.apply(.upsert(entity))
    }
    return snapshot
  }

  @Test func aNameIsThePortThatInstancesGiveIt() throws {
    let snapshot = try Self.snapshot(Self.pod("books-0", proxy: "linkerd-proxy", port: "http", number: 8080))
    let rules = LinkerdDialect().mtls(in: snapshot, plane: "lab")
    let workload = try #require(snapshot.workloads[SmallMesh.ref("workload", "shop", "books")])
    #expect(rules.exceptionalPorts == [8080])
    #expect(rules.accepted(by: workload, port: 8080).mode == .strict)
    #expect(rules.accepted(by: workload, port: 9990).mode == .permissive)
  }

  @Test func aNameThatNoInstanceHasClaimsNothing() throws {
    let snapshot = try Self.snapshot(Self.pod("books-0", proxy: "linkerd-proxy", port: "web", number: 8080))
    let rules = LinkerdDialect().mtls(in: snapshot, plane: "lab")
    let workload = try #require(snapshot.workloads[SmallMesh.ref("workload", "shop", "books")])
    #expect(rules.accepted(by: workload, port: 8080).mode == .permissive)
  }

  @Test func portsOfOtherMeshesKeepNoNames() throws {
    let snapshot = try Self.snapshot(Self.pod("books-0", proxy: "istio-proxy", port: "http", number: 8080))
    #expect(snapshot.endpoints.values.allSatisfy { $0.portNames == nil && $0.ports == [8080, 9990] })
  }
}
