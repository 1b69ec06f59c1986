import Foundation
import MeshKit
import MeshModel
import MeshOperations
import MeshPlanes
import Synchronization
import Testing

/// A control plane read by discovery: state of the world, incremental, its faults and its clients.
@Suite("xDS of a real control plane", .serialized, .timeLimit(.minutes(20))) struct XDSPlaneTests {
  @Test("listeners, routes, clusters and hosts are read by stream", arguments: [XDSSettings.Transport.ads, .delta])
  func readsAControlPlane(_ transport: XDSSettings.Transport) async throws {
    guard let server = try await ADSServer.start(try .shop(weights: (80, 20))) else { return }
    let deck = try await EnvoyTests.deck(server.setting(transport))
    try await deck.load()
    let view = await deck.view
    #expect(view.planes.first?.error == nil, "\(view.planes)")
    let route = try #require(view.snapshot.routes.values.first)
    #expect(route.ref.description == "cp/edge/virtualhost/shop:all")
    #expect(route.attachedTo == ["web"])
    #expect(route.rules.first?.timeout == 30)
    #expect(route.owners.first?.evidence.contains("ads-server at http://127.0.0.1:\(server.port)") == true)
    #expect(view.serviceRows().map(\.ref.name) == ["reviews.v1", "reviews.v2"])
    #expect(view.snapshot.endpoints.values.map(\.ports).sorted { $0[0] < $1[0] } == [[1], [2]])
    let split = try #require(view.splits().first)
    #expect(split.backends.map { $0.desired.value?.weight } == [80, 20])
    #expect(split.backends.map { $0.desired.value?.share } == [0.8, 0.2])
    let native = try await deck.connection("cp").control.natives("listener", namespace: nil)
    let filters = native.first?.json["filter_chains"]?[0]?["filters"]?[0]?["typed_config"]?["http_filters"]
    let cors = filters?[0]?["typed_config"]
    #expect(cors?["@type"]?.string?.hasSuffix("cors.v3.Cors") == true, "\(String(describing: cors))")
    #expect(cors?["unknown"] != nil)
    let checks = try await deck.connection("cp").control.check()
    #expect(!checks.contains { $0.result == .failed || $0.result == .warning }, "\(checks)")
    #expect(checks.contains { $0.name == "extensions" && $0.detail.contains("cors.v3.Cors") }, "\(checks)")
  }

  @Test("what changes at the control plane is followed", arguments: [XDSSettings.Transport.ads, .delta])
  func followsChanges(_ transport: XDSSettings.Transport) async throws {
    guard let server = try await ADSServer.start(try .shop(weights: (80, 20))) else { return }
    let deck = try await EnvoyTests.deck(server.setting(transport))
    let seen = Mutex<[[Int?]]>([])
    let following = Task {
      for await view in await deck.follow() {
        let now = view.splits().first?.backends.map { $0.desired.value?.weight } ?? []
        seen.withLock { if !now.isEmpty, now != $0.last { $0.append(now) } }
        if now == [30, 70] { return }
      }
    }
    try await PrometheusTests.until { seen.withLock { !$0.isEmpty } }
    try server.serve(try .shop(version: "2", weights: (30, 70)))
    await following.value
    #expect(seen.withLock(\.self) == [[80, 20], [30, 70]])
    var smaller = try ADSServer.World.shop(version: "3", weights: (30, 70))
    smaller.resources.removeAll { $0["name"] == "web" }
    try server.serve(smaller)
    let plane = try deck.connection("cp").control
    try await PrometheusTests.until {
      try? await deck.load(truths: false)
      return await deck.view.snapshot.routes.isEmpty
    }
    #expect(try await plane.natives("cluster", namespace: nil).count == 2)
  }

  @Test("every edit is refused in the control plane's name")
  func refusesEdits() async throws {
    guard let server = try await ADSServer.start(try .shop(weights: (80, 20))) else { return }
    var setting = server.setting()
    setting.readOnly = true
    let deck = try await EnvoyTests.deck(setting)
    try await deck.load(truths: false)
    let route = try #require(await deck.view.snapshot.routes.keys.first)
    let entry = WeightsIntent.Entry(backend: "reviews.v1", weight: 2)
    for intent: Intent in [.weights(WeightsIntent(route: route, weights: [entry])), .delete(route)] {
      do throws(MeshError) {
        _ = try await deck.plan(intent)
        Issue.record("\(intent) was planned")
      } catch {
        #expect(error.code == .refused)
        #expect(error.message.contains("owned by the control plane ads-server at"), "\(error)")
      }
    }
  }

  @Test("a server that breaks its streams, its messages or its word is told as what it is")
  func tellsFaults() async throws {
    var world = try ADSServer.World.shop(weights: (80, 20))
    world.fault = "noise"
    guard let server = try await ADSServer.start(world) else { return }
    func failure() async throws -> String {
      let deck = try await EnvoyTests.deck(server.setting())
      try? await deck.load(truths: false)
      return await deck.view.planes.first?.error ?? "none"
    }
    #expect(try await failure().contains("3 bytes that are no envoy.service.discovery.v3.DiscoveryResponse"))
    world.fault = "huge"
    try server.serve(world)
    try await PrometheusTests.until {
      (try? await failure())?.contains("more than 67108864") == true
    }
    // Every stream is broken after one answer; once that ends, the next stream has all of it.
    world.fault = "drop"
    try server.serve(world)
    let deck = try await EnvoyTests.deck(server.setting())
    let views = await deck.follow()
    defer { withExtendedLifetime(views) {} }
    try await PrometheusTests.until { await deck.view.planes.first?.error?.contains("dropped") == true }
    world.fault = ""
    try server.serve(world)
    try await PrometheusTests.until {
      let view = await deck.view
      return view.planes.first?.state == .live && view.splits().count == 1
    }
  }

  @Test("a control plane that wants certificates gets one, and says so where it gets none")
  func usesCertificates() async throws {
    guard let server = try await ADSServer.start(try .shop(weights: (80, 20)), tls: true) else { return }
    let deck = try await EnvoyTests.deck(server.setting())
    try await deck.load(truths: false)
    #expect(await deck.view.splits().count == 1)
    let bare = try await EnvoyTests.deck(server.setting(withCertificate: false))
    try? await bare.load(truths: false)
    let error = await bare.view.planes.first?.error ?? ""
    #expect(error.contains("certificate") || error.contains("the connection"), "\(error)")
    #expect(await bare.view.splits().isEmpty)
  }

  @Test("an istiod's own configuration is read by discovery", arguments: [XDSSettings.Transport.ads, .delta])
  func readsIstio(_ transport: XDSSettings.Transport) async throws {
    let world = ADSServer.World(resources: try Self.istio.map { try JSONValue(parsing: $0) })
    guard let server = try await ADSServer.start(world) else { return }
    let deck = try await EnvoyTests.deck(server.setting(transport, content: .istio))
    try await deck.load()
    let view = await deck.view
    #expect(view.planes.first?.error == nil, "\(view.planes)")
    let route = try #require(view.snapshot.routes.values.first)
    #expect(route.ref.description == "cp/shop/virtualservice/reviews")
    #expect(route.dialect == .istio)
    #expect(route.version == "17")
    #expect(route.rules.first?.timeout == 2)
    let split = try #require(view.splits().first)
    #expect(split.backends.map { $0.desired.value?.weight } == [75, 25])
    #expect(view.snapshot.destinations.count == 1)
    let policies = try await deck.connection("cp").control.natives("peerauthentication", namespace: nil)
    #expect(policies.first?.json["spec"]?["mtls"]?["mode"] == "STRICT")
    #expect(policies.first?.json["metadata"]?["namespace"] == "shop")
  }

  /// Objects of an istiod: two of types with definitions, one as a structure.
  private static let istio = [
    """
    {"istio": "networking.istio.io/v1/VirtualService", "name": "shop/reviews", "version": "17", "labels": {"team": "shop"},
     "spec": {"hosts": ["reviews"], "http": [{"name": "main", "timeout": {"seconds": 2}, "route": [
       {"destination": {"host": "reviews", "subset": "v1"}, "weight": 75},
       {"destination": {"host": "reviews", "subset": "v2"}, "weight": 25}]}]}}
    """,
    """
    {"istio": "networking.istio.io/v1/DestinationRule", "name": "shop/reviews", "spec": {"host": "reviews",
     "subsets": [{"name": "v1", "labels": [{"key": "version", "value": "v1"}]}]}}
    """,
    """
    {"istio": "security.istio.io/v1/PeerAuthentication", "name": "shop/default", "spec": {"mtls": {"mode": "STRICT"}}}
    """,
  ]
}
