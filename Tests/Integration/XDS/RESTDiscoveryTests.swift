import Foundation
import MeshKit
import MeshModel
import MeshOperations
import MeshPlanes
import Testing

/// REST discovery of the control plane `sovereign`, which others wrote.
@Suite("REST discovery of sovereign", .serialized, .timeLimit(.minutes(20))) struct RESTDiscoveryTests {
  /// A running sovereign that serves a world.
  private static func start(_ world: ADSServer.World) async throws -> (port: Int, folder: String, server: Server)? {
    guard let commands = try await PythonLaboratory.commands("sovereign==0.32.12") else { return nil }
    let folder = try Program.temporaryFolder()
    let types = [
      ("listeners", "Listener"), ("routes", "RouteConfiguration"), ("clusters", "Cluster"),
      ("endpoints", "ClusterLoadAssignment"),
    ]
    var configuration = """
      sources: [{type: inline, config: {instances: [{name: shop, service_clusters: ["*"]}]}}]
      templates:
        default:

      """
    for (name, type) in types {
      let template = """
        import json
        def call(**_):
            for resource in json.load(open("\(folder)/world"))["resources"]:
                if resource["@type"].endswith(".\(type)"):
                    yield resource
        """
      try Data(template.utf8).write(to: URL(filePath: "\(folder)/\(name).py"))
      configuration += "    \(name): python://\(folder)/\(name).py\n"
    }
    try Data(configuration.utf8).write(to: URL(filePath: folder + "/config.yaml"))
    try world.write(to: folder)
    let port = MetricsServer.freePort()
    let server = try await PythonLaboratory.serving(
      [
        "/usr/bin/env", "SOVEREIGN_CONFIG=file://\(folder)/config.yaml", "SOVEREIGN_HOST=127.0.0.1",
        "SOVEREIGN_PORT=\(port)", "SOVEREIGN_WORKERS=1", commands + "/sovereign",
      ], port: port)
    return (port, folder, server)
  }

  /// The source of what is taken by REST, behind a cluster `cp`.
  private static let source = """
    {"resource_api_version": "V3", "api_config_source": {"api_type": "REST", "transport_api_version": "V3",
     "cluster_names": ["cp"], "refresh_delay": "0.5s", "request_timeout": "5s"}}
    """

  /// An Envoy configured by REST.
  private static func envoy(port: Int, folder: String, _ ports: EnvoyServer.Box<[Int]>) async throws -> EnvoyServer? {
    try await EnvoyServer.start { admin, listener, backends in
      ports.value = [listener] + backends
      try ADSServer.World.shop(weights: (80, 20), listener: listener, backends: backends, source: source)
        .write(to: folder)
      return """
        node: {id: edge-1, cluster: edge}
        admin: {address: {socket_address: {address: 127.0.0.1, port_value: \(admin)}}}
        stats_flush_interval: 0.5s
        dynamic_resources: {lds_config: \(source), cds_config: \(source)}
        static_resources:
          clusters:
            - name: cp
              type: STATIC
              load_assignment:
                cluster_name: cp
                endpoints:
                  - lb_endpoints:
                      - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: \(port)}}}
        """
    }
  }

  @Test("a weight changed at sovereign is desired, programmed and observed, and a refusal is told")
  func weightsArrive() async throws {
    guard let (port, folder, server) = try await Self.start(try .shop(weights: (80, 20))) else { return }
    defer { withExtendedLifetime(server) {} }
    let ports = EnvoyServer.Box<[Int]>([])
    guard let envoy = try await Self.envoy(port: port, folder: folder, ports) else { return }
    defer { withExtendedLifetime(envoy) {} }
    func serve(_ weights: (Int, Int)) throws {
      try ADSServer.World.shop(
        weights: weights, listener: ports.value[0], backends: Array(ports.value[1...]), source: Self.source
      ).write(to: folder)
    }
    var setting = PlaneSetting(
      name: "cp", kind: .xds, envoy: [EnvoySetting(url: "http://127.0.0.1:\(envoy.admin)", workload: "")])
    setting.xds = XDSSetting(
      settings: XDSSettings(
        url: "http://127.0.0.1:\(port)", transport: .rest, node: XDSSettings.Node(id: "operator", cluster: "edge")))
    func expect(_ share: Double) async throws {
      let deck = try await EnvoyTests.deck(setting)
      try await PrometheusTests.until {
        try? await deck.load()
        let first = await deck.view.splits().first?.backends[0]
        return first?.desired.value?.share == share && first?.programmed.value?.share == share
      }
      let split = try await envoy.measured(by: EnvoyTests.deck(setting)) { _ in true }
      try XDSMeshTests.expect(split.backends[0], share)
    }
    try await expect(0.8)
    try serve((30, 70))
    try await expect(0.3)
    // Envoy keeps what it has. Of routes it shows only how often it refused; the words went to sovereign, which has no
    // client status.
    try serve((0, 0))
    let deck = try await EnvoyTests.deck(setting)
    try await PrometheusTests.until {
      try? await deck.load()
      return await deck.view.programmed["cp"]?.value?.proxies.first?.rejection != nil
    }
    let state = try #require(await deck.view.programmed["cp"]?.value?.proxies.first)
    #expect(state.sync[.rds]?.label == "NACK")
    let words = "an update of the route configuration shop was rejected"
    #expect(state.rejection?.contains(words) == true, "\(state)")
    #expect(await deck.view.splits().first?.backends[0].programmed.value?.share == 0.3)
    #expect(await deck.view.disagreements().contains { $0.code == "MD3001" && $0.message.contains(words) })
    // What proxies named beside a control plane hold is theirs to tell; their runtime is not this plane's to write.
    let control = try deck.connection("cp").control
    let checks = await control.check()
    #expect(!checks.contains { $0.name == "runtime" }, "\(checks)")
    #expect(checks.contains { $0.name == "rejected" && $0.detail.contains(words) }, "\(checks)")
    #expect(await control.certificates(of: [state.ref])[state.ref]?.value?.own == [])
    let condition = try #require(await control.inspect(state.ref).condition.value)
    #expect(condition.state == "LIVE" && condition.rejections.first?.hasPrefix(words) == true, "\(condition)")
    let tool = try Tool(kubeconfig: nil)
    _ = try tool.file(
      "config/meshdeck/config.yaml",
      """
      planes:
        - name: cp
          kind: xds
          xds: {url: "http://127.0.0.1:\(port)", transport: rest, node: {id: operator, cluster: edge}}
          envoy: [{url: "http://127.0.0.1:\(envoy.admin)"}]

      """)
    let identities = try await tool("get", "identities", "-A", "-o", "json")
    #expect(try identities.json["items"]?.array?.count == 1, "\(identities.output)\(identities.errors)")
  }

  @Test("listeners, routes, clusters and hosts are read by REST, and read again as they change")
  func readsAndFollows() async throws {
    guard let (port, folder, server) = try await Self.start(try .shop(weights: (80, 20))) else { return }
    defer { withExtendedLifetime(server) {} }
    var setting = PlaneSetting(name: "cp", kind: .xds, readOnly: true)
    setting.xds = XDSSetting(
      settings: XDSSettings(
        url: "http://127.0.0.1:\(port)", transport: .rest, node: XDSSettings.Node(id: "operator", cluster: "edge")))
    let deck = try await EnvoyTests.deck(setting)
    try await deck.load()
    let view = await deck.view
    #expect(view.planes.first?.error == nil, "\(view.planes)")
    #expect(view.splits().first?.backends.map { $0.desired.value?.weight } == [80, 20])
    #expect(view.snapshot.endpoints.values.map(\.ports).sorted { $0[0] < $1[0] } == [[1], [2]])
    #expect(view.splits().first?.backends[0].programmed.reason?.contains("offers no client status") == true)
    try ADSServer.World.shop(weights: (30, 70)).write(to: folder)
    try await PrometheusTests.until {
      try? await deck.load(truths: false)
      return await deck.view.splits().first?.backends.map { $0.desired.value?.weight } == [30, 70]
    }
    let checks = try await deck.connection("cp").control.check()
    #expect(!checks.contains { $0.result == .failed }, "\(checks)")
    setting.xds?.settings.url = "http://127.0.0.1:\(port)/elsewhere"
    let lost = try await EnvoyTests.deck(setting)
    try? await lost.load(truths: false)
    let error = await lost.view.planes.first?.error ?? ""
    #expect(error.contains("has no discovery"), "\(error)")
  }
}
