import MeshModel
import Testing

@testable import MeshEmulator

@Suite struct SimulationTests {
  private let fromWeb = "reporter=\"source\",source_workload=\"web-v1\""
  private func near(_ left: Double, _ right: Double, within tolerance: Double = 1e-6) -> Bool {
    abs(left - right) <= tolerance
  }

  @Test func weightsDivideTheTrafficInProportion() throws {
    let mesh = try SimulatedMesh(.demo)
    for (v1, v2) in [(80, 20), (50, 50), (1, 3), (0, 100), (7, 0)] {
      try mesh.setWeights(v1, v2)
      mesh.run(4)
      let total = Double(v1 + v2)
      #expect(near(mesh.rate(fromWeb, "destination_workload=\"api-v1\""), 100 * Double(v1) / total))
      #expect(near(mesh.rate(fromWeb, "destination_workload=\"api-v2\""), 100 * Double(v2) / total))
    }
  }

  @Test func countsFollowTheRates() throws {
    let mesh = try SimulatedMesh(.demo)
    mesh.run(600)
    let v1 = mesh.count(fromWeb, "destination_workload=\"api-v1\"")
    let v2 = mesh.count(fromWeb, "destination_workload=\"api-v2\"")
    #expect(abs(v1 - 48_000) < 600, "\(v1)")
    #expect(abs(v2 - 12_000) < 300, "\(v2)")
    #expect(v1 != 48_000 || v2 != 12_000)
  }

  @Test func whatItCountsDoesNotDependOnHowOftenItIsAsked() throws {
    let (often, once) = (try SimulatedMesh(.demo), try SimulatedMesh(.demo))
    for _ in 0..<100 { often.run(0.5) }
    once.run(50)
    func text(_ mesh: SimulatedMesh) -> String { Exposition(state: mesh.state, simulation: mesh.simulation).text() }
    #expect(text(often) == text(once))
    let other = try SimulatedMesh(.demo, seed: 8)
    other.run(50)
    #expect(text(other) != text(once))
  }

  @Test func strictRefusesPlaintextCallersOnly() throws {
    let mesh = try SimulatedMesh(.demo)
    let plaintext = "connection_security_policy=\"none\""
    let mutual = "connection_security_policy=\"mutual_tls\""
    #expect(near(mesh.rate("reporter=\"destination\"", plaintext, "source_workload=\"unknown\""), 10))
    #expect(near(mesh.rate("reporter=\"destination\"", mutual, "source_workload=\"web-v1\""), 100))
    try mesh.put([
      "apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
      "metadata": ["name": "default", "namespace": "demo"], "spec": ["mtls": ["mode": "STRICT"]],
    ])
    mesh.run(4)
    #expect(mesh.rate("reporter=\"destination\"", plaintext) == 0)
    #expect(near(mesh.rate("reporter=\"destination\"", mutual), 100))
    let refused = mesh.state.refused.values.reduce(0, +)
    #expect(near(refused, 10), "\(refused)")
    mesh.run(10)
    let stats = String(decoding: try mesh.envoy("demo/api-v1", "/stats").body, as: UTF8.self)
    #expect(stats.contains("no_filter_chain_match: ") && !stats.contains("no_filter_chain_match: 0\n"))
  }

  @Test func aClientToldNotToUseTLSBreaksAtAStrictServer() throws {
    let mesh = try SimulatedMesh(.demo)
    try mesh.put([
      "apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
      "metadata": ["name": "default", "namespace": "demo"], "spec": ["mtls": ["mode": "STRICT"]],
    ])
    try mesh.edit("destinationrules", "networking.istio.io", "demo", "api") {
      $0["spec"]?["trafficPolicy"] = ["tls": ["mode": "DISABLE"]]
    }
    mesh.run(4)
    #expect(near(mesh.rate(fromWeb, "response_code=\"503\"", "response_flags=\"UC,URX\""), 100))
    #expect(mesh.rate("reporter=\"destination\"") == 0)
  }

  @Test func anAbortTakesItsShareBeforeAnyDestination() throws {
    let mesh = try SimulatedMesh(.demo)
    try mesh.setRule(["fault": ["abort": ["httpStatus": 418, "percentage": ["value": 25]]]])
    #expect(near(mesh.rate(fromWeb, "response_code=\"418\"", "response_flags=\"FI\""), 25))
    #expect(near(mesh.rate(fromWeb, "response_code=\"200\""), 75))
    #expect(near(mesh.rate("reporter=\"destination\"", "source_workload=\"web-v1\""), 75))
  }

  @Test(
    arguments: [
      (["abort": ["httpStatus": 418]], 0), (["delay": ["fixedDelay": "2s"]], 0),
      (["delay": ["fixedDelay": "2s", "percent": 30]], 30),
    ] as [(JSONValue, Double)])
  func aFaultHitsTheShareThatIsWritten(fault: JSONValue, expected: Double) throws {
    let mesh = try SimulatedMesh(.demo)
    try mesh.setRule(["fault": fault])
    #expect(near(mesh.rate(fromWeb, "response_flags=\"FI\"") + mesh.rate(fromWeb, "response_flags=\"DI\""), expected))
  }

  @Test(arguments: [([:], 0), (["targetRefs": [["kind": "Service", "name": "api"]]], 100)] as [(JSONValue, Double)])
  func aPolicyOfAWaypointIsNotForSidecars(target: JSONValue, served: Double) throws {
    let mesh = try SimulatedMesh(.demo)
    var spec: JSONValue = ["action": "DENY", "rules": [["to": [["operation": ["methods": ["*"]]]]]]]
    for member in target.object?.members ?? [] { spec[member.name] = member.value }
    try mesh.put([
      "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
      "metadata": ["name": "none", "namespace": "demo"], "spec": spec,
    ])
    mesh.run(4)
    #expect(near(mesh.rate(fromWeb, "response_code=\"200\""), served))
  }

  @Test func aServiceEntryIsServedByTheMachinesItNames() throws {
    let mesh = try SimulatedMesh(.demo)
    try mesh.put([
      "apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": ["name": "old", "namespace": "demo"],
      "spec": [
        "hosts": ["old.internal"], "location": "MESH_INTERNAL", "resolution": "STATIC",
        "ports": [["number": 80, "name": "http", "protocol": "HTTP"]],
        "endpoints": [
          ["address": "10.9.0.1", "labels": ["version": "v1"], "serviceAccount": "old"],
          ["address": "10.9.0.2", "labels": ["version": "v2"]],
        ],
      ],
    ])
    try mesh.put([
      "apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
      "metadata": ["name": "old", "namespace": "demo"],
      "spec": ["host": "old.internal", "subsets": [["name": "two", "labels": ["version": "v2"]]]],
    ])
    try mesh.setRule(["route": [["destination": ["host": "old.internal"]]]])
    let machines = (0..<2).map { "destination_workload=\"old-\($0)\"" }
    #expect(machines.allSatisfy { near(mesh.rate(fromWeb, $0), 50) })
    // The one with an account has a proxy, which reports and speaks mesh TLS.
    let mutual = "connection_security_policy=\"mutual_tls\""
    #expect(near(mesh.rate("reporter=\"destination\"", machines[0], mutual), 50))
    #expect(mesh.rate("reporter=\"destination\"", machines[1]) == 0)
    try mesh.setRule(["route": [["destination": ["host": "old.internal", "subset": "two"]]]])
    #expect(near(mesh.rate(fromWeb, machines[1]), 100))
    try mesh.store.delete(ResourceID("serviceentries", group: "networking.istio.io"), namespace: "demo", name: "old")
    mesh.run(4)
    #expect(mesh.rate(fromWeb, machines[1]) == 0)
  }

  @Test func aDelayIsSeenByTheCallerAlone() throws {
    let mesh = try SimulatedMesh(.demo)
    try mesh.setRule(["fault": ["delay": ["fixedDelay": "2s", "percentage": ["value": 10]]]])
    let delayed = mesh.state.flows.filter { $0.labels.contains("response_flags=\"DI\"") }
    #expect(near(delayed.reduce(0) { $0 + $1.rate }, 10))
    #expect(delayed.allSatisfy { $0.meanLatency > 2_000 })
    #expect(
      mesh.state.flows.filter { $0.labels.contains("reporter=\"destination\"") }.allSatisfy { $0.meanLatency < 30 })
  }

  @Test func retriesHideErrorsAndAddLoad() throws {
    var scenario = try Scenario.demo
    let index = try #require(scenario.apps.firstIndex { $0.name == "api" })
    for version in scenario.apps[index].versions.indices {
      scenario.apps[index].versions[version].behaviour.errors = 0.2
    }
    let mesh = try SimulatedMesh(scenario)
    #expect(near(mesh.rate(fromWeb, "response_code=\"500\""), 20))
    try mesh.setRule(["retries": ["attempts": 2, "retryOn": "5xx"]])
    // Three tries: 0.2³ stay visible, 1 + 0.2 + 0.04 tries arrive.
    #expect(near(mesh.rate(fromWeb, "response_code=\"500\"", "URX"), 0.8))
    #expect(near(mesh.rate(fromWeb, "response_code=\"200\""), 99.2))
    #expect(near(mesh.rate("reporter=\"destination\"", "source_workload=\"web-v1\""), 124))
  }

  @Test func aTimeoutAnswers504ForWhatComesLater() throws {
    let mesh = try SimulatedMesh(.demo)
    // The 99th percentile is 50 ms by the scenario.
    try mesh.setRule(["timeout": "50ms"])
    let late = mesh.rate(fromWeb, "response_code=\"504\"", "response_flags=\"UT\"")
    #expect(near(late, 1, within: 0.01), "\(late)")
    #expect(near(mesh.rate(fromWeb), 100))
  }

  @Test func aMirrorAddsLoadNobodyCallsFor() throws {
    let mesh = try SimulatedMesh(.demo)
    try mesh.setRule([
      "mirror": ["host": "api", "subset": "v2"], "mirrorPercentage": ["value": 50],
    ])
    #expect(near(mesh.rate(fromWeb), 100))
    #expect(
      near(mesh.rate("reporter=\"destination\"", "source_workload=\"web-v1\"", "destination_workload=\"api-v2\""), 70))
  }

  @Test func rulesMatchInOrder() throws {
    let mesh = try SimulatedMesh(.demo)
    func split(_ match: JSONValue) throws -> Double {
      try mesh.edit("virtualservices", "networking.istio.io", "demo", "api") { object in
        object["spec"]?["http"] = [
          ["match": [match], "route": [["destination": ["host": "api", "subset": "v2"]]]],
          ["route": [["destination": ["host": "api", "subset": "v1"]]]],
        ]
      }
      mesh.run(4)
      return mesh.rate(fromWeb, "destination_workload=\"api-v2\"")
    }
    #expect(try split(["uri": ["prefix": "/it"]]) == 100)
    #expect(try split(["uri": ["exact": "/it"]]) == 0)
    #expect(try split(["uri": ["regex": "/i.*s"]]) == 100)
    #expect(try split(["uri": ["regex": "/i"]]) == 0)
    #expect(try split(["headers": ["x": ["exact": "y"]]]) == 0)
    #expect(try split(["withoutHeaders": ["x": ["exact": "y"]]]) == 100)
    #expect(try split(["port": 8_080, "sourceLabels": ["app": "web"]]) == 100)
    #expect(try split(["sourceLabels": ["app": "other"]]) == 0)
    #expect(try split(["gateways": ["edge"]]) == 0)
  }

  @Test func routesThatLeadNowhereAnswerAsEnvoyDoes() throws {
    let mesh = try SimulatedMesh(.demo)
    try mesh.edit("virtualservices", "networking.istio.io", "demo", "api") { object in
      object["spec"]?["http"] = [["route": [["destination": ["host": "api", "subset": "v9"]]]]]
    }
    mesh.run(4)
    #expect(near(mesh.rate(fromWeb, "response_code=\"503\"", "response_flags=\"NC\""), 100))
    try mesh.edit("virtualservices", "networking.istio.io", "demo", "api") { object in
      object["spec"]?["http"] = [
        ["match": [["uri": ["exact": "/other"]]], "route": [["destination": ["host": "api"]]]]
      ]
    }
    mesh.run(4)
    #expect(near(mesh.rate(fromWeb, "response_code=\"404\"", "response_flags=\"NR\""), 100))
    try mesh.setWeights(80, 20)
    try mesh.edit("virtualservices", "networking.istio.io", "demo", "api") { $0["spec"]?["http"] = [] }
    for pod in mesh.store.list(ResourceID("pods"), namespace: "demo") where pod.label("app") == "api" {
      try mesh.store.delete(ResourceID("pods"), namespace: "demo", name: pod.name)
    }
    mesh.run(4)
    #expect(near(mesh.rate(fromWeb, "response_code=\"503\"", "response_flags=\"UH\""), 100))
  }

  @Test func theShopHasTheTroublesItShould() throws {
    let mesh = try SimulatedMesh(.builtIn("shop"))
    mesh.run(60)
    let canary = "destination_workload=\"ledger-v2\""
    let bad = mesh.rate("reporter=\"destination\"", canary, "response_code=\"500\"")
    let all = mesh.rate("reporter=\"destination\"", canary)
    #expect(near(bad / all, 0.041, within: 0.001))
    let ledger = mesh.rate("reporter=\"destination\"", "destination_service_name=\"ledger\"")
    #expect(near(all / ledger, 0.05, within: 1e-9))
    #expect(abs(ledger - 123) < 10, "\(ledger)")
    #expect(mesh.rate("destination_service_name=\"reviews\"", "reporter=\"source\"") > 200)
    // Whoever speaks plaintext to payments is refused and reported by nobody.
    #expect(mesh.state.refused.keys.contains("payments/ledger-v1"))
    #expect(mesh.rate("reporter=\"destination\"", "destination_workload_namespace=\"payments\"", "\"none\"") == 0)
    let failing = mesh.state.flows.filter {
      $0.labels.contains("response_flags=\"NR\"") || $0.labels.contains("\"NC\"")
    }
    #expect(failing.isEmpty, "\(failing.first?.labels ?? "")")
    #expect(mesh.rate("request_protocol=\"grpc\"", "grpc_response_status=\"0\"") > 0)
    #expect(mesh.rate("request_protocol=\"tcp\"", "orders-db") > 0)
    #expect(mesh.rate("destination_service=\"api.cards.example.net\"") > 0)
    #expect(mesh.rate("destination_workload=\"reviews-v3\"", "reporter=\"destination\"") > 10)
  }
}
