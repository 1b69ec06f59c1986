import MeshModel
import MeshPlanes
import MeshTelemetry
import Testing

@testable import MeshOperations

@Suite struct CallerKnowledgeTests {
  static let reviews = [SmallWorld.ref("workload", "reviews-v1"), SmallWorld.ref("workload", "reviews-v2")]

  static func measured() throws -> SmallWorld {
    var world = try SmallWorld()
    world.call("reviews", "v1", ok: 10)
    world.call("reviews", "v2", ok: 10)
    return world
  }

  static func report(_ edit: (inout TrafficReport) -> Void) throws -> MeshView {
    var world = try measured()
    var report = TrafficReport(edges: world.edges, queries: [], window: 60, at: world.view.at)
    edit(&report)
    world.view.traffic["lab"] = .known(report, source: "test", at: world.view.at)
    return world.view
  }

  @Test func freshAndWholeTelemetryTellsEverything() throws {
    #expect(try Self.measured().view.unknownCallers(of: Self.reviews, plane: "lab").isEmpty)
  }

  @Test func withoutTelemetryNothingIsTold() throws {
    var view = try Self.measured().view
    view.traffic["lab"] = .unknown("connection refused")
    #expect(
      view.unknownCallers(of: Self.reviews, plane: "lab") == ["callers are not known (connection refused)"])
    #expect(view.unknownCallers(of: [], plane: "lab").isEmpty, "where nothing tightens there is nothing to know")
  }

  static let flaws: [(@Sendable (inout TrafficReport) -> Void, String)] = [
    ({ $0.sampleAge = 400 }, "the newest measurement is "),
    ({ $0.at = Instant(seconds: 700) }, "the newest measurement is "),
    ({ $0.window = 2 }, "only the last 2s were watched"),
    ({ $0.gaps = ["http://10.0.0.9:15020/metrics: refused"] }, "telemetry is incomplete: http://10.0.0.9:15020"),
    ({ $0.edges = [] }, "nothing at all was measured"),
    (
      { report in report.edges.removeAll { $0.destination.workload == "reviews-v2" } },
      "no metric comes from the proxies of shop/reviews-v2"
    ),
  ]

  @Test(arguments: flaws.indices) func aFlawOfTheMeasurementIsNamed(index: Int) throws {
    let (flaw, words) = Self.flaws[index]
    let reasons = try Self.report(flaw).unknownCallers(of: Self.reviews, plane: "lab")
    #expect(reasons.count == 1 && reasons.first?.hasPrefix(words) == true, "\(reasons)")
  }

  @Test(arguments: flaws.indices.dropLast()) func whatBreaksNowIsNotToldOfAFlawedMeasurementEither(index: Int) throws {
    let (flaw, words) = Self.flaws[index]
    let reasons = try Self.report(flaw).unknownBreaks()
    #expect(reasons.count == 1 && reasons.first?.hasPrefix("lab: \(words)") == true, "\(reasons)")
  }

  @Test func whatBreaksNowIsToldOfFreshAndWholeTelemetry() throws {
    var world = try Self.measured()
    #expect(world.view.unknownBreaks().isEmpty, "nobody calls what is silent")
    #expect(world.view.unknownBreaks(plane: "other").isEmpty)
    world.view.traffic["lab"] = .unknown("connection refused")
    #expect(world.view.unknownBreaks(plane: "lab") == ["lab: callers are not known (connection refused)"])
  }

  @Test(arguments: [
    "latency-0.5: timed out", "measured over 50s so far, of a window of 1m", "requests: remark of the server: x",
  ])
  func whatHidesNoCallerIsNoFlaw(gap: String) throws {
    #expect(try Self.report { $0.gaps = [gap] }.unknownCallers(of: Self.reviews, plane: "lab").isEmpty)
  }

  @Test func aProxyThatReportsItsOwnCallsIsMeasuredEvenIfNobodyCallsIt() throws {
    let view = try Self.report { report in
      for index in report.edges.indices { report.edges[index].reporter = .source }
    }
    let web = [SmallWorld.ref("workload", "web-v1")]
    #expect(view.unknownCallers(of: web, plane: "lab").isEmpty)
    #expect(
      view.unknownCallers(of: Self.reviews, plane: "lab").count == 1, "their callers speak, they themselves do not")
  }

  @Test func instancesThatCannotBeReadAreAGap() throws {
    var view = try Self.measured().view
    for ref in view.snapshot.endpoints.keys where ref.name.hasPrefix("reviews-v2") {
      view.snapshot.apply(.remove(ref))
    }
    #expect(
      view.unknownCallers(of: Self.reviews, plane: "lab") == ["the instances are not known of shop/reviews-v2"])
  }

  static func policy(_ mode: String, ports: String = "") -> String {
    """
    {"apiVersion":"security.istio.io/v1","kind":"PeerAuthentication","metadata":{"name":"default","namespace":"shop"},
     "spec":{\(ports.isEmpty ? "" : #""selector":{"matchLabels":{"app":"reviews"}},"portLevelMtls":{\#(ports)},"#)"mtls":{"mode":"\(mode)"}}}
    """
  }

  @Test(
    arguments: [
      ("PERMISSIVE", "STRICT", 3), ("STRICT", "PERMISSIVE", 0), ("STRICT", "STRICT", 0), ("STRICT", "DISABLE", 0),
      ("DISABLE", "STRICT", 3), ("UNSET", "PERMISSIVE", 0),
    ])
  func onlyWhatBeginsToRefusePlaintextIsTightened(before: String, after: String, count: Int) throws {
    var world = try SmallWorld()
    try world.add(object: Self.policy(before))
    var changed = world
    try changed.add(object: Self.policy(after))
    #expect(world.view.tightened(by: changed.view.snapshot, plane: "lab").count == count)
  }

  @Test func anExceptionTakenAwayTightensItsWorkloadAlone() throws {
    var world = try SmallWorld()
    try world.add(object: Self.policy("STRICT", ports: #""9090":{"mode":"PERMISSIVE"}"#))
    var changed = world
    try changed.add(object: Self.policy("STRICT", ports: #""9090":{"mode":"STRICT"}"#))
    #expect(world.view.tightened(by: changed.view.snapshot, plane: "lab") == Self.reviews)
  }

  @Test func aPlanSaysWhatIsUnknownAndItsFileKeepsIt() throws {
    var plan = Plan(
      id: "p1", intent: .mtls(MTLSIntent(plane: "lab", scope: .namespace, namespace: "shop", mode: .strict)),
      summary: "", steps: [])
    #expect(plan.risk == nil)
    plan.blastRadius.unknowns = ["callers are not known (no telemetry source)"]
    let read = try Plan(json: JSONValue(parsing: JSONWriter.bytes(plan.json)))
    let risk = try #require(read.risk)
    #expect(risk.word == "shop")
    let refusal = risk.refusal(plane: "lab", unless: "say --force")
    #expect(refusal.code == .refused)
    #expect(
      refusal.description
        == "lab: who would break cannot be told: callers are not known (no telemetry source). mend the telemetry (`meshdeck planes check`), or say --force"
    )
  }
}
