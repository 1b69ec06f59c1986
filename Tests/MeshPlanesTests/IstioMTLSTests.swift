import MeshModel
import Testing

@testable import MeshPlanes

/// Istio, `policy_applier.go` and `model/authentication.go`: what servers accept.
@Suite struct IstioServerModeTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var policies: [MTLSPolicy]
    var port: Int? = nil
    var namespace = "shop"
    var expected: MTLSMode
    var testDescription: String { name }
  }

  static func pa(
    _ namespace: String, _ name: String, _ mode: MTLSMode, app: String? = nil, ports: [Int: MTLSMode] = [:],
    age: Double = 100
  ) -> MTLSPolicy {
    MTLSPolicy(
      ref: SmallMesh.ref("peerauthentication", namespace, name), selector: app.map { ["app": $0] } ?? [:], mode: mode,
      ports: ports, createdAt: Instant(seconds: age))
  }

  static let rows: [Row] = [
    Row(name: "nothing set", policies: [], expected: .permissive),
    Row(name: "mesh", policies: [pa("istio-system", "m", .strict)], expected: .strict),
    Row(
      name: "namespace over mesh", policies: [pa("istio-system", "m", .strict), pa("shop", "n", .disable)],
      expected: .disable),
    Row(
      name: "workload over namespace", policies: [pa("shop", "n", .disable), pa("shop", "w", .strict, app: "cart")],
      expected: .strict),
    Row(name: "another workload's policy", policies: [pa("shop", "w", .strict, app: "reviews")], expected: .permissive),
    Row(name: "another namespace's policy", policies: [pa("data", "n", .strict)], expected: .permissive),
    Row(
      name: "selector in the root namespace is ignored", policies: [pa("istio-system", "w", .strict, app: "cart")],
      expected: .permissive),
    Row(
      name: "selector in the root namespace is ignored for workloads there",
      policies: [pa("istio-system", "w", .strict, app: "cart")],
      namespace: "istio-system", expected: .permissive),
    Row(
      name: "unset namespace inherits", policies: [pa("istio-system", "m", .strict), pa("shop", "n", .unset)],
      expected: .strict),
    Row(
      name: "unset workload inherits", policies: [pa("shop", "n", .strict), pa("shop", "w", .unset, app: "cart")],
      expected: .strict),
    Row(
      name: "oldest of several at a level",
      policies: [pa("shop", "young", .disable, age: 200), pa("shop", "old", .strict, age: 50)],
      expected: .strict),
    Row(
      name: "oldest of several workload policies",
      policies: [pa("shop", "a", .disable, app: "cart", age: 200), pa("shop", "b", .strict, app: "cart", age: 50)],
      expected: .strict),
    Row(
      name: "port over workload", policies: [pa("shop", "w", .strict, app: "cart", ports: [8080: .disable])],
      port: 8080, expected: .disable),
    Row(
      name: "another port", policies: [pa("shop", "w", .strict, app: "cart", ports: [8080: .disable])], port: 9090,
      expected: .strict),
    Row(
      name: "unset port inherits",
      policies: [pa("shop", "n", .strict), pa("shop", "w", .unset, app: "cart", ports: [8080: .unset])],
      port: 8080, expected: .strict),
    Row(
      name: "ports of a namespace policy do not count", policies: [pa("shop", "n", .strict, ports: [8080: .disable])],
      port: 8080, expected: .strict),
    Row(
      name: "ports of the younger workload policy do not count",
      policies: [
        pa("shop", "a", .strict, app: "cart", age: 50),
        pa("shop", "b", .strict, app: "cart", ports: [8080: .disable], age: 60),
      ],
      port: 8080, expected: .strict),
  ]

  @Test(arguments: rows)
  func acceptsWhatTheTableSays(row: Row) throws {
    var mesh = SmallMesh()
    mesh.add("cart", in: row.namespace)
    for policy in row.policies { mesh.snapshot.apply(.upsert(.mtlsPolicy(policy))) }
    let mtls = IstioMTLS(mesh.snapshot, plane: "lab")
    let (mode, reasons) = mtls.serverMode(workload: try mesh.workload("cart-v1", row.namespace), port: row.port)
    #expect(mode == row.expected)
    #expect(!reasons.isEmpty)
  }

  @Test func pointsAtThePolicyThatDecides() throws {
    var mesh = SmallMesh()
    mesh.add("cart")
    mesh.peer("w", in: "shop", .strict, selector: ["app": "cart"], ports: [8080: .disable])
    let (_, reasons) = IstioMTLS(mesh.snapshot, plane: "lab").serverMode(
      workload: try mesh.workload("cart-v1"), port: 8080)
    let last = try #require(reasons.last?.source)
    #expect(last.object == SmallMesh.ref("peerauthentication", "shop", "w"))
    #expect(last.pointer == "/spec/portLevelMtls/8080/mode")
  }

  @Test func ambientTreatsDisableAsPermissive() throws {
    var mesh = SmallMesh()
    mesh.add("cart", proxy: .ambient)
    mesh.peer(in: "shop", .disable, selector: ["app": "cart"])
    let mtls = IstioMTLS(mesh.snapshot, plane: "lab")
    let verdict = mtls.verdict(
      client: MTLSClient(namespace: "shop", proxy: .ambient), service: try mesh.service("cart"), port: 80)
    #expect(verdict.server == .permissive)
    #expect(verdict.outcome == .mtls)
  }
}

/// Istio, `cluster_tls.go` and `push_context.go`: what callers send.
@Suite struct IstioClientChoiceTests {
  static func rule(
    _ name: String, _ namespace: String, _ spec: String, host: String = "cart.shop.svc.cluster.local"
  ) -> String {
    #"{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"\#(name)","namespace":"\#(namespace)"},"spec":{"host":"\#(host)",\#(spec)}}"#
  }

  static let disable = #""trafficPolicy":{"tls":{"mode":"DISABLE"}}"#
  static let simple = #""trafficPolicy":{"tls":{"mode":"SIMPLE"}}"#
  static let mutual = #""trafficPolicy":{"tls":{"mode":"ISTIO_MUTUAL"}}"#

  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var rules: [String]
    var client = MTLSClient(namespace: "web")
    var port = 80
    var subset: String? = nil
    var expected: ClientChoice
    var testDescription: String { name }
  }

  static let precedence = """
    "trafficPolicy":{"tls":{"mode":"DISABLE"},"portLevelSettings":[{"port":{"number":81},"tls":{"mode":"SIMPLE"}},{"port":{"number":82},"loadBalancer":{}}]},
    "subsets":[{"name":"v1","labels":{"version":"v1"},"trafficPolicy":{"tls":{"mode":"MUTUAL"},
      "portLevelSettings":[{"port":{"number":83},"tls":{"mode":"ISTIO_MUTUAL"}}]}},{"name":"v2","labels":{"version":"v2"}}]
    """

  static let rows: [Row] = [
    Row(name: "nothing written", rules: [], expected: .auto),
    Row(name: "rule for all", rules: [rule("d", "shop", precedence)], expected: .rule(.disable)),
    Row(name: "port over rule", rules: [rule("d", "shop", precedence)], port: 81, expected: .rule(.simple)),
    Row(
      name: "a port with other settings inherits nothing", rules: [rule("d", "shop", precedence)], port: 82,
      expected: .auto),
    Row(name: "subset over rule", rules: [rule("d", "shop", precedence)], subset: "v1", expected: .rule(.mutual)),
    Row(
      name: "subset over the rule's port", rules: [rule("d", "shop", precedence)], port: 81, subset: "v1",
      expected: .rule(.mutual)),
    Row(
      name: "subset's port over subset", rules: [rule("d", "shop", precedence)], port: 83, subset: "v1",
      expected: .rule(.istioMutual)),
    Row(
      name: "subset without settings", rules: [rule("d", "shop", precedence)], subset: "v2", expected: .rule(.disable)),
    Row(
      name: "caller's namespace first", rules: [rule("d", "shop", disable), rule("c", "web", mutual)],
      expected: .rule(.istioMutual)),
    Row(
      name: "service's namespace before root", rules: [rule("d", "shop", disable), rule("r", "istio-system", mutual)],
      expected: .rule(.disable)),
    Row(
      name: "root namespace last", rules: [rule("r", "istio-system", mutual, host: "*.local")],
      expected: .rule(.istioMutual)),
    Row(
      name: "not exported to the caller", rules: [rule("d", "shop", #""exportTo":["."],"# + disable)], expected: .auto),
    Row(
      name: "exported to the caller by name", rules: [rule("d", "shop", #""exportTo":["web"],"# + disable)],
      expected: .rule(.disable)),
    Row(
      name: "the most specific host of a namespace",
      rules: [rule("w", "shop", disable, host: "*.shop.svc.cluster.local"), rule("d", "shop", mutual)],
      expected: .rule(.istioMutual)),
    Row(
      name: "a short name is of the rule's namespace", rules: [rule("d", "web", disable, host: "cart")], expected: .auto
    ),
    Row(
      name: "a selector that selects the caller",
      rules: [rule("c", "web", #""workloadSelector":{"matchLabels":{"app":"front"}},"# + disable)],
      client: MTLSClient(namespace: "web", labels: ["app": "front"]), expected: .rule(.disable)),
    Row(
      name: "a selector that does not",
      rules: [rule("c", "web", #""workloadSelector":{"matchLabels":{"app":"back"}},"# + disable)],
      client: MTLSClient(namespace: "web", labels: ["app": "front"]), expected: .auto),
    Row(
      name: "a selector in another namespace",
      rules: [rule("d", "shop", #""workloadSelector":{"matchLabels":{"app":"front"}},"# + disable)],
      client: MTLSClient(namespace: "web", labels: ["app": "front"]), expected: .auto),
    Row(
      name: "tls without a mode is DISABLE", rules: [rule("d", "shop", #""trafficPolicy":{"tls":{"sni":"x"}}"#)],
      expected: .rule(.disable)),
    Row(
      name: "a caller without proxy", rules: [rule("d", "shop", mutual)],
      client: MTLSClient(namespace: "web", proxy: .none), expected: .unmeshed),
    Row(
      name: "an ambient caller", rules: [rule("d", "shop", disable)],
      client: MTLSClient(namespace: "web", proxy: .ambient), expected: .auto),
    Row(
      name: "callers in the root namespace do not take what is for everybody first",
      rules: [rule("r", "istio-system", disable, host: "*.local"), rule("d", "shop", mutual)],
      client: MTLSClient(namespace: "istio-system", proxy: .gateway), expected: .rule(.istioMutual)),
  ]

  @Test(arguments: rows)
  func sendsWhatTheTableSays(row: Row) throws {
    var mesh = SmallMesh()
    mesh.add("cart", ports: (80...83).map { ServicePort(name: "", port: $0, targetPort: nil, appProtocol: "http") })
    for text in row.rules { try mesh.add(objects: text) }
    let (choice, reasons) = IstioMTLS(mesh.snapshot, plane: "lab").choice(
      client: row.client, service: try mesh.service("cart"), port: row.port, subset: row.subset)
    #expect(choice == row.expected)
    #expect(!reasons.isEmpty)
    if case .rule = row.expected { #expect(reasons.first?.source != nil) }
  }

  @Test func autoMTLSCanBeOff() throws {
    var mesh = SmallMesh(settings: MeshSettings(autoMTLS: false))
    mesh.add("cart")
    let mtls = IstioMTLS(mesh.snapshot, plane: "lab")
    #expect(
      mtls.choice(client: MTLSClient(namespace: "web"), service: try mesh.service("cart"), port: 80).choice
        == .plaintext)
  }

  @Test func nothingIsAddedOutsideTheMesh() throws {
    var mesh = SmallMesh()
    var service = Service(
      ref: SmallMesh.ref("serviceentry", "shop", "cards"), hosts: ["cards.example"],
      ports: [ServicePort(name: "tls", port: 443, targetPort: nil, appProtocol: "tls")], isExternal: true)
    mesh.snapshot.apply(.upsert(.service(service)))
    let client = MTLSClient(namespace: "shop")
    #expect(
      IstioMTLS(mesh.snapshot, plane: "lab").verdict(client: client, service: service, port: 443).outcome
        == .applicationTLS)
    service.ports[0].appProtocol = "http"
    #expect(
      IstioMTLS(mesh.snapshot, plane: "lab").verdict(client: client, service: service, port: 443).outcome == .plaintext)
    try mesh.add(objects: Self.rule("d", "shop", Self.simple, host: "cards.example"))
    #expect(
      IstioMTLS(mesh.snapshot, plane: "lab").verdict(client: client, service: service, port: 443).outcome
        == .applicationTLS)
  }

  @Test(arguments: [(MTLSMode.disable, ClientChoice.plaintext), (.strict, .auto), (.permissive, .auto)])
  func goesByTheNamespacesModeAndNotByTheWorkloads(mode: MTLSMode, expected: ClientChoice) throws {
    var mesh = SmallMesh()
    mesh.add("cart")
    mesh.peer(in: "shop", mode)
    mesh.peer("w", in: "shop", mode == .disable ? .strict : .disable, selector: ["app": "cart"])
    let (choice, _) = IstioMTLS(mesh.snapshot, plane: "lab").choice(
      client: MTLSClient(namespace: "web"), service: try mesh.service("cart"), port: 80)
    #expect(choice == expected)
  }

  @Test(arguments: [(1, ProxyMode.sidecar, ClientChoice.auto), (0, .sidecar, .plaintext), (1, .none, .plaintext)])
  func headlessServicesHaveOneModeForAllInstances(count: Int, proxy: ProxyMode, expected: ClientChoice) throws {
    var mesh = SmallMesh()
    mesh.add("cart", proxy: proxy, count: count, isHeadless: true)
    let (choice, _) = IstioMTLS(mesh.snapshot, plane: "lab").choice(
      client: MTLSClient(namespace: "web"), service: try mesh.service("cart"), port: 80)
    #expect(choice == expected)
  }
}
