import Foundation
import MeshKit
import MeshModel
import MeshOperations
import MeshPlanes
import Testing

/// A fleet of real proxies, read, edited and lost.
@Suite("Real Envoy", .serialized, .timeLimit(.minutes(20))) struct EnvoyTests {
  static func deck(_ setting: PlaneSetting) async throws -> Deck {
    let home = try Program.temporaryFolder()
    return try await Deck.connect(
      Configuration(planes: [setting]), environment: ["HOME": home, "XDG_STATE_HOME": home + "/state"])
  }

  /// The split of the rule `reviews`, measured while requests go through the proxy.
  static func reviews(_ server: EnvoyServer) async throws -> Split {
    try await server.measured(by: deck(server.setting())) { $0.rule == "reviews" }
  }

  @Test("routes, clusters, hosts and proxies of a real Envoy are read through its administration interface")
  func readsAProxy() async throws {
    guard let server = try await EnvoyServer.start() else { return }
    defer { withExtendedLifetime(server) {} }
    let deck = try await Self.deck(server.setting())
    try await PrometheusTests.until {
      try? await deck.load(truths: false)
      return await deck.view.serviceRows().last?.ready == 1
    }
    try await deck.load()
    let view = await deck.view
    let route = try #require(view.snapshot.routes.values.first)
    #expect(route.ref.description == "edge/edge/virtualhost/shop:all")
    #expect(route.attachedTo == ["web"])
    #expect(route.rules.map(\.name) == ["fixed", "share", "reviews"])
    #expect(route.rules[1].backends.map(\.weight) == [25, 75])
    #expect(route.rules[2].timeout == 30)
    #expect(route.owners.first?.evidence.contains("edge.yaml") == true)
    #expect(view.serviceRows().map(\.ref.name) == ["other", "reviews.v1", "reviews.v2", "spare"])
    #expect(view.serviceRows().last.map { [$0.ready, $0.total] } == [1, 2])
    let proxies = try #require(view.programmed["edge"]?.value)
    #expect(proxies.proxies.map(\.ref.name) == ["edge-1"])
    #expect(proxies.proxies.first?.version == "1.40.0")
    let split = try #require(view.splits().first { $0.rule == "reviews" })
    #expect(split.backends.map { $0.programmed.value?.share } == [0.8, 0.2])
    #expect(split.backends[0].desired.reason?.contains("edge.yaml") == true)
    // `other` and `spare` have two rules each, so their counters are nobody's shares.
    let shared = try #require(view.splits().first { $0.rule == "fixed" })
    #expect(shared.backends[0].share.value == nil)
    #expect(
      view.snapshot.destinations.values.first { $0.host == "reviews.v1" }?.settings.connectionPool == "100 connections")
    let sick = try #require(view.findings().first { $0.code == "MD3101" })
    #expect(sick.message.contains("127.0.0.1:1 fails its health check; 1 of 2 hosts of spare"), "\(sick.message)")
    let checks = try await deck.connection("edge").control.check()
    #expect(!checks.contains { $0.result == .failed }, "\(checks)")
    #expect(checks.first { $0.name == "version" }?.detail == "Envoy 1.40.0")
  }

  @Test(
    "a weight is the same in the configuration, in the proxy and in its requests, and follows an override and its undo")
  func weightsAreReal() async throws {
    guard let server = try await EnvoyServer.start() else { return }
    defer { withExtendedLifetime(server) {} }
    try Self.expect(try await Self.reviews(server), 0.8)
    let deck = try await Self.deck(server.setting())
    try await deck.load()
    let route = try #require(await deck.view.snapshot.routes.keys.first)
    func plan(_ weights: [(String, Int)], rule: String?) async throws -> Plan {
      try await deck.rehearse(
        deck.plan(
          .weights(
            WeightsIntent(
              route: route, rule: rule,
              weights: weights.map { WeightsIntent.Entry(backend: $0.0, weight: $0.1) }))))
    }
    let wanted = try await plan([("reviews.v1", 30), ("reviews.v2", 70)], rule: nil)
    #expect(wanted.steps.map(\.object.description) == ["edge/edge/runtime/edge-1"])
    #expect(wanted.verdicts.first?.message.contains("gone when it restarts") == true)
    #expect(wanted.warnings.contains { $0.contains("last writer wins") })
    let receipt = try await deck.apply(wanted, reason: "test")
    #expect(receipt.result == .applied, "\(receipt.error ?? "")")
    try Self.expect(try await Self.reviews(server), 0.3)
    let undone = try await deck.undo(receipt.plan.id)
    #expect(undone.result == .applied, "\(undone.error ?? "")")
    try Self.expect(try await Self.reviews(server), 0.8)
    let share = try await plan([("other", 60), ("spare", 40)], rule: "share")
    #expect(try await deck.apply(share).result == .applied)
    try await deck.load()
    let split = try #require(await deck.view.splits().first { $0.rule == "share" })
    #expect(split.backends.map { $0.programmed.value?.share } == [0.6, 0.4])
  }

  /// Programmed as expected, and observed as the requests were shared out.
  private static func expect(
    _ split: Split, _ share: Double, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let first = split.backends[0]
    #expect(abs((first.programmed.value?.share ?? 0) - share) < 0.001, sourceLocation: location)
    let observed = try #require(first.share.value, "\(first.share)", sourceLocation: location)
    #expect(abs(observed.share - share) < 0.1, "\(observed)", sourceLocation: location)
    switch first.verdict {
    // How long each of two servers on a busy machine takes is not its weight.
    case .consistent, .slower: break
    default: Issue.record("\(first.verdict)", sourceLocation: location)
    }
    #expect(first.traffic.value?.errorRate == 0, sourceLocation: location)
    #expect((first.traffic.value?.p99ms ?? 0) > 0, sourceLocation: location)
  }

  @Test("what the runtime does not hold is refused with who owns it")
  func refusesInTheOwnersName() async throws {
    guard let server = try await EnvoyServer.start() else { return }
    defer { withExtendedLifetime(server) {} }
    let deck = try await Self.deck(server.setting())
    try await deck.load(truths: false)
    let route = try #require(await deck.view.snapshot.routes.keys.first)
    let entry = WeightsIntent.Entry(backend: "other", weight: 2)
    let intents: [Intent] = [
      .weights(WeightsIntent(route: route, rule: "fixed", weights: [entry])),
      .rule(RuleIntent(route: route, rule: "reviews", timeout: .set(1))),
      .mtls(MTLSIntent(plane: "edge", scope: .mesh, mode: .strict)), .delete(route),
    ]
    for intent in intents {
      do throws(MeshError) {
        _ = try await deck.plan(intent)
        Issue.record("\(intent) was planned")
      } catch {
        #expect(error.code == .refused)
        #expect(error.message.contains("the proxy's bootstrap file"), "\(error)")
      }
    }
    var setting = server.setting()
    setting.readOnly = true
    let silent = try await Self.deck(setting)
    try await silent.load(truths: false)
    let wanted = WeightsIntent(route: route, weights: [WeightsIntent.Entry(backend: "reviews.v1", weight: 1)])
    let plan = try await silent.rehearse(silent.plan(.weights(wanted)))
    #expect(plan.verdicts.map(\.message) == ["not permitted: read-only"])
  }

  @Test("a proxy that is down is named exactly, hides no other, and is read again once it is back")
  func survivesLossAndRestart() async throws {
    guard let server = try await EnvoyServer.start() else { return }
    defer { withExtendedLifetime(server) {} }
    let dead = MetricsServer.freePort()
    let deck = try await Self.deck(server.setting(["127.0.0.1:\(dead)"]))
    try await deck.load(truths: false)
    #expect(await deck.view.snapshot.routes.count == 1)
    let status = try #require(await deck.view.planes.first)
    #expect(status.state == .degraded)
    #expect(status.error?.contains("127.0.0.1:\(dead)") == true, "\(status)")
    let checks = try await deck.connection("edge").control.check()
    #expect(checks.contains { $0.result == .failed && $0.detail.contains("127.0.0.1:\(dead)") })
    #expect(checks.contains { $0.name == "reachable" && $0.detail == "1 of 2 proxies answer" })
    let intent = WeightsIntent(
      route: try #require(await deck.view.snapshot.routes.keys.first),
      weights: [WeightsIntent.Entry(backend: "reviews.v1", weight: 10)])
    let receipt = try await deck.apply(deck.plan(.weights(intent)))
    #expect(receipt.result == .applied)
    try await server.kill()
    try await PrometheusTests.until {
      try? await deck.load(truths: false)
      return await deck.view.snapshot.endpoints.values.contains { $0.ref.kind == "proxy" && !$0.isReady }
    }
    #expect(await deck.view.snapshot.routes.count == 1, "what was known stays")
    try await server.launch()
    try await PrometheusTests.until {
      try? await deck.load(truths: false)
      return await deck.view.snapshot.endpoints.values.contains { $0.ref.kind == "proxy" && $0.isReady }
    }
    let weights = await deck.view.snapshot.routes.values.first?.rules.last?.backends.map(\.weight)
    #expect(weights == [80, 20], "an override goes with the process")
    // What a restart took back already needs no undo, and the undo says so by doing nothing.
    #expect(try await deck.undo(receipt.plan.id).result == .applied)
  }

  @Test("a thousand clusters and a fleet by file are read whole")
  func readsAThousandClusters() async throws {
    let more = (0..<1000).map { number in
      "    - {name: c\(number), type: STATIC, load_assignment: {cluster_name: c, endpoints: [{lb_endpoints: "
        + "[{endpoint: {address: {socket_address: {address: 10.0.0.1, port_value: 80}}}}]}]}}"
    }.joined(separator: "\n")
    guard let server = try await EnvoyServer.start(more: more) else { return }
    defer { withExtendedLifetime(server) {} }
    let list = server.folder + "/fleet"
    try Data("# the fleet\n127.0.0.1:\(server.admin)  # one\n".utf8).write(to: URL(filePath: list))
    let deck = try await Self.deck(
      PlaneSetting(name: "edge", kind: .envoy, envoy: [EnvoySetting(url: "file://\(list)", workload: "")]))
    let begun = ContinuousClock.now
    try await deck.load(truths: false)
    print("a thousand clusters were read in \(begun.duration(to: .now))")
    #expect(await deck.view.snapshot.services.count == 1004)
  }

  @Test("the commands show a fleet and what it measured")
  func commandsShowAFleet() async throws {
    guard let server = try await EnvoyServer.start() else { return }
    defer { withExtendedLifetime(server) {} }
    let tool = try Tool(kubeconfig: nil)
    let added = try await tool(
      "planes", "add", "edge", "--kind", "envoy", "--admin", "http://127.0.0.1:\(server.admin)")
    #expect(added.code == 0, "\(added.errors)")
    #expect(try await tool("planes", "check").code == 0)
    let run = try await server.drive { try await tool("get", "splits", "-A", "-o", "json") }
    let split = try #require(try run.json["items"]?.array?.first { $0["rule"]?.string == "reviews" })
    let backend = try #require(split["backends"]?[0])
    #expect(split["dialect"]?.string == "envoy")
    #expect(backend["desired"]?["unknown"]?.string?.contains("bootstrap file") == true)
    #expect(backend["programmed"]?["share"]?.double == 0.8)
    #expect((backend["observed"]?["n"]?.double ?? 0) > 0)
    for kind in ["routes", "services", "proxies", "gateways", "edges"] {
      let listed = try await tool("get", kind, "-A", "-o", "json")
      #expect(listed.code == 0, "\(kind): \(listed.errors)")
      #expect(try listed.json["items"]?.array?.isEmpty == (kind == "edges"), "\(kind)")
    }
    let object = try await tool("get", "objects", "virtualhost", "-A", "-o", "json")
    #expect(object.output.contains("runtime_key_prefix"), "\(object.errors)")
    let wrong = try await tool("planes", "add", "more", "--kind", "envoy")
    #expect(wrong.code == 2)
  }
}
