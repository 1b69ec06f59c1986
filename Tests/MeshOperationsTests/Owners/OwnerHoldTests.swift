import MeshModel
import MeshPlanes
import Synchronization
import Testing

@testable import MeshOperations

/// Holding an owner by the one field its own API has for it.
@Suite struct OwnerHoldTests {
  /// One row a kind: the word, an object that works, the field that holds it, and the value that does.
  static let rows: [(word: String, spec: JSONValue, field: JSONPointer, held: Bool)] = [
    ("canary", ["analysis": ["interval": "1m"]], "/spec/suspend", true),
    ("rollout", ["replicas": 3], "/spec/paused", true),
    (
      "application", ["syncPolicy": ["automated": ["prune": true, "selfHeal": true]]],
      "/spec/syncPolicy/automated/selfHeal", false
    ),
    ("kustomization", ["interval": "5m", "suspend": false], "/spec/suspend", true),
    ("helmrelease", ["interval": "5m"], "/spec/suspend", true),
  ]

  @Test(arguments: rows.indices) func holdingAndLettingGoChangeOneFieldAlone(_ place: Int) throws {
    let row = Self.rows[place]
    let hold = try #require(OwnerHold.of(kind: row.word))
    let working: JSONValue = ["metadata": ["name": "a"], "spec": row.spec]
    #expect(!hold.isHeld(working))
    let held = try hold.object(working, isHeld: true)
    #expect(held[row.field]?.bool == row.held)
    #expect(hold.isHeld(held))
    #expect(try hold.object(held, isHeld: true) == held, "it is so already")
    let again = try hold.object(held, isHeld: false)
    #expect(!hold.isHeld(again))
    var rest = again
    rest["spec"] = row.spec
    #expect(rest["metadata"] == working["metadata"])
    if row.word == "application" { #expect(again["spec"]?["syncPolicy"]?["automated"]?["prune"] == true) }
    #expect(OwnerHold.of(kind: hold.kind) == hold)
  }

  @Test func aPlanSaysInWordsWhomItHolds() {
    let ref = SmallWorld.ref("canary.flagger.app", "reviews")
    func summary(_ before: JSONValue, _ after: JSONValue, isStatus: Bool = false) -> String? {
      let step = Step(
        object: ref, path: "/o", write: .patch(JSONPatch([])), precondition: Precondition(version: "1"),
        inverse: .delete,
        before: before, after: after)
      return OwnerHold.summary(of: ObjectIntent(ref: ref, json: after, isStatus: isStatus), [step])
    }
    #expect(summary([:], ["spec": ["suspend": true]]) == "hold Flagger's canary shop/reviews")
    #expect(summary(["spec": ["suspend": true]], [:]) == "let Flagger's canary shop/reviews go on")
    #expect(summary([:], ["spec": ["analysis": [:]]]) == nil)
    #expect(summary([:], ["status": ["abort": true]], isStatus: true) == "move Flagger's canary shop/reviews")
  }

  @Test func anApplicationThatSyncsByHandHasNothingToHold() throws {
    let hold = try #require(OwnerHold.of(kind: "application"))
    let byHand: JSONValue = ["spec": ["syncPolicy": [:]]]
    #expect(hold.isHeld(byHand))
    #expect(try hold.object(byHand, isHeld: true) == byHand)
    #expect(throws: MeshError.self) { try hold.object(byHand, isHeld: false) }
  }

  @Test func kindsThatCannotBeHeldAreNone() {
    #expect(OwnerHold.of(kind: "deployment") == nil && OwnerHold.of(kind: "") == nil)
  }

  private static func plan(_ mark: String, owner: (ObjectKind, String, JSONValue)?) async throws -> Plan {
    let plane = FakePlane()
    let text = SmallWorld.reviews((80, 20)).split(separator: "\"namespace\":\"shop\"}", maxSplits: 1)
      .joined(separator: "\"namespace\":\"shop\",\(mark)}")
    let step = try PlannerTests.step(
      text,
      to: JSONPatch([.replace("/spec/http/0/route/0/weight", 70)]).applied(
        to: JSONValue(parsing: text)))
    plane.state.withLock { state in
      state.steps = [step]
      if let (kind, name, spec) = owner {
        let ref = SmallWorld.ref(kind, name)
        state.objects[ref] = NativeObject(
          ref: ref, path: "/o", json: ["metadata": ["name": .string(name), "namespace": "shop"], "spec": spec],
          version: "9")
      }
    }
    var world = try SmallWorld()
    try world.add(object: text)
    return try await Planner(plane).plan(PlannerTests.intent, in: world.view)
  }

  private static let flagger =
    #""ownerReferences":[{"apiVersion":"flagger.app/v1beta1","kind":"Canary","name":"reviews","uid":"u"}]"#

  @Test func weightsThatFlaggerOwnsAreWarnedOfWithTheCommandThatHoldsIt() async throws {
    let plan = try await Self.plan(Self.flagger, owner: ("canary.flagger.app", "reviews", ["analysis": [:]]))
    let warning = try #require(plan.warnings.first)
    #expect(warning.hasPrefix("Flagger reviews owns this object (owner reference Canary reviews): it sets the weights"))
    #expect(warning.contains("meshdeck owner suspend canary/reviews -n shop"))
    #expect(plan.owners.map(\.kind) == ["canary.flagger.app"])
  }

  @Test func anOwnerThatIsHeldLeavesTheEditAlone() async throws {
    let plan = try await Self.plan(Self.flagger, owner: ("canary.flagger.app", "reviews", ["suspend": true]))
    #expect(plan.warnings.first?.contains("leaves the edit alone until") == true, "\(plan.warnings)")
    #expect(plan.warnings.first?.contains("meshdeck owner resume canary/reviews -n shop") == true)
  }

  @Test func aRolloutIsFoundByWhatItRoutesAndIsNoCalmerForBeingPaused() async throws {
    let mark = #""managedFields":[{"manager":"rollouts-controller","operation":"Update"}]"#
    let spec: JSONValue = [
      "paused": true,
      "strategy": ["canary": ["trafficRouting": ["istio": ["virtualService": ["name": "reviews"]]]]],
    ]
    let plan = try await Self.plan(mark, owner: ("rollout.argoproj.io", "reviews-rollout", spec))
    #expect(plan.owners.map(\.name) == ["reviews-rollout"])
    #expect(plan.warnings.first?.contains("writes its step's weights again at once, paused or not") == true)
    #expect(plan.warnings.first?.contains("meshdeck owner promote rollout/reviews-rollout -n shop") == true)
  }

  @Test func anOwnerWhoseObjectCannotBeReadIsWarnedOfAllTheSame() async throws {
    let plan = try await Self.plan(Self.flagger, owner: nil)
    #expect(plan.warnings.first?.contains("it sets the weights again") == true)
  }
}
