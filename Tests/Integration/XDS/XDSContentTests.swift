import Foundation
import MeshKit
import MeshModel
import MeshPlanes
import MeshTransport
import Testing

/// What a control plane sends beside the usual: types nobody here knows, old ones, scopes, secrets.
@Suite("What xDS can hold", .serialized, .timeLimit(.minutes(20))) struct XDSContentTests {
  private static let types = "type.googleapis.com/envoy"

  /// The shop with something replaced in the text of its listener.
  private static func world(_ old: String, _ new: String) throws -> ADSServer.World {
    var world = try ADSServer.World.shop(weights: (80, 20))
    let text = JSONWriter.text(world.resources[0])
    #expect(text.contains(old), "\(text)")
    world.resources[0] = try JSONValue(parsing: text.replacing(old, with: new))
    return world
  }

  @Test(
    "extensions without a definition, in whatever wrapping, and resources of other types are shown",
    arguments: [XDSSettings.Transport.ads, .delta])
  func showsWhatIsUnknown(_ transport: XDSSettings.Transport) async throws {
    func wrapped(_ package: String) -> String {
      """
      {"name":"\(package)","typed_config":{"@type":"type.googleapis.com/\(package).type.v\(package == "xds" ? 3 : 1).TypedStruct",
       "type_url":"type.googleapis.com/acme.Limit","value":{"most":7,"names":["a"]}}},
      """
    }
    var world = try Self.world(#""http_filters":["#, #""http_filters":["# + wrapped("xds") + wrapped("udpa"))
    let clusters = JSONValue.string("\(Self.types).config.cluster.v3.Cluster")
    world.resources += [
      [
        "@type": "type.googleapis.com/envoy.api.v2.Cluster", "among": clusters, "name": "ancient",
        "bytes": [10, 1, 97],
      ]
    ]
    guard let server = try await ADSServer.start(world) else { return }
    let deck = try await EnvoyTests.deck(server.setting(transport))
    try await deck.load(truths: false)
    #expect(await deck.view.splits().count == 1, "what is known is read all the same")
    let plane = try deck.connection("cp").control
    let listener = try #require(try await plane.natives("listener", namespace: nil).first?.json)
    let filters = listener["filter_chains"]?[0]?["filters"]?[0]?["typed_config"]?["http_filters"]?.array ?? []
    #expect(filters.count == 4)
    for filter in filters.prefix(2) {
      #expect(filter["typed_config"]?["type_url"] == "type.googleapis.com/acme.Limit", "\(filter)")
      #expect(filter["typed_config"]?["value"]?["most"]?.double == 7)
      #expect(filter["typed_config"]?["value"]?["names"] == ["a"])
    }
    let checks = try await deck.connection("cp").control.check()
    let old = try #require(checks.first { $0.name == "reading" })
    #expect(old.result == .warning && old.detail.contains("envoy.api.v2.Cluster: 3 bytes"), "\(old)")
    #expect(checks.contains { $0.name == "extensions" && $0.detail.contains("cors.v3.Cors") }, "\(checks)")
    let feed = await deck.view.planes.first
    #expect(feed?.error?.contains("envoy.api.v2.Cluster") == true, "\(String(describing: feed))")
  }

  @Test("secrets are named and never asked for, and the check says why")
  func asksForNoSecrets() async throws {
    let socket = """
      "transport_socket":{"name":"tls","typed_config":{"@type":"\(Self.types).extensions.transport_sockets.tls.v3.DownstreamTlsContext",
       "common_tls_context":{"tls_certificate_sds_secret_configs":[{"name":"own","sds_config":{"ads":{}}}],
       "validation_context_sds_secret_config":{"name":"ROOTCA","sds_config":{"ads":{}}}}}},
      """
    let world = try Self.world(#""filter_chains":[{"#, #""filter_chains":[{"# + socket)
    guard let server = try await ADSServer.start(world) else { return }
    let deck = try await EnvoyTests.deck(server.setting())
    let check = try #require(try await deck.connection("cp").control.check().first { $0.name == "secrets" })
    #expect(check.result == .skipped)
    #expect(check.detail.hasPrefix("ROOTCA, own: named by what is sent, and not asked for"), "\(check)")
    #expect(check.remedy?.contains("get identities") == true)
  }

  /// A listener whose routes hold for a header's value each.
  static func scoped(
    weights: (Int, Int), listener: Int = 8080, backends: [Int] = [1, 2]
  ) throws -> ADSServer.World {
    var world = try ADSServer.World.shop(weights: weights, listener: listener, backends: backends)
    let source = #"{"ads":{},"resource_api_version":"V3"}"#
    let manager = JSONWriter.text(
      world.resources[0]["filter_chains"]?[0]?["filters"]?[0]?["typed_config"]?["rds"] ?? .null)
    let scopes = """
      {"name":"tenants","scope_key_builder":{"fragments":[{"header_value_extractor":{"name":"x-tenant","element_separator":",",
       "index":0}}]},"rds_config_source":\(source),"scoped_rds":{"scoped_rds_config_source":\(source)}}
      """
    let text = JSONWriter.text(world.resources[0]).replacing(#""rds":"# + manager, with: #""scoped_routes":"# + scopes)
    world.resources[0] = try JSONValue(parsing: text)
    world.resources.append(
      try JSONValue(
        parsing: """
          {"@type":"\(types).config.route.v3.ScopedRouteConfiguration","name":"blue","route_configuration_name":"shop",
           "key":{"fragments":[{"string_key":"blue"}]}}
          """))
    return world
  }

  @Test("scoped routes are read, with the key they hold for", arguments: [XDSSettings.Transport.ads, .delta])
  func readsScopes(_ transport: XDSSettings.Transport) async throws {
    guard let server = try await ADSServer.start(try Self.scoped(weights: (80, 20))) else { return }
    let deck = try await EnvoyTests.deck(server.setting(transport))
    try await deck.load(truths: false)
    let route = try #require(await deck.view.snapshot.routes.values.first)
    #expect(route.attachedTo == ["web"])
    #expect(route.rules.first?.matches.first?.others == ["scope blue"])
    #expect(await deck.view.splits().first?.backends.map { $0.desired.value?.weight } == [80, 20])
    let control = try deck.connection("cp").control
    #expect(try await control.natives("scopedroute", namespace: nil).map(\.ref.name) == ["blue"])
    let checks = await control.check()
    #expect(checks.contains { $0.detail.hasPrefix("1 scoped route") }, "\(checks)")
    #expect(!checks.contains { $0.result == .warning || $0.result == .failed }, "\(checks)")
  }

  @Test("a real Envoy runs scoped routes, and they are read back from it")
  func envoyRunsScopes() async throws {
    guard let server = try await ADSServer.start(try Self.scoped(weights: (80, 20))),
      let envoy = try await XDSMeshTests.envoy(
        of: server, isServing: false,
        { try Self.scoped(weights: (80, 20), listener: $0, backends: $1) })
    else { return }
    let deck = try await EnvoyTests.deck(envoy.setting())
    try await PrometheusTests.until {
      try? await deck.load(truths: false)
      return await deck.view.snapshot.routes.values.first?.attachedTo == ["web"]
    }
    let route = try #require(await deck.view.snapshot.routes.values.first)
    #expect(route.rules.first?.matches.first?.others == ["scope blue"])
    try await PrometheusTests.until { await envoy.status("/", ["x-tenant": "blue"]) == 200 }
    #expect(await envoy.status("/", ["x-tenant": "green"]) == 404)
  }

  @Test("virtual hosts on demand are said to be incomplete")
  func tellsOfVirtualHostsOnDemand() async throws {
    var world = try ADSServer.World.shop(weights: (80, 20))
    world.resources[1]["vhds"] = ["config_source": ["ads": [:]]]
    guard let server = try await ADSServer.start(world) else { return }
    let deck = try await EnvoyTests.deck(server.setting())
    let checks = try await deck.connection("cp").control.check()
    let check = try #require(checks.first { $0.name == "virtual hosts" })
    #expect(check.detail.hasPrefix("shop takes more virtual hosts as requests for them come (VHDS)"), "\(check)")
  }
}
