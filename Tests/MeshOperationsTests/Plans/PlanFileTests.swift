import MeshModel
import MeshPlanes
import Testing

@testable import MeshOperations

/// Plans, intents and receipts as files: what is read back is what was written.
@Suite struct PlanFileTests {
  static let route = ObjectRef(plane: "lab", namespace: "shop", kind: "virtualservice", name: "reviews")

  static let intents: [Intent] = [
    .weights(
      WeightsIntent(
        route: route, rule: "primary", weights: [.init(backend: "v1", weight: 9), .init(backend: "v2", weight: 1)])),
    .weights(WeightsIntent(route: route, weights: [.init(backend: "a=b/é", weight: -5)])),
    .rule(
      RuleIntent(
        route: route, rule: "0", timeout: .set(1.25),
        retries: .set(RetrySetting(attempts: 2, perTryTimeout: 0.5, retryOn: "5xx,reset")))),
    .rule(
      RuleIntent(route: route, timeout: .remove, retries: .remove, fault: .remove, mirror: .remove, headers: .remove)),
    .rule(
      RuleIntent(
        route: route, fault: .set(FaultSetting(delay: 2, delayPercent: 0.5, abortStatus: 503, abortPercent: 10)))),
    .rule(RuleIntent(route: route, fault: .set(FaultSetting(abortStatus: 418)))),
    .rule(RuleIntent(route: route, mirror: .set(MirrorSetting(host: "reviews", subset: "v3", port: 80, percent: 5)))),
    .rule(
      RuleIntent(
        route: route,
        headers: .set(
          HeaderSetting(
            request: .init(overwritten: ["x-a": "1"], added: ["x-b": "2"], removed: ["x-c"]),
            response: .init(removed: ["server"]))))),
    .mtls(MTLSIntent(plane: "lab", scope: .mesh, mode: .strict)),
    .mtls(MTLSIntent(plane: "lab", scope: .port, namespace: "shop", workload: "cart-v1", port: 9090, mode: .unset)),
    .object(ObjectIntent(ref: route, json: ["spec": ["hosts": ["reviews"]]], baseVersion: "7")),
    .object(ObjectIntent(ref: route, json: ["spec": [:]])),
    .delete(ObjectRef(plane: "lab", namespace: "", kind: "namespace", name: "old")),
  ]

  @Test(arguments: intents) func anIntentIsReadBackAsWritten(_ intent: Intent) throws {
    let text = JSONWriter.text(intent.json)
    #expect(try Intent(json: JSONValue(parsing: text)) == intent)
  }

  @Test func aPlanIsMovedOntoWhatIsThereNowUnlessItIsStale() async throws {
    let bench = Workbench()
    let (plan, planner) = (try bench.shifts(["a"]), Planner(bench.plane))
    #expect(try await planner.current(plan) == plan)
    bench.plane.edit(Workbench.ref("a")) { $0["spec"]?["other"] = "theirs" }
    let moved = try await planner.current(plan).steps[0]
    #expect(moved.before?["spec"]?["other"] == "theirs" && moved.after?["spec"]?["other"] == "theirs")
    let theirs = try JSONPatch([.replace("/spec/http/0/route/0/weight", 50)])
    bench.plane.edit(Workbench.ref("a")) { object in object = (try? theirs.applied(to: object)) ?? .null }
    #expect(await code { try await planner.current(plan) } == .conflict)
    let made = bench.plan([Step.creating(["kind": "thing"], as: Workbench.ref("a"), in: "/things")])
    #expect(await code { try await planner.current(made) } == .conflict)
  }

  static func plan() throws -> Plan {
    let bench = Workbench()
    var edit = try Workbench.shift(bench.plane.put(Workbench.ref("a"), spec: Workbench.spec))
    edit.barrier = .acknowledged(within: 30)
    edit.state = .applied
    let finding = Finding(
      code: "MD1101", severity: .warning, object: route, pointer: "/spec/http/0", message: "m\u{1b}[2J", remedy: "r",
      equivalents: ["KIA1107", "IST0101"])
    return Plan(
      id: "pabc", intent: intents[0], summary: "reviews: v1 → 9",
      steps: [
        edit, Step.creating(["kind": "thing"], as: Workbench.ref("b"), in: "/things"),
        Step.deleting(bench.plane.put(Workbench.ref("c"), spec: Workbench.spec)),
      ], findingsBefore: [finding], findingsAfter: [finding, finding],
      blastRadius: BlastRadius(
        lines: ["≈80 of 266/s move to v2"], movedRPS: 80.5, callers: ["shop/web"], breaks: ["x → y"]),
      owners: [Owner(tool: "Argo CD", name: "shop", evidence: "a label")],
      verdicts: [
        DryRunVerdict(step: 0, accepted: true, message: "yes"), DryRunVerdict(step: 1, accepted: nil, message: "?"),
      ],
      warnings: ["w"])
  }

  @Test func aPlanIsReadBackAsWritten() throws {
    let plan = try Self.plan()
    let text = JSONWriter.text(plan.json)
    #expect(try Plan(json: JSONValue(parsing: text)) == plan)
    #expect(plan.json["kind"] == "Plan")
    #expect(plan.json["steps"]?[0]?["precondition"]?["version"]?.string != nil)
  }

  @Test func aReceiptIsReadBackAsWritten() throws {
    for result in [Receipt.Result.applied, .undone, .failed, .partial, .rolledBack, .unknown] {
      let receipt = Receipt(
        plan: try Self.plan(), result: result, at: Instant(seconds: 1_700_000_000.125), author: "somebody",
        reason: "CHG-1 \"x\"",
        error: "e", failure: .unknownOutcome, versions: [0: "101", 2: ""])
      let text = JSONWriter.text(receipt.json)
      #expect(try Receipt(json: JSONValue(parsing: text)) == receipt)
      #expect(receipt.json["at"] == "2023-11-14T22:13:20.125Z")
    }
  }

  @Test(arguments: [
    #"{}"#, #"{"set":"weight"}"#, #"{"set":"weights"}"#, #"{"set":"weights","route":"reviews","weights":{"v1":1}}"#,
    #"{"set":"weights","route":"lab/shop/virtualservice/reviews","weights":{}}"#,
    #"{"set":"weights","route":"lab/shop/virtualservice/reviews","weights":{"v1":33.333}}"#,
    #"{"set":"weights","route":"lab/shop/virtualservice/reviews","weights":{"v1":"70"}}"#,
    #"{"set":"rule","route":"lab/shop/virtualservice/reviews","timeout":"3s"}"#,
    #"{"set":"mtls","plane":"lab","scope":"cluster","mode":"STRICT"}"#,
    #"{"set":"mtls","plane":"lab","scope":"mesh","mode":"strictly"}"#, #"{"set":"object","id":"a/b/c/d"}"#,
    #"{"set":"delete"}"#, #"[]"#, #"null"#,
  ])
  func anIntentThatSaysTooLittleIsRefused(_ text: String) throws {
    let json = try JSONValue(parsing: text)
    #expect(throws: MeshError.self) { try Intent(json: json) }
  }

  @Test func aPlanThatSaysTooLittleIsRefused() throws {
    let plan = try Self.plan().json
    for change: (inout JSONValue) -> Void in [
      { $0["kind"] = "Receipt" }, { $0["apiVersion"] = "meshdeck/v2" }, { $0["id"] = nil }, { $0["intent"] = nil },
      { $0["steps"] = [["object": "reviews"]] },
      { $0["steps"] = [["object": "a/b/c/d", "path": "/x", "precondition": [:], "patch": [["op": "increase"]]]] },
    ] {
      var broken = plan
      change(&broken)
      #expect(throws: MeshError.self) { try Plan(json: broken) }
    }
  }
}
