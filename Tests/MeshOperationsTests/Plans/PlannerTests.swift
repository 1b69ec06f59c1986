import MeshModel
import MeshPlanes
import Synchronization
import Testing

@testable import MeshOperations

@Suite struct PlannerTests {
  static func step(_ object: String, to wanted: JSONValue, kind: String = "virtualservice") throws -> Step {
    let json = try JSONValue(parsing: object)
    let ref = SmallWorld.ref(kind, json["metadata"]?["name"]?.string ?? "")
    let native = NativeObject(ref: ref, path: "/x", json: json, version: "7", uid: "u")
    guard let step = Step.editing(native, to: wanted) else { throw Workbench.Missing() }
    return step
  }

  static let intent = Intent.weights(
    WeightsIntent(
      route: SmallWorld.ref("virtualservice", "reviews"),
      weights: [.init(backend: "v1", weight: 70), .init(backend: "v2", weight: 30)]))

  @Test func theBlastRadiusSaysWhatMoves() async throws {
    var world = try SmallWorld()
    world.call("reviews", "v1", ok: 160)
    world.call("reviews", "v2", ok: 40)
    let plane = FakePlane()
    let step = try Self.step(SmallWorld.reviews((80, 20)), to: JSONValue(parsing: SmallWorld.reviews((70, 30))))
    plane.state.withLock { $0.steps = [step] }
    let plan = try await Planner(plane).plan(Self.intent, in: world.view)
    #expect(plan.summary == "reviews: v1 → 70, v2 → 30")
    #expect(abs(try #require(plan.blastRadius.movedRPS) - 20) < 1e-6)
    #expect(plan.blastRadius.lines == ["≈20/s of 200/s move to v2, 2 ready → 30/s each"])
    #expect(plan.blastRadius.callers == ["shop/web-v1"])
    #expect(plan.blastRadius.breaks.isEmpty)
    #expect(plan.findingsAfter.isEmpty)
    #expect(plan.id.hasPrefix("p"))
  }

  @Test func whereTrafficIsNotKnownItSaysSo() async throws {
    var world = try SmallWorld()
    world.view.traffic["lab"] = .unknown("no telemetry source is configured")
    let plane = FakePlane()
    let step = try Self.step(SmallWorld.reviews((80, 20)), to: JSONValue(parsing: SmallWorld.reviews((70, 30))))
    plane.state.withLock { $0.steps = [step] }
    let plan = try await Planner(plane).plan(Self.intent, in: world.view)
    #expect(plan.blastRadius.movedRPS == nil)
    #expect(plan.blastRadius.lines == ["10% more go to v2 (rate unknown: no telemetry source is configured), 2 ready"])
  }

  @Test(
    "A backend with nothing ready is given no more requests unless somebody takes the risk",
    arguments: [(Runtime.container, 0, true), (.container, 1, false), (.serverless, 0, false), (.external, 0, false)])
  func unreadyBackends(runtime: Runtime, ready: Int, isRefused: Bool) async throws {
    var world = try SmallWorld()
    world.add("reviews", versions: ["v2"], ready: ready)
    let v2 = SmallWorld.ref("workload", "reviews-v2")
    var workload = try #require(world.view.snapshot.workloads[v2])
    workload.runtime = runtime
    world.view.snapshot.apply(.upsert(.workload(workload)))
    let plane = FakePlane()
    let step = try Self.step(SmallWorld.reviews((80, 20)), to: JSONValue(parsing: SmallWorld.reviews((70, 30))))
    plane.state.withLock { $0.steps = [step] }
    let plan = try await Planner(plane).plan(Self.intent, in: world.view)
    #expect(plan.blastRadius.unready == (isRefused ? ["v2"] : []))
    #expect(plan.risk?.message == (isRefused ? "no instance is ready to take what would go to v2" : nil))
    #expect(try Plan(json: plan.json).risk == plan.risk)
    let less = try Self.step(SmallWorld.reviews((80, 20)), to: JSONValue(parsing: SmallWorld.reviews((90, 10))))
    plane.state.withLock { $0.steps = [less] }
    #expect(try await Planner(plane).plan(Self.intent, in: world.view).risk == nil)
  }

  @Test func aModeThatBreaksCallersNamesThem() async throws {
    let world = try MTLSMatrixTests.world("PERMISSIVE", clientProxy: .none, mtls: 0)
    let plane = FakePlane()
    let policy = """
      {"apiVersion":"security.istio.io/v1","kind":"PeerAuthentication","metadata":{"name":"default","namespace":"shop"},"spec":{"mtls":{"mode":"PERMISSIVE"}}}
      """
    let strict = try JSONPatch([.replace("/spec/mtls/mode", "STRICT")]).applied(to: JSONValue(parsing: policy))
    let step = try Self.step(policy, to: strict, kind: "peerauthentication")
    plane.state.withLock { $0.steps = [step] }
    let plan = try await Planner(plane)
      .plan(.mtls(MTLSIntent(plane: "lab", scope: .namespace, namespace: "shop", mode: .strict)), in: world.view)
    #expect(plan.blastRadius.breaks == ["old/legacy-v1 → shop/reviews-v1:8080"])
    #expect(plan.blastRadius.lines == ["old/legacy-v1 would no longer reach reviews-v1:8080 (10/s now)"])
    #expect(plan.summary == "mTLS STRICT for namespace shop")
  }

  @Test func whatAFileSaysOfItsRiskIsNotBelieved() async throws {
    let world = try MTLSMatrixTests.world("PERMISSIVE", clientProxy: .none, mtls: 0)
    let plane = FakePlane()
    let policy = """
      {"apiVersion":"security.istio.io/v1","kind":"PeerAuthentication","metadata":{"name":"default","namespace":"shop",
       "resourceVersion":"7"},"spec":{"mtls":{"mode":"PERMISSIVE"}}}
      """
    let strict = try JSONPatch([.replace("/spec/mtls/mode", "STRICT")]).applied(to: JSONValue(parsing: policy))
    let step = try Self.step(policy, to: strict, kind: "peerauthentication")
    let native = NativeObject(
      ref: step.object, path: step.path, json: try JSONValue(parsing: policy), version: "7", uid: "u")
    plane.state.withLock { ($0.steps, $0.objects[step.object]) = ([step], native) }
    let planner = Planner(plane)
    let plan = try await planner.plan(
      .mtls(MTLSIntent(plane: "lab", scope: .namespace, namespace: "shop", mode: .strict)), in: world.view)
    #expect(plan.risk != nil)
    var told = plan
    (told.blastRadius, told.findingsAfter) = (BlastRadius(), [])
    told.steps[0].after = told.steps[0].before
    told.intent = .delete(SmallWorld.ref("virtualservice", "reviews"))
    #expect(told.risk == nil)
    let weighed = await planner.weighed(try Plan(json: told.json), in: world.view)
    #expect(weighed.blastRadius == plan.blastRadius)
    #expect(weighed.steps == plan.steps)
    plane.remove(step.object)
    let unfit = await planner.weighed(told, in: world.view)
    #expect(unfit.risk?.message.contains("step 1 does not fit") == true, "what cannot be weighed is a risk")
  }

  @Test func aPolicyThatIsForOthersTooNamesThem() async throws {
    var world = try MTLSMatrixTests.world("STRICT", mtls: 1)
    let policy = """
      {"apiVersion":"security.istio.io/v1","kind":"PeerAuthentication","metadata":{"name":"reviews","namespace":"shop"},
       "spec":{"selector":{"matchLabels":{"app":"reviews"}},"mtls":{"mode":"STRICT"}}}
      """
    try world.add(object: policy)
    let looser = try JSONPatch([.replace("/spec/mtls/mode", "PERMISSIVE")]).applied(to: JSONValue(parsing: policy))
    let plane = FakePlane()
    let step = try Self.step(policy, to: looser, kind: "peerauthentication")
    plane.state.withLock { $0.steps = [step] }
    let intent = MTLSIntent(
      plane: "lab", scope: .workload, namespace: "shop", workload: "reviews-v1", mode: .permissive)
    let plan = try await Planner(plane).plan(.mtls(intent), in: world.view)
    #expect(plan.blastRadius.others == ["shop/reviews-v2"])
    #expect(plan.blastRadius.lines == ["shop/reviews-v2 would take PERMISSIVE too, not STRICT as now"])
    #expect(plan.summary == "mTLS PERMISSIVE for shop/reviews-v1, and for shop/reviews-v2")
    #expect(plan.risk?.message == "the same policy is for shop/reviews-v2 too")
    #expect(plan.risk?.remedy == "give them a policy of their own first")
    #expect(try Plan(json: plan.json).risk == plan.risk)
  }

  @Test func theNewProblemsAreFindingsOfThePlan() async throws {
    let world = try SmallWorld()
    let plane = FakePlane()
    let wanted = try JSONPatch([.replace("/spec/http/0/route/1/destination/subset", "v9")])
      .applied(to: JSONValue(parsing: SmallWorld.reviews((80, 20))))
    plane.state.withLock { $0.steps = [] }
    let step = try Self.step(SmallWorld.reviews((80, 20)), to: wanted)
    plane.state.withLock { $0.steps = [step] }
    let plan = try await Planner(plane).plan(Self.intent, in: world.view)
    #expect(plan.findingsBefore.isEmpty)
    #expect(plan.findingsAfter.contains { $0.severity == .error && $0.message.contains("v9") })
  }

  static let subsets = """
    {"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"reviews","namespace":"shop"},
     "spec":{"host":"reviews","subsets":[{"name":"v1","labels":{"version":"v1"}},{"name":"v2","labels":{"version":"v2"}}]}}
    """

  @Test func whatItBreaksInOtherObjectsIsToldAndRefused() async throws {
    let world = try SmallWorld()
    let plane = FakePlane()
    let wanted = try JSONPatch([.remove("/spec/subsets/1")]).applied(to: JSONValue(parsing: Self.subsets))
    let step = try Self.step(Self.subsets, to: wanted, kind: "destinationrule")
    plane.state.withLock { $0.steps = [step] }
    let intent = Intent.object(ObjectIntent(ref: step.object, json: wanted))
    let plan = try await Planner(plane).plan(intent, in: world.view)
    let new = try #require(plan.newFindings.first)
    #expect(plan.newFindings.count == 1)
    #expect(new.code == "MD1107")
    #expect(new.object == SmallWorld.ref("virtualservice", "reviews"))
    let risk = try #require(plan.risk)
    #expect(risk.message.hasPrefix("it would bring MD1107 (shop/reviews: no DestinationRule defines the subset v2"))
    #expect(risk.remedy == "mend them first")
    #expect(risk.word == "reviews")
    #expect(try Plan(json: plan.json).risk == risk)
    // The way back ends the problem and brings none.
    var broken = world.view
    for entity in try IstioDialect().entities(from: wanted, plane: "lab") { broken.snapshot.apply(.upsert(entity)) }
    let back = try Self.step(JSONWriter.text(wanted), to: JSONValue(parsing: Self.subsets), kind: "destinationrule")
    plane.state.withLock { $0.steps = [back] }
    let mended = try await Planner(plane).plan(intent, in: broken)
    #expect(mended.risk == nil)
    #expect(mended.endedFindings.map(\.code) == ["MD1107"])
  }

  @Test(arguments: [("v9", "MD1107"), ("v2", nil)]) func aRouteThatIsNewIsJudgedToo(subset: String, code: String?)
    async throws
  {
    var world = try SmallWorld()
    world.add("reviews", versions: ["v2"], ready: 0)
    let plane = FakePlane()
    let route = try JSONValue(
      parsing: """
        {"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"late","namespace":"shop"},
         "spec":{"hosts":["late.example"],"http":[{"route":[
           {"destination":{"host":"reviews","subset":"v1"},"weight":40},
           {"destination":{"host":"reviews","subset":"\(subset)"},"weight":60}]}]}}
        """)
    let ref = SmallWorld.ref("virtualservice", "late")
    plane.state.withLock { $0.steps = [Step.creating(route, as: ref, in: "/x")] }
    let plan = try await Planner(plane).plan(.object(ObjectIntent(ref: ref, json: route)), in: world.view)
    #expect(plan.newFindings.filter { $0.severity == .error }.map(\.code) == (code.map { [$0] } ?? []))
    #expect(plan.blastRadius.unready == (code == nil ? ["v2"] : []))
    #expect(plan.risk != nil)
    #expect(plan.blastRadius.lines.first == "40% of what the new rule takes go to v1, 2 ready")
  }

  @Test func identitiesOfPlansAreShortAndDistinct() {
    let made = Set((0..<50).map { _ in PlanID.make() })
    #expect(made.count > 40)
    #expect(made.allSatisfy { $0.count <= 12 && !$0.contains("-") })
  }
}
