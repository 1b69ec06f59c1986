import MeshModel
import Testing

@testable import MeshPlanes

/// A dialect that was written for other versions than the server has.
private struct EarlierDialect: KubernetesDialect {
  let base: any KubernetesDialect

  var dialect: Dialect { base.dialect }
  var resources: [DialectResource] {
    base.resources.map { resource in
      var resource = resource
      resource.versions = ["v0"]
      return resource
    }
  }
  var routeKinds: Set<ObjectKind> { base.routeKinds }

  func entities(
    of resource: DialectResource, apiVersion: String, plane: PlaneName, from reader: inout JSONReader
  ) throws(JSONError) -> [Entity] {
    try base.entities(of: resource, apiVersion: apiVersion, plane: plane, from: &reader)
  }

  func handles(_ intent: Intent) -> Bool { base.handles(intent) }

  func steps(
    for intent: Intent, in snapshot: MeshSnapshot, using access: any KubernetesAccess
  ) async throws(MeshError) -> [Step] {
    try await base.steps(for: intent, in: snapshot, using: access)
  }
}

@Suite(.timeLimit(.minutes(10))) struct UnknownVersionTests {
  @Test(
    arguments: [
      (GatewayAPIDialect() as any KubernetesDialect, "httproute", "v1", "httproutes.gateway.networking.k8s.io"),
      (ShardingSphereDialect(), "computenode", "v1alpha1", "computenodes.shardingsphere.apache.org"),
    ])
  func objectsOfAnUnknownVersionAreReadAndNotWritten(
    _ dialect: any KubernetesDialect, _ kind: ObjectKind, _ version: String, _ resource: String
  ) async throws {
    let plane = try Recorded.plane(try Recorded.server(), dialects: [EarlierDialect(base: dialect)])
    let readers = plane.readers(try await plane.catalog.current())
    #expect(readers.contains { $0.resource.kind == kind && $0.served.version == version })
    let ref = ObjectRef(plane: "p", namespace: "gw-shop", kind: kind, name: "api-mesh")
    let intent = Intent.weights(WeightsIntent(route: ref, weights: [.init(backend: "api-v1", weight: 5)]))
    do {
      _ = try await plane.steps(for: intent, in: MeshSnapshot())
      Issue.record("an object of an unknown version was to be written")
    } catch {
      #expect(error.code == .refused)
      #expect(error.message.hasPrefix("read-only: \(resource) is served in \(version) alone"))
    }
  }
}
