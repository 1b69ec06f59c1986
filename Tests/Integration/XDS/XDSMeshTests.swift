import Foundation
import MeshKit
import MeshModel
import MeshOperations
import MeshPlanes
import Testing

/// A control plane, a real Envoy that it configures, and real responses.
@Suite("xDS with a real Envoy", .serialized, .timeLimit(.minutes(20))) struct XDSMeshTests {
  /// An Envoy configured by a control plane.
  ///
  /// - Parameters:
  ///   - isServing: Whether to wait until requests without headers are answered.
  ///   - world: What is served, for the ports of the listener and of the servers.
  static func envoy(
    of server: ADSServer, isServing: Bool = true,
    _ world: (Int, [Int]) throws -> ADSServer.World = { try .shop(weights: (80, 20), listener: $0, backends: $1) }
  ) async throws -> EnvoyServer? {
    try await EnvoyServer.start(isServing: isServing) { admin, listener, backends in
      try server.serve(try world(listener, backends))
      return """
        node: {id: edge-1, cluster: edge}
        admin: {address: {socket_address: {address: 127.0.0.1, port_value: \(admin)}}}
        stats_flush_interval: 0.5s
        dynamic_resources:
          ads_config:
            api_type: GRPC
            transport_api_version: V3
            grpc_services: [{envoy_grpc: {cluster_name: ads}}]
          lds_config: {ads: {}, resource_api_version: V3}
          cds_config: {ads: {}, resource_api_version: V3}
        static_resources:
          clusters:
            - name: ads
              type: STATIC
              typed_extension_protocol_options:
                envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                  "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                  explicit_http_config: {http2_protocol_options: {}}
              load_assignment:
                cluster_name: ads
                endpoints:
                  - lb_endpoints:
                      - endpoint:
                          address: {socket_address: {address: 127.0.0.1, port_value: \(server.port)}}
        """
    }
  }

  @Test("a weight changed at the control plane is desired, programmed and observed, and a refusal is told")
  func weightsArrive() async throws {
    guard let server = try await ADSServer.start(try .shop(weights: (80, 20))),
      let envoy = try await Self.envoy(of: server)
    else { return }
    defer { withExtendedLifetime(envoy) {} }
    var setting = server.setting()
    setting.envoy = [EnvoySetting(url: "http://127.0.0.1:\(envoy.admin)", workload: "")]
    func split() async throws -> Split {
      try await envoy.measured(by: EnvoyTests.deck(setting)) { $0.route.plane == "cp" }
    }
    try Self.expect(try await split().backends[0], 0.8)
    let ports = try backends(of: server)
    try server.serve(try .shop(version: "2", weights: (30, 70), listener: envoy.listener, backends: ports))
    let deck = try await EnvoyTests.deck(setting)
    try await PrometheusTests.until {
      try? await deck.load()
      return await deck.view.splits().first?.backends[0].programmed.value?.share == 0.3
    }
    try Self.expect(try await split().backends[0], 0.3)
    var state = try #require(await deck.view.programmed["cp"]?.value?.proxies.first)
    #expect(state.ref.description == "cp/edge/proxy/edge-1")
    #expect(state.version == "1.40.0")
    #expect(state.sync[.rds] == .synced)
    // Envoy takes no weights that sum to nothing: it keeps what it has and says so to its control plane.
    try server.serve(try .shop(version: "3", weights: (0, 0), listener: envoy.listener, backends: ports))
    try await PrometheusTests.until {
      try? await deck.load()
      return await deck.view.programmed["cp"]?.value?.proxies.first?.rejection != nil
    }
    state = try #require(await deck.view.programmed["cp"]?.value?.proxies.first)
    #expect(state.rejection?.lowercased().contains("weight") == true, "\(state)")
    // The client status alone tells the same, without asking any proxy.
    let alone = try await EnvoyTests.deck(server.setting())
    try await alone.load()
    let told = try #require(await alone.view.programmed["cp"]?.value?.proxies.first)
    #expect(told.sync[.rds]?.label == "NACK")
    #expect(told.rejection?.hasPrefix("RDS shop: ") == true, "\(told)")
    #expect(await alone.view.splits().first?.backends.map { $0.programmed.value?.share } == [0.3, 0.7])
  }

  /// A share that is desired and programmed, and observed as the requests were shared out.
  static func expect(
    _ backend: SplitBackend, _ share: Double, _ location: SourceLocation = #_sourceLocation
  ) throws {
    #expect(backend.desired.value?.share == share, sourceLocation: location)
    #expect(backend.programmed.value?.share == share, "\(backend.programmed)", sourceLocation: location)
    let observed = try #require(backend.share.value, "\(backend.share)", sourceLocation: location)
    #expect(abs(observed.share - share) < 0.1, "\(observed)", sourceLocation: location)
  }

  private func backends(of server: ADSServer) throws -> [Int] {
    let world = try JSONValue(parsing: Array(try Data(contentsOf: URL(filePath: server.folder + "/world"))))
    return (world["resources"]?.array ?? []).compactMap { resource in
      resource["endpoints"]?[0]?["lb_endpoints"]?[0]?["endpoint"]?["address"]?["socket_address"]?["port_value"]?.int
    }
  }

  @Test("a proxy that ends is told as cut off, and one that comes back as synchronised")
  func survivesARestart() async throws {
    guard let server = try await ADSServer.start(try .shop(weights: (80, 20))),
      let envoy = try await Self.envoy(of: server)
    else { return }
    var setting = server.setting()
    setting.envoy = [EnvoySetting(url: "http://127.0.0.1:\(envoy.admin)", workload: "")]
    let deck = try await EnvoyTests.deck(setting)
    func state() async -> ProxyState? {
      try? await deck.load()
      return await deck.view.programmed["cp"]?.value?.proxies.first
    }
    try await PrometheusTests.until { await state()?.sync[.rds] == .synced }
    try await envoy.kill()
    try await PrometheusTests.until { await state()?.isConnected == false }
    #expect(await deck.view.disagreements().contains { $0.code == "MD3006" }, "it is a finding")
    #expect(await deck.view.programmed["cp"]?.value?.gaps.contains { $0.contains("127.0.0.1:\(envoy.admin)") } == true)
    #expect(await deck.view.splits().first?.backends[0].desired.value?.share == 0.8, "what is wanted is still known")
    try await envoy.launch()
    try await PrometheusTests.until {
      let state = await state()
      return state?.isConnected == true && state?.sync[.rds] == .synced
    }
    #expect(await deck.view.splits().first?.backends[0].programmed.value?.share == 0.8)
  }

  @Test("the commands add, check and show a control plane and its clients")
  func commandsShowAControlPlane() async throws {
    guard let server = try await ADSServer.start(try .shop(weights: (80, 20))),
      let envoy = try await Self.envoy(of: server)
    else { return }
    defer { withExtendedLifetime(envoy) {} }
    let tool = try Tool(kubeconfig: nil)
    let url = "http://127.0.0.1:\(server.port)"
    let added = try await tool(
      "planes", "add", "cp", "--kind", "xds", "--url", url, "--node-id", "operator", "--node-cluster", "edge")
    #expect(added.code == 0, "\(added.errors)")
    let check = try await tool("planes", "check")
    #expect(check.code == 0, "\(check.output)\(check.errors)")
    #expect(check.output.contains("asked as node operator of cluster edge"))
    #expect(check.output.contains("1 client by client status"))
    let splits = try await tool("get", "splits", "-A", "-o", "json")
    let backend = try #require(try splits.json["items"]?[0]?["backends"]?[0])
    #expect(backend["desired"]?["weight"]?.int == 80)
    #expect(backend["programmed"]?["share"]?.double == 0.8)
    #expect(backend["observed"]?["unknown"]?.string != nil)
    let proxies = try await tool("get", "proxies", "-A", "-o", "json")
    #expect(try proxies.json["items"]?[0]?["sync"]?["rds"]?.string == "SYNCED", "\(proxies.output)")
    let edit = try await tool("canary", "set", "shop:all", "reviews.v1=50", "reviews.v2=50", "-y")
    #expect(edit.code == 3)
    #expect(edit.errors.contains("owned by the control plane ads-server at \(url)"), "\(edit.errors)")
    let wrong = try await tool("planes", "add", "other", "--kind", "xds")
    #expect(wrong.code == 2)
  }

  @Test("a proxyless client of gRPC tells of itself by client status")
  func readsClientStatus() async throws {
    guard
      let commands = try await PythonLaboratory.commands(["grpcio-csds==1.85.0", "grpcio==1.85.1"]),
      let server = try await ADSServer.start(try Self.proxyless())
    else { return }
    let port = MetricsServer.freePort()
    let client = try await PythonLaboratory.serving(
      [commands + "/python", "\(Program.root)/Tests/Laboratory/csds-client", "\(port)", "\(server.port)", "reviews"],
      port: port)
    defer { withExtendedLifetime(client) {} }
    var setting = server.setting()
    setting.xds?.settings.statusURL = "http://127.0.0.1:\(port)"
    let deck = try await EnvoyTests.deck(setting)
    try await PrometheusTests.until {
      try? await deck.load()
      return await deck.view.programmed["cp"]?.value?.proxies.first?.sync[.cds] == .synced
    }
    let view = await deck.view
    let state = try #require(view.programmed["cp"]?.value?.proxies.first)
    #expect(state.ref.name == "proxyless-1")
    #expect(!state.version.isEmpty, "\(state)")
    #expect(view.splits().first?.backends.map { $0.programmed.value?.share } == [0.6, 0.4], "\(view.splits())")
  }

  /// A world for a client of gRPC: its listener is an API.
  private static func proxyless() throws -> ADSServer.World {
    let types = "type.googleapis.com/envoy"
    var world = try ADSServer.World.shop(weights: (60, 40))
    world.resources[0] = try JSONValue(
      parsing: """
        {"@type": "\(types).config.listener.v3.Listener", "name": "reviews", "api_listener": {"api_listener": {
          "@type": "\(types).extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
          "rds": {"route_config_name": "shop", "config_source": {"ads": {}, "resource_api_version": "V3"}},
          "http_filters": [{"name": "router",
            "typed_config": {"@type": "\(types).extensions.filters.http.router.v3.Router"}}]}}}
        """)
    return world
  }
}
