import MeshModel
import Testing

@testable import MeshEmulator

/// What flows where the configuration APIs beside Istio's divide it.
@Suite struct DialectScenarioTests {
  @Test(
    arguments: [
      ("gw-shop", "api-v1", "api-v2", 0.9), ("gw-shop", "pricing-v1", "pricing-v2", 0.5),
      ("gw-shop", "ledger-v1", "ledger-v2", 0.8), ("gw-shop", "payment-v1", "payment-v2", 0.75),
      ("smi-shop", "site-v1", "site-v2", 0.75), ("kn-shop", "thumbnailer-00001", "thumbnailer-00002", 0.9),
      ("kn-shop", "label-00002", "label-00001", 0.7),
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
      ("servers", "policy.linkerd.io", "l5d-shop", "books-http"),
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

  @Test func aGatewayPassesTLSOnByTheNameOfItsGreeting() throws {
    let mesh = try SimulatedMesh(.builtIn("dialects"))
    mesh.run(4)
    try mesh.edit("tlsroutes", "gateway.networking.k8s.io", "gw-shop", "pay") {
      $0["spec"]?["hostnames"] = ["till.example.com"]
    }
    mesh.run(4)
    #expect(mesh.rate("destination_workload=\"payment-v1\"") == 0)
  }

  /// Source: SMI, "Traffic Access Control": what no target allows an account it is for refuses.
  @Test(
    arguments: [
      ("traffictargets", "access.smi-spec.io", "site-readers", "sources", [["kind": "ServiceAccount", "name": "web"]]),
      ("httproutegroups", "specs.smi-spec.io", "site-routes", "matches", [["name": "reads", "methods": ["POST"]]]),
      ("httproutegroups", "specs.smi-spec.io", "site-routes", "matches", [["name": "others", "methods": ["GET"]]]),
    ] as [(String, String, String, String, JSONValue)])
  func onlyWhatATrafficTargetAllowsIsLetIn(
    plural: String, group: String, name: String, field: String, value: JSONValue
  ) throws {
    let mesh = try SimulatedMesh(.builtIn("dialects"))
    mesh.run(4)
    let site = "destination_workload_namespace=\"smi-shop\""
    let refused = "response_code=\"403\""
    #expect(mesh.rate("reporter=\"destination\"", site, "response_code=\"200\"") > 25)
    #expect(mesh.rate(site, refused) == 0)
    try mesh.edit(plural, group, "smi-shop", name) { $0["spec"]?[field] = value }
    mesh.run(4)
    #expect(mesh.rate("reporter=\"destination\"", site, refused) > 25)
    #expect(mesh.rate(site, "response_code=\"200\"") == 0)
  }

  @Test func callsOfAServiceWithoutPodsGoToItsAddresses() throws {
    let mesh = try SimulatedMesh(.builtIn("dialects"))
    mesh.run(4)
    let host = "destination_service=\"warehouse.gw-shop.svc.cluster.local\""
    #expect(mesh.rate(host, "destination_workload=\"unknown\"", "response_code=\"200\"") > 3)
    try mesh.edit("endpointslices", "discovery.k8s.io", "gw-shop", "warehouse-hosts") { $0["endpoints"] = [] }
    mesh.run(4)
    #expect(mesh.rate(host, "response_code=\"200\"") == 0)
  }

  @Test func endpointsThatSomebodyWroteAreMirrored() throws {
    let mesh = try SimulatedMesh(.builtIn("dialects"))
    try mesh.put([
      "apiVersion": "v1", "kind": "Service", "metadata": ["name": "old", "namespace": "gw-shop"],
      "spec": ["ports": [["name": "http", "port": 80]]],
    ])
    try mesh.put([
      "apiVersion": "v1", "kind": "Endpoints", "metadata": ["name": "old", "namespace": "gw-shop"],
      "subsets": [
        [
          "addresses": [["ip": "10.9.9.1"]], "notReadyAddresses": [["ip": "10.9.9.2"]],
          "ports": [["name": "http", "port": 8080]],
        ]
      ],
    ])
    var mirror = EndpointMirror(store: mesh.store)
    mirror.reconcile()
    mesh.run(1)
    let service = try #require(mesh.state.registry.services["old.gw-shop.svc.cluster.local"])
    #expect(mesh.state.registry.endpoints(of: service).map(\.isReady) == [true, false])
    try mesh.store.delete(ResourceID("endpoints"), namespace: "gw-shop", name: "old")
    mirror.reconcile()
    mesh.run(1)
    #expect(mesh.state.registry.endpoints(of: service).isEmpty)
  }

  @Test func aKnativeRouteFollowsItsConfiguration() throws {
    let mesh = try SimulatedMesh(.builtIn("dialects"))
    let controllers = Controllers(store: mesh.store)
    controllers.reconcile()
    let group = "serving.knative.dev"
    try mesh.edit("configurations", group, "kn-shop", "label") {
      $0["status"]?["latestReadyRevisionName"] = "label-00001"
    }
    controllers.reconcile()
    // The control plane notices; then its proxies have time to take it.
    mesh.run(1)
    mesh.run(4)
    #expect(mesh.rate("destination_workload=\"label-00002\"") == 0)
    try mesh.edit("routes", group, "kn-shop", "labeller") {
      $0["spec"]?["traffic"] = [["configurationName": "nobodys", "percent": 100]]
    }
    controllers.reconcile()
    let status = try #require(
      mesh.store.get(ResourceID("routes", group: group), namespace: "kn-shop", name: "labeller")
    )
    .json["status"]
    #expect(status?["conditions"]?[2]?["reason"] == "ConfigurationMissing")
    #expect(status?["traffic"]?[0]?["percent"] == 70, "what is in effect stays")
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
