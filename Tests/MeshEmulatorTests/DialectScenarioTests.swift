import MeshModel
import Testing

@testable import MeshEmulator

/// What flows where the configuration APIs beside Istio's divide it.
@Suite struct DialectScenarioTests {
  @Test(
    arguments: [
      ("gw-shop", "api-v1", "api-v2", 0.9), ("gw-shop", "pricing-v1", "pricing-v2", 0.5),
      ("smi-shop", "site-v1", "site-v2", 0.75), ("kn-shop", "thumbnailer-00001", "thumbnailer-00002", 0.9),
      ("l5d-shop", "books-v1", "books-v2", 0.9),
    ])
  func trafficFollowsTheWeightsOfEachDialect(namespace: String, first: String, second: String, share: Double) throws {
    let mesh = try SimulatedMesh(.builtIn("dialects"))
    mesh.run(4)
    func rate(_ workload: String) -> Double {
      mesh.rate(
        "reporter=\"destination\"", "destination_workload=\"\(workload)\"",
        "destination_service=\"\(workload).\(namespace).svc.cluster.local\"")
    }
    let (one, other) = (rate(first), rate(second))
    #expect(one + other > 5)
    #expect(abs(one / (one + other) - share) < 0.01)
  }

  @Test(
    arguments: [
      ("computenodes", "shardingsphere.apache.org", "db-shop", "orders-proxy"),
      ("storagenodes", "shardingsphere.apache.org", "db-shop", "orders"),
      ("backendtlspolicies", "gateway.networking.k8s.io", "gw-shop", "web-tls"),
      ("listenersets", "gateway.networking.k8s.io", "gw-shop", "edge-tls"),
    ])
  func everyKindOfTheScenarioIsServedWithItsFields(
    _ plural: String, _ group: String, _ namespace: String, _ name: String
  ) throws {
    let mesh = try SimulatedMesh(.builtIn("dialects"))
    let kind = ResourceID(plural, group: group)
    #expect(mesh.store.get(kind, namespace: namespace, name: name)?.json["spec"]?.object?.isEmpty == false)
    let type = try #require(mesh.store.types[kind])
    guard case .object(let fields, _) = type.schema else {
      Issue.record("the fields of \(plural) are not known")
      return
    }
    #expect(fields.contains { $0.name == "spec" && $0.schema.member("never-heard-of") == nil })
  }

  @Test func anEditedRouteOfTheGatewayAPIMovesTrafficOnceProxiesHaveIt() throws {
    let mesh = try SimulatedMesh(.builtIn("dialects"))
    mesh.run(4)
    try mesh.edit("httproutes", "gateway.networking.k8s.io", "gw-shop", "api-mesh") {
      $0["spec"]?["rules"] = [
        ["backendRefs": [["kind": "Service", "name": "api-v2", "port": 8080, "weight": 1]]]
      ]
    }
    mesh.run(4)
    #expect(mesh.rate("reporter=\"destination\"", "destination_workload=\"api-v1\"") == 0)
    #expect(mesh.rate("reporter=\"destination\"", "destination_workload=\"api-v2\"") > 5)
  }

  @Test func controllersReportThePresentGeneration() throws {
    let mesh = try SimulatedMesh(.builtIn("dialects"))
    let controllers = Controllers(store: mesh.store)
    #expect(controllers.hasWork)
    controllers.reconcile()
    let kind = ResourceID("services", group: "serving.knative.dev")
    try mesh.store.update(kind, namespace: "kn-shop", name: "thumbnailer") {
      $0["spec"]?["traffic"] = [["latestRevision": true, "percent": 100]]
    }
    controllers.reconcile()
    let status = try #require(mesh.store.get(kind, namespace: "kn-shop", name: "thumbnailer")).json["status"]
    #expect(status?["observedGeneration"]?.int == 2)
    #expect(status?["traffic"]?[0]?["revisionName"] == "thumbnailer-00002")
    let revision = mesh.store.resourceVersion
    controllers.reconcile()
    #expect(mesh.store.resourceVersion == revision)
  }
}
