import MeshModel
import Testing

@testable import MeshPlanes

@Suite struct IstioWeightTests {
  @Test(
    arguments: [
      ([80, 20], nil), ([1, 2, 3], nil), ([0, 5], nil), ([0], nil), ([100, 300], nil), ([], nil), ([0, 0], .zeroSum),
      ([-5, 105], .negative(index: 0, weight: -5)), ([1_000_000_000, 1_000_000_000, 1_000_000_000], .tooLarge),
      ([99_999_999_999, 1], .tooLarge), ([Int.max, Int.max], .tooLarge), ([-1], .negative(index: 0, weight: -1)),
    ] as [([Int], IstioWeights.Fault?)])
  func acceptsExactlyWhatIstioAccepts(weights: [Int], fault: IstioWeights.Fault?) {
    #expect(IstioWeights.fault(weights) == fault)
  }

  @Test(
    arguments: [
      ([80, 20], [0.8, 0.2]), ([1, 3], [0.25, 0.75]), ([0], [1]), ([7], [1]), ([0, 10], [0, 1]), ([0, 0], [0, 0]),
      ([], []),
    ] as [([Int], [Double])])
  func weightsAreRelative(weights: [Int], shares: [Double]) { #expect(IstioWeights.shares(weights) == shares) }
}

@Suite struct IstioEditTests {
  /// An object full of fields nobody has heard of, in an odd order, with odd spellings of numbers.
  static let strange = """
    {"zeta":{"of":[1e0,2.50]},"kind":"VirtualService","apiVersion":"networking.istio.io/v1",
     "metadata":{"name":"reviews","resourceVersion":"7","namespace":"shop","annotations":{"z/y":"~"},"uid":"u-reviews"},
     "spec":{"later":true,"hosts":["reviews"],
      "http":[{"route":[{"destination":{"host":"reviews","subset":"v3"}}],"name":"testers","match":[{"novel":{}}]},
       {"glow":1.0e1,"name":"primary","timeout":"1500ms","route":[
         {"weight":8.0e1,"destination":{"subset":"v1","host":"reviews","orbit":9},"spin":"up"},
         {"destination":{"host":"reviews","subset":"v2"},"weight":20,"headers":{"request":{"set":{"a":"b"}}}}],
        "retries":{"attempts":2,"perTryTimeout":"500ms","jitter":0.10},"fault":{"delay":{"percent":5,"fixedDelay":"2s"},"mist":[]}}]},
     "status":{"observed":1}}
    """

  static func weights(_ entries: [(String, Int)], rule: String? = nil) -> WeightsIntent {
    WeightsIntent(
      route: SmallMesh.ref("virtualservice", "shop", "reviews"), rule: rule,
      weights: entries.map { WeightsIntent.Entry(backend: $0.0, weight: $0.1) })
  }

  static func steps(_ intent: Intent, mesh: MeshSnapshot = MeshSnapshot(), _ objects: String...) async throws -> [Step]
  {
    let stored = StoredObjects(objects: try objects.map { try IstioFixtures.native($0) })
    return try await IstioDialect().steps(for: intent, in: mesh, using: stored)
  }

  /// Applies a step and its inverse; gives what is stored in between.
  static func roundTrip(_ step: Step, on text: String) throws -> JSONValue {
    let before = try JSONValue(parsing: text)
    guard case .patch(let patch) = step.write, case .patch(let inverse) = step.inverse else {
      Issue.record("not a patch")
      return before
    }
    let after = try patch.applied(to: before)
    let back = try inverse.applied(to: after)
    // The same up to the order of members that were taken away and put back.
    #expect(back.isEquivalent(to: before))
    #expect(step.after?.isEquivalent(to: after) == true)
    return after
  }

  @Test func changesNothingButTheWeights() async throws {
    let steps = try await Self.steps(.weights(Self.weights([("v1", 70), ("v2", 30)])), Self.strange)
    let step = try #require(steps.first)
    guard case .patch(let patch) = step.write, case .patch(let inverse) = step.inverse else {
      Issue.record("not a patch")
      return
    }
    #expect(
      patch.changes == [.replace("/spec/http/1/route/0/weight", 70), .replace("/spec/http/1/route/1/weight", 30)])
    #expect(patch.operations.first == .test("/metadata/resourceVersion", "7"))
    #expect(patch.operations.contains(.test("/spec/http/1/name", "primary")))
    #expect(patch.operations.contains(.test("/spec/http/1/route/0/destination/subset", "v1")))
    #expect(patch.operations.contains(.test("/spec/http/1/route/1/destination/host", "reviews")))
    #expect(patch.operations.contains(.test("/spec/http/1/route/0/weight", .number("8.0e1"))))
    #expect(step.barrier == .acknowledged(within: 30))
    #expect(step.precondition == Precondition(version: "7", uid: "u-reviews"))
    // Every replace has a test of the old value right before it.
    for (index, operation) in patch.operations.enumerated() {
      guard case .replace(let pointer, _) = operation else { continue }
      guard index > 0, case .test(let tested, _) = patch.operations[index - 1] else {
        Issue.record("no test before replace")
        continue
      }
      #expect(tested == pointer)
    }
    // Undone, the object is byte for byte what it was: order, unknown fields, the spelling of numbers.
    let before = try JSONValue(parsing: Self.strange)
    let back = try inverse.applied(to: try patch.applied(to: before))
    #expect(JSONWriter.text(back) == JSONWriter.text(before))
  }

  @Test func leavesAloneWhatHasTheValueAlready() async throws {
    let none = try await Self.steps(.weights(Self.weights([("v1", 80), ("v2", 20)])), Self.strange)
    #expect(none.isEmpty)
    let one = try await Self.steps(.weights(Self.weights([("v2", 25)])), Self.strange)
    guard case .patch(let patch) = try #require(one.first).write else {
      Issue.record("not a patch")
      return
    }
    #expect(patch.changes == [.replace("/spec/http/1/route/1/weight", 25)])
  }

  @Test func addsAWeightThatIsAbsentAndTakesItAwayAgain() async throws {
    let text =
      #"{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"reviews","namespace":"shop","resourceVersion":"7"},"spec":{"hosts":["reviews"],"http":[{"route":[{"destination":{"host":"a"},"weight":1},{"destination":{"host":"b"}}]}]}}"#
    let steps = try await Self.steps(.weights(Self.weights([("b", 1)])), text)
    let step = try #require(steps.first)
    guard case .patch(let patch) = step.write, case .patch(let inverse) = step.inverse else {
      Issue.record("not a patch")
      return
    }
    #expect(patch.changes == [.add("/spec/http/0/route/1/weight", 1)])
    #expect(inverse.changes == [.remove("/spec/http/0/route/1/weight")])
    _ = try Self.roundTrip(step, on: text)
  }

  @Test(
    arguments: [
      ([("v1", -5), ("v2", 105)], MeshError.Code.refused), ([("v1", 0), ("v2", 0)], .refused),
      ([("v1", 99_999_999_999), ("v2", 1)], .refused), ([("nosuch", 10), ("v1", 90)], .refused),
      ([("v1", 1), ("v1", 2)], .usage),
    ] as [([(String, Int)], MeshError.Code)])
  func refusesNonsense(entries: [(String, Int)], code: MeshError.Code) async throws {
    let error = try await #require(throws: MeshError.self) {
      _ = try await Self.steps(.weights(Self.weights(entries)), Self.strange)
    }
    #expect(error.code == code)
    if entries[0].0 == "nosuch" { #expect(error.remedy == "Backends of this rule: v1, v2") }
  }

  @Test func asksForTheRuleWhereSeveralFit() async throws {
    let text =
      #"{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"reviews","namespace":"shop","resourceVersion":"7"},"spec":{"hosts":["reviews"],"http":[{"name":"a","route":[{"destination":{"host":"a"},"weight":1},{"destination":{"host":"b"},"weight":1}]},{"route":[{"destination":{"host":"a"},"weight":1},{"destination":{"host":"b"},"weight":1}]}]}}"#
    let error = try await #require(throws: MeshError.self) {
      _ = try await Self.steps(.weights(Self.weights([("a", 2)])), text)
    }
    #expect(error.code == .usage)
    #expect(error.remedy == "Name one of them: a (0), 1")
    let steps = try await Self.steps(.weights(Self.weights([("a", 2)], rule: "1")), text)
    guard case .patch(let patch) = try #require(steps.first).write else {
      Issue.record("not a patch")
      return
    }
    #expect(patch.changes == [.replace("/spec/http/1/route/0/weight", 2)])
  }

  struct RuleRow: Sendable, CustomTestStringConvertible {
    var name: String
    var intent: @Sendable (inout RuleIntent) -> Void
    var changes: [JSONPatch.Operation]
    var testDescription: String { name }
  }

  static let rules: [RuleRow] = [
    RuleRow(name: "timeout", intent: { $0.timeout = .set(2) }, changes: [.replace("/spec/http/1/timeout", "2s")]),
    RuleRow(name: "the same timeout in another spelling", intent: { $0.timeout = .set(1.5) }, changes: []),
    RuleRow(name: "no timeout", intent: { $0.timeout = .remove }, changes: [.remove("/spec/http/1/timeout")]),
    RuleRow(
      name: "retries keep fields we do not know",
      intent: { $0.retries = .set(RetrySetting(attempts: 3, perTryTimeout: 0.5, retryOn: "5xx")) },
      changes: [.replace("/spec/http/1/retries/attempts", 3), .add("/spec/http/1/retries/retryOn", "5xx")]),
    RuleRow(name: "no retries", intent: { $0.retries = .remove }, changes: [.remove("/spec/http/1/retries")]),
    RuleRow(
      name: "a share in the old form stays in it", intent: { $0.fault = .set(FaultSetting(delay: 2, delayPercent: 7)) },
      changes: [.replace("/spec/http/1/fault/delay/percent", 7)]),
    RuleRow(
      name: "a share the old form cannot hold", intent: { $0.fault = .set(FaultSetting(delay: 2, delayPercent: 0.5)) },
      changes: [
        .remove("/spec/http/1/fault/delay/percent"),
        .add("/spec/http/1/fault/delay/percentage", ["value": .number("0.5")]),
      ]),
    RuleRow(
      name: "an abort beside the delay",
      intent: { $0.fault = .set(FaultSetting(delay: 2, delayPercent: 5, abortStatus: 503, abortPercent: 10)) },
      changes: [.add("/spec/http/1/fault/abort", ["httpStatus": 503, "percentage": ["value": 10]])]),
    RuleRow(
      name: "an abort of every request says so",
      intent: { $0.fault = .set(FaultSetting(delay: 2, delayPercent: 5, abortStatus: 503)) },
      changes: [.add("/spec/http/1/fault/abort", ["httpStatus": 503, "percentage": ["value": 100]])]),
    RuleRow(name: "no fault", intent: { $0.fault = .remove }, changes: [.remove("/spec/http/1/fault")]),
    RuleRow(
      name: "a mirror", intent: { $0.mirror = .set(MirrorSetting(host: "reviews", subset: "v3", percent: 10)) },
      changes: [
        .add("/spec/http/1/mirror", ["host": "reviews", "subset": "v3"]),
        .add("/spec/http/1/mirrorPercentage", ["value": 10]),
      ]),
    RuleRow(
      name: "headers",
      intent: {
        $0.headers = .set(HeaderSetting(request: HeaderSetting.Changes(overwritten: ["x/y": "1"], removed: ["z"])))
      },
      changes: [.add("/spec/http/1/headers", ["request": ["set": ["x/y": "1"], "remove": ["z"]]])]),
  ]

  @Test(arguments: rules)
  func editsOneSettingAndNothingElse(row: RuleRow) async throws {
    var intent = RuleIntent(route: SmallMesh.ref("virtualservice", "shop", "reviews"), rule: "primary")
    row.intent(&intent)
    let steps = try await Self.steps(.rule(intent), Self.strange)
    guard let step = steps.first else {
      #expect(row.changes.isEmpty)
      return
    }
    guard case .patch(let patch) = step.write else {
      Issue.record("not a patch")
      return
    }
    #expect(patch.changes == row.changes)
    #expect(
      patch.operations.prefix(2) == [.test("/metadata/resourceVersion", "7"), .test("/spec/http/1/name", "primary")])
    _ = try Self.roundTrip(step, on: Self.strange)
  }

  /// A rule that has every setting, and an abort there is no word for.
  static let whole = """
    {"apiVersion":"networking.istio.io/v1","kind":"VirtualService",
     "metadata":{"name":"reviews","namespace":"shop","resourceVersion":"7"},
     "spec":{"hosts":["reviews"],"http":[{"name":"primary","route":[{"destination":{"host":"reviews"}}],"timeout":"2s",
      "retries":{"attempts":2,"perTryTimeout":"0.5s","retryOn":"5xx","backoff":"25ms"},
      "fault":{"delay":{"fixedDelay":"2s","percentage":{"value":5}},
       "abort":{"grpcStatus":"UNAVAILABLE","percentage":{"value":7}}},
      "mirror":{"host":"reviews","subset":"v3","port":{"number":80}},"mirrorPercentage":{"value":7},
      "headers":{"request":{"set":{"a":"1"},"add":{"b":"2"},"remove":["c"]},"response":{"remove":["f"]}}}]}}
    """

  @Test func whatIsSetAsItIsReadChangesNothing() async throws {
    let rule = try #require(VirtualServiceEdit.route(try IstioFixtures.native(Self.whole)).rules.first)
    let intent = RuleIntent(
      route: SmallMesh.ref("virtualservice", "shop", "reviews"), timeout: rule.timeout.map { .set($0) },
      retries: rule.retries.map { .set($0) }, fault: rule.fault.map { .set($0) },
      mirror: rule.mirrors.first.map { .set($0) }, headers: rule.headers.map { .set($0) })
    #expect(try await Self.steps(.rule(intent), Self.whole).isEmpty)
  }

  @Test func anAbortThereIsNoWordForStaysBesideANewDelay() async throws {
    let intent = RuleIntent(
      route: SmallMesh.ref("virtualservice", "shop", "reviews"), fault: .set(FaultSetting(delay: 3, delayPercent: 5)))
    guard case .patch(let patch) = try #require(try await Self.steps(.rule(intent), Self.whole).first).write else {
      Issue.record("not a patch")
      return
    }
    #expect(patch.changes == [.replace("/spec/http/0/fault/delay/fixedDelay", "3s")])
  }

  @Test(
    arguments: [
      { $0.timeout = .set(-1) }, { $0.timeout = .set(.nan) }, { $0.retries = .set(RetrySetting(attempts: -1)) },
      { $0.fault = .set(FaultSetting(delay: 1, delayPercent: 101)) },
      { $0.fault = .set(FaultSetting(abortStatus: 42)) },
      { $0.mirror = .set(MirrorSetting(host: "a", percent: .nan)) }, { $0.mirror = .set(MirrorSetting(host: "")) },
    ] as [@Sendable (inout RuleIntent) -> Void])
  func refusesSettingsIstioWouldRefuse(change: @Sendable (inout RuleIntent) -> Void) async throws {
    var intent = RuleIntent(route: SmallMesh.ref("virtualservice", "shop", "reviews"), rule: "primary")
    change(&intent)
    let error = try await #require(throws: MeshError.self) { _ = try await Self.steps(.rule(intent), Self.strange) }
    #expect(error.code == .refused)
  }
}
