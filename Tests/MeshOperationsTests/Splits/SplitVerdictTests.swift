import MeshModel
import MeshPlanes
import Testing

@testable import MeshOperations

@Suite struct SplitVerdictTests {
  /// One row: the weights asked for, the requests a second of v1 and v2 as (fine, failed), their p99, and v2's verdict.
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var weights = (80, 20)
    var v1 = (80.0, 0.0)
    var v2 = (20.0, 0.0)
    var p99: (Double?, Double?) = (80, 85)
    var verdict: String
    var testDescription: String { name }
  }

  static let rows: [Row] = [
    Row(name: "as asked for", verdict: "ok"),
    Row(name: "proportions need not be of 100", weights: (4, 1), verdict: "ok"),
    Row(name: "a share outside its interval", weights: (50, 50), verdict: "drift: expected 50%"),
    Row(name: "a tiny difference in much traffic", v1: (79_600, 0), v2: (20_400, 0), verdict: "ok"),
    Row(name: "few requests prove no drift", weights: (50, 50), v1: (0.1, 0), v2: (0.05, 0), verdict: "ok"),
    Row(name: "more failures than chance", v2: (18, 2), verdict: "worse than v1 (p<0.001)"),
    Row(name: "both fail alike", v1: (76, 4), v2: (19, 1), verdict: "ok"),
    Row(name: "fewer failures than the baseline", v1: (70, 10), v2: (20, 0), verdict: "ok"),
    Row(name: "one failure of few is chance", v1: (0.8, 0), v2: (0.18, 0.02), verdict: "ok"),
    Row(
      name: "one failure of nine beside none of 208", weights: (96, 4), v1: (208.0 / 60, 0), v2: (8.0 / 60, 1.0 / 60),
      verdict: "ok"),
    Row(name: "much slower", p99: (80, 240), verdict: "slower than v1 (p99 3.0×)"),
    Row(name: "a little slower", p99: (80, 150), verdict: "ok"),
    Row(name: "twice next to nothing", p99: (2, 9), verdict: "ok"),
    Row(name: "no latency known", p99: (nil, nil), verdict: "ok"),
    Row(name: "nothing arrives", v2: (0, 0), verdict: "no traffic"),
    Row(name: "nothing is meant to arrive", weights: (100, 0), v2: (0, 0), verdict: "ok"),
    Row(name: "something arrives that is not meant to", weights: (100, 0), v2: (5, 0), verdict: "drift: expected 0%"),
  ]

  @Test(arguments: rows) func followsFromTheThreeTruths(_ row: Row) throws {
    var world = try SmallWorld(weights: row.weights)
    world.callNothing()
    if row.v1.0 + row.v1.1 > 0 { world.call("reviews", "v1", ok: row.v1.0, failed: row.v1.1, p99: row.p99.0) }
    if row.v2.0 + row.v2.1 > 0 { world.call("reviews", "v2", ok: row.v2.0, failed: row.v2.1, p99: row.p99.1) }
    let split = try #require(world.view.splits().first)
    #expect(split.backends.map(\.name) == ["v1", "v2"])
    #expect(split.backends.last?.verdict.description == row.verdict)
    #expect(split.needsAttention == split.backends.contains { $0.verdict.isBad })
    let total = row.v1.0 + row.v1.1 + row.v2.0 + row.v2.1
    let share = try #require(split.backends.last?.share.value)
    #expect(abs(share.share - (row.v2.0 + row.v2.1) / total) < 1e-9)
    #expect(share.low <= share.share && share.share <= share.high)
  }

  @Test(arguments: [(1.0, "ok"), (20, "slower than v1 (p99 10.4×)")])
  func aRareSlowCallerMakesNoBackendSlow(rate: Double, verdict: String) throws {
    var world = try SmallWorld()
    world.call("reviews", "v1", ok: 80, p99: 80)
    world.call("reviews", "v2", ok: 20 - rate, p99: 80)
    world.call(by: "batch-v1", "reviews", "v2", ok: rate, p99: 830)
    let backend = try #require(world.view.splits().first?.backends.last)
    #expect(backend.traffic.value?.p99ms == 830)
    #expect(backend.verdict.description == verdict)
  }

  @Test(
    arguments: [
      (ProgrammedWeight(weight: 20, share: 0.2, proxies: 3, acknowledged: 3), "ok"),
      (ProgrammedWeight(weight: 20, share: 0.2, proxies: 3, acknowledged: 2), "programmed on 2 of 3 proxies"),
      (ProgrammedWeight(weight: 10, share: 0.1, proxies: 3, acknowledged: 3), "programmed on 0 of 3 proxies"),
      (
        ProgrammedWeight(weight: 20, share: 0.2, proxies: 3, acknowledged: 3, spread: [0.2: 2, 0.1: 1]),
        "programmed on 2 of 3 proxies"
      ),
      (ProgrammedWeight(weight: 20, share: 0.2, proxies: 0, acknowledged: 0), "ok"),
    ])
  func proxiesThatRunSomethingElseAreTheHeadline(weight: ProgrammedWeight, verdict: String) throws {
    let other = ProgrammedWeight(weight: 80, share: 0.8, proxies: 3, acknowledged: 3)
    var world = try SmallWorld(programmed: [other, weight])
    world.call("reviews", "v1", ok: 80)
    world.call("reviews", "v2", ok: 20)
    #expect(try #require(world.view.splits().first).backends[1].verdict.description == verdict)
  }

  /// One row: since when the proxies run 80/20, since when the route is known, and whether halves are drift.
  @Test(
    arguments: [
      (900, 990, true), (990, 900, false), (nil, 940, true), (nil, 941, false), (nil, nil, true),
    ] as [(Double?, Double?, Bool)])
  func requestsFromBeforeTheWeightsAreNoDrift(since: Double?, routeSince: Double?, isDrift: Bool) throws {
    var world = try SmallWorld(programmed: DisagreementTests.weights(0.8, 0.2, since: since))
    world.view.routesSince[SmallWorld.ref("virtualservice", "reviews")] = routeSince.map { Instant(seconds: $0) }
    world.call("reviews", "v1", ok: 50)
    world.call("reviews", "v2", ok: 50)
    let verdict = try #require(world.view.splits().first?.backends.last).verdict
    #expect(verdict.description == (isDrift ? "drift: expected 20%" : "ok"))
  }

  @Test func whatIsNotMeasuredSaysWhy() throws {
    var world = try SmallWorld()
    world.view.traffic["lab"] = .unknown("no telemetry source is configured")
    let backend = try #require(world.view.splits().first?.backends.first)
    #expect(backend.verdict == .unmeasured)
    #expect(backend.share.reason == "no telemetry source is configured")
    #expect(backend.traffic.reason == "no telemetry source is configured")
    #expect(backend.programmed.reason == "no proxy access")
  }

  @Test func aBackendWithoutAReadyInstanceIsBad() throws {
    var world = try SmallWorld()
    world.callNothing()
    world.add("reviews", versions: ["v1", "v2"], ready: 0)
    #expect(try #require(world.view.splits().first).backends.allSatisfy { $0.verdict == .notReady })
  }

  @Test func thoseThatNeedAttentionComeFirst() throws {
    var world = try SmallWorld()
    world.callNothing()
    world.add("a", versions: ["v1", "v2"])
    try world.add(
      object: """
        {"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"a","namespace":"shop"},
         "spec":{"hosts":["a"],"http":[{"route":[{"destination":{"host":"a"},"weight":1},{"destination":{"host":"web"},"weight":1}]}]}}
        """)
    world.call("reviews", "v1", ok: 10)
    world.call("reviews", "v2", ok: 90)
    #expect(world.view.splits().map(\.route.name) == ["reviews", "a"])
    #expect(world.view.splits(namespace: "nowhere").isEmpty)
    #expect(world.view.splits(plane: "other").isEmpty)
  }

  @Test func theStatusOfAnObjectTellsWhereNoProxyDoes() throws {
    var view = MeshView(at: Instant(seconds: 1000))
    view.rules["lab"] = [.gatewayAPI: GatewayAPIDialect()]
    let text = """
      {"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute",
       "metadata":{"name":"site","namespace":"shop","generation":2,"resourceVersion":"5"},
       "spec":{"parentRefs":[{"name":"edge"}],"rules":[{"backendRefs":[{"name":"v1","port":80,"weight":9},{"name":"v2","port":80,"weight":1}]}]},
       "status":{"parents":[{"parentRef":{"name":"edge"},"controllerName":"example.io/c","conditions":[
         {"type":"Accepted","status":"True","observedGeneration":2,"reason":"Accepted","message":"","lastTransitionTime":"2026-11-22T11:20:10Z"}]}]}}
      """
    for entity in try GatewayAPIDialect().entities(from: JSONValue(parsing: text), plane: "lab") {
      view.snapshot.apply(.upsert(entity))
    }
    for report in [nil, .unknown("istiod cannot be reached")] as [Known<ProgrammedReport>?] {
      view.programmed["lab"] = report
      let split = try #require(view.splits().first)
      #expect(split.backends.map { $0.programmed.value?.share } == [0.9, 0.1])
    }
  }
}
