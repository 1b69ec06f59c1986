import MeshModel
import MeshPlanes
import Synchronization
import Testing

@testable import MeshOperations

/// Several changes at once: one plan, in the order in which they rest on each other.
@Suite struct SeveralIntentsTests {
  static let route = SmallWorld.ref("virtualservice", "reviews")
  static let rule = SmallWorld.ref("destinationrule", "reviews")

  static func subsets(_ names: String...) -> String {
    let subsets = names.map { #"{"name":"\#($0)","labels":{"version":"\#($0)"}}"# }.joined(separator: ",")
    return """
      {"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"reviews","namespace":"shop"},
       "spec":{"host":"reviews","subsets":[\(subsets)]}}
      """
  }

  static func split(_ left: String, _ right: String) -> String {
    SmallWorld.reviews((80, 20)).replacing(#""subset":"v1""#, with: #""subset":"\#(left)""#)
      .replacing(#""subset":"v2""#, with: #""subset":"\#(right)""#)
  }

  /// A plan of changes to the route and to its DestinationRule, named in this order.
  static func plan(route: String, rule: String) async throws -> Plan {
    var world = try SmallWorld()
    world.add("reviews", versions: ["v3"])
    let plane = FakePlane()
    let steps = [
      try PlannerTests.step(SmallWorld.reviews((80, 20)), to: JSONValue(parsing: route)),
      try PlannerTests.step(subsets("v1", "v2"), to: JSONValue(parsing: rule), kind: "destinationrule"),
    ]
    plane.state.withLock { state in
      for step in steps { state.stepsOf[step.object] = [step] }
    }
    return try await Planner(plane).plan(
      steps.map { .object(ObjectIntent(ref: $0.object, json: $0.after ?? .null)) }, in: world.view)
  }

  @Test func whatIsReferredToIsMadeFirst() async throws {
    let plan = try await Self.plan(route: Self.split("v1", "v3"), rule: Self.subsets("v1", "v2", "v3"))
    #expect(plan.steps.map(\.object) == [Self.rule, Self.route])
    #expect(plan.steps.map(\.barrier) == [.acknowledged(within: Executor.usualWait), nil])
    #expect(plan.risk == nil, "\(plan.risk?.message ?? "")")
    #expect(plan.newFindings.isEmpty)
    #expect(plan.furtherIntents.count == 1)
    #expect(plan.summary == "edit \(Self.rule); edit \(Self.route)")
    #expect(!plan.warnings.contains { $0.hasPrefix("until step") })
    #expect(try Plan(json: JSONValue(parsing: JSONWriter.text(plan.json))) == plan)
  }

  @Test func whatIsTakenAwayGoesLast() async throws {
    let plan = try await Self.plan(route: Self.split("v1", "v1"), rule: Self.subsets("v1"))
    #expect(plan.steps.map(\.object) == [Self.route, Self.rule])
    #expect(!plan.newFindings.contains { $0.severity == .error })
  }

  @Test func whatFitsInNoOrderIsToldBeforehand() async throws {
    let plan = try await Self.plan(route: Self.split("v1", "v3"), rule: Self.subsets("v1", "v3"))
    #expect(plan.steps.map(\.object) == [Self.rule, Self.route])
    #expect(plan.newFindings.isEmpty)
    #expect(plan.warnings.contains { $0.hasPrefix("until step 2 is written there is MD1107 in shop/reviews") })
  }

  @Test func oneObjectIsNotChangedTwice() async throws {
    let plane = FakePlane()
    let step = try PlannerTests.step(SmallWorld.reviews((80, 20)), to: JSONValue(parsing: Self.split("v1", "v1")))
    plane.state.withLock { $0.steps = [step] }
    let world = try SmallWorld()
    let failure = await code {
      try await Planner(plane).plan([PlannerTests.intent, PlannerTests.intent], in: world.view)
    }
    #expect(failure == .usage)
  }

  @Test(
    arguments: [
      ("namespaces \"fresh\" not found", nil), ("namespaces \"other\" not found", false),
      ("strict decoding error: unknown field \"spec.hosst\"", false),
    ] as [(String, Bool?)])
  func whatLiesInANamespaceOfThePlanIsNotRefusedForWantOfIt(words: String, accepted: Bool?) async throws {
    let plane = FakePlane()
    let namespace = ObjectRef(plane: "lab", namespace: "", kind: "namespace", name: "fresh")
    let thing = ObjectRef(plane: "lab", namespace: "fresh", kind: "thing", name: "a")
    let steps = [thing, namespace].map { Step.creating(["kind": .string($0.kind)], as: $0, in: "/x") }
    plane.state.withLock { state in
      for step in steps { state.stepsOf[step.object] = [step] }
      state.verdicts[thing] = DryRunVerdict(step: 0, accepted: false, message: words, failure: .refused)
    }
    let planner = Planner(plane)
    var plan = try await planner.plan(
      steps.map { .object(ObjectIntent(ref: $0.object, json: [:])) }, in: SmallWorld().view)
    #expect(plan.steps.map(\.object) == [namespace, thing])
    plan = await planner.rehearsed(plan)
    #expect(plan.verdicts.map(\.accepted) == [true, accepted])
    #expect(plan.verdicts.last?.message.contains("makes its namespace first") == (accepted == nil))
    plan.steps.removeFirst()
    #expect(await planner.rehearsed(plan).verdicts.map(\.accepted) == [false], "nothing makes it")
  }

  @Test func onTheWayBackTheBarrierStandsBetweenTheSameTwo() async throws {
    let bench = Workbench()
    var plan = try bench.shifts(["a", "b", "c"])
    plan.steps[0].barrier = .acknowledged(within: 5)
    let receipt = try await bench.executor.apply(plan, reason: "")
    let undo = try await bench.executor.undoPlan(receipt)
    #expect(undo.steps.map(\.object.name) == ["c", "b", "a"])
    #expect(undo.steps.map(\.barrier) == [nil, .acknowledged(within: 5), nil])
  }

  @Test func plansOfOneFileAreOne() async throws {
    let bench = Workbench()
    var (first, second) = (try bench.shifts(["a", "b"]), try bench.shifts(["c"]))
    first.verdicts = [DryRunVerdict(step: 1, accepted: true, message: "")]
    second.verdicts = [DryRunVerdict(step: 0, accepted: true, message: "")]
    let joined = try #require(try Plan.joined([first, second]))
    #expect(joined.steps.map(\.object.name) == ["a", "b", "c"])
    #expect(joined.verdicts.map(\.step) == [1, 2])
    #expect(joined.furtherIntents == [second.intent])
    bench.plane.state.withLock { $0.faults[2] = [.fail(.conflict)] }
    let receipt = try await bench.executor.apply(joined, reason: "")
    #expect(receipt.result == .rolledBack)
    #expect(bench.first("a") == 80)
    (first.madeFor, second.madeFor) = ("one", "other")
    #expect(await code { try Plan.joined([first, second]) } == .usage)
  }
}

/// Plans that make something anew know for which cluster.
@Suite struct PlanPlaceTests {
  @Test func whatIsMadeAnewIsMadeWhereItWasMeant() async throws {
    let bench = Workbench()
    bench.plane.state.withLock { $0.uid = "east" }
    let made = Step.creating(
      ["kind": "thing", "spec": Workbench.spec], as: Workbench.ref("new"), in: "/apis/x/v1/namespaces/shop/things")
    bench.plane.state.withLock { $0.steps = [made] }
    let plan = try await Planner(bench.plane).plan(PlannerTests.intent, in: SmallWorld().view)
    #expect(plan.madeFor == "east")
    let file = try Plan(json: plan.json)
    for other in ["west", nil] {
      bench.plane.state.withLock { $0.uid = other }
      #expect(await code { try await bench.executor.apply(file, reason: "") } == .refused)
    }
    #expect(try bench.journal.receipts().isEmpty)
    bench.plane.state.withLock { $0.uid = "east" }
    let receipt = try await bench.executor.apply(file, reason: "")
    #expect(receipt.result == .applied)
    bench.plane.state.withLock { $0.uid = "west" }
    #expect(await code { try await bench.executor.undo(receipt, reason: "") } == .refused)
    #expect(bench.plane.now(Workbench.ref("new")) != nil)
  }

  @Test(arguments: [true, false]) func whereTheClusterCannotBeToldThePlanSaysSo(makesAnew: Bool) async throws {
    let bench = Workbench()
    let step =
      makesAnew
      ? Step.creating(["kind": "thing"], as: Workbench.ref("new"), in: "/apis/x/v1/namespaces/shop/things")
      : try Workbench.shift(bench.plane.put(Workbench.ref("a"), spec: Workbench.spec))
    bench.plane.state.withLock { state in
      state.steps = [step]
      state.uidFailure = MeshError(.forbidden, "may not read kube-system")
    }
    let plan = try await Planner(bench.plane).plan(PlannerTests.intent, in: SmallWorld().view)
    #expect(plan.madeFor == nil)
    #expect(plan.warnings.contains { $0.contains("any would take it as a saved plan: may not read") } == makesAnew)
  }

  @Test func whatIsOnlyEditedIsKnownByItself() async throws {
    let bench = Workbench()
    bench.plane.state.withLock { $0.uid = "east" }
    let step = try Workbench.shift(bench.plane.put(Workbench.ref("a"), spec: Workbench.spec))
    bench.plane.state.withLock { $0.steps = [step] }
    #expect(try await Planner(bench.plane).plan(PlannerTests.intent, in: SmallWorld().view).madeFor == nil)
  }
}
