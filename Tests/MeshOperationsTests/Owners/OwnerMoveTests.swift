import MeshModel
import Testing

@testable import MeshOperations

/// Telling an owner what to do by the writes that its own documents name, or the command where there is none.
@Suite struct OwnerMoveTests {
  private static func intent(
    _ move: OwnerMove, _ kind: ObjectKind, _ json: JSONValue
  ) throws(MeshError) -> ObjectIntent {
    let ref = SmallWorld.ref(kind, "reviews")
    let owner = NativeObject(ref: ref, path: "/o", json: json, version: "9")
    return try move.intent(for: owner, by: "maria", at: Instant(seconds: 1_795_000_000))
  }

  private static func canary(_ phase: String, _ webhooks: [JSONValue] = []) -> JSONValue {
    [
      "metadata": ["name": "reviews", "namespace": "shop"],
      "spec": [
        "targetRef": ["kind": "Deployment", "name": "reviews"], "analysis": ["webhooks": .array(webhooks)],
      ], "status": ["phase": .string(phase)],
    ]
  }

  private static func hook(_ type: String, _ path: String, host: String = "flagger-loadtester.test") -> JSONValue {
    ["name": "gate", "type": .string(type), "url": .string("http://\(host)\(path)")]
  }

  private static let kind: ObjectKind = "canary.flagger.app"

  /// Source: Flagger, "Webhooks", Manual Gating.
  @Test(arguments: [("Waiting", "confirm-rollout"), ("WaitingPromotion", "confirm-promotion")])
  func aGateThatHaltsIsOpened(phase: String, type: String) throws {
    let hooks = [Self.hook("rollout", "/"), Self.hook(type, "/gate/halt")]
    let intent = try Self.intent(.promote, Self.kind, Self.canary(phase, hooks))
    #expect(
      intent.json["spec"]?["analysis"]?["webhooks"]?[1]?["url"] == "http://flagger-loadtester.test/gate/approve")
    #expect(intent.json["spec"]?["skipAnalysis"] == nil)
    #expect(!intent.isStatus && intent.baseVersion == "9")
  }

  @Test func anAnalysisUnderWayIsEnded() throws {
    let before = Self.canary("Progressing")
    let intent = try Self.intent(.promote, Self.kind, before)
    #expect(intent.json["spec"]?["skipAnalysis"] == true)
    let step = Step(
      object: intent.ref, path: "/o", write: .patch(JSONPatch([])), precondition: Precondition(version: "9"),
      inverse: .delete, before: before, after: intent.json)
    #expect(OwnerMove.summary(of: intent, [step])?.contains("or later versions have none either") == true)
  }

  /// Source: Flagger, "Webhooks": the tester's own commands.
  @Test(arguments: [
    (
      OwnerMove.promote, canary("Waiting", [hook("confirm-rollout", "/gate/check")]),
      "kubectl -n test exec deploy/flagger-loadtester -- curl -d "
        + #"'{"name":"reviews","namespace":"shop"}' http://localhost:8080/gate/open"#
    ),
    (
      .abort, canary("Progressing", [hook("rollback", "/rollback/check")]),
      "kubectl -n test exec deploy/flagger-loadtester -- curl -d "
        + #"'{"name":"reviews","namespace":"shop"}' http://localhost:8080/rollback/open"#
    ),
    (.abort, canary("Progressing"), "kubectl -n shop rollout undo deployment/reviews"),
    (.abort, canary("Progressing", [hook("rollback", "/rollback/check", host: "a$(id).b")]), "have it answer 200"),
    (.promote, canary("Waiting", [hook("confirm-rollout", "/ask")]), "have it answer 200"),
    (.abort, canary("Succeeded"), "look at it: kubectl describe"),
    (.promote, canary("Succeeded"), "deploy a new version"),
  ])
  func whatNoFieldDoesIsRefusedWithTheCommand(move: OwnerMove, canary: JSONValue, remedy: String) {
    let error = #expect(throws: MeshError.self) { try Self.intent(move, Self.kind, canary) }
    #expect(error?.code == .refused)
    #expect(error?.remedy?.hasPrefix(remedy) == true, "\(error?.remedy ?? "")")
  }

  /// Source: Argo CD, "Sync Applications with Kubectl".
  @Test func anApplicationIsSynced() throws {
    let before: JSONValue = ["metadata": ["name": "reviews"], "spec": ["project": "default"]]
    let intent = try Self.intent(.sync, "application.argoproj.io", before)
    #expect(
      intent.json["operation"]
        == ["initiatedBy": ["username": "maria"], "sync": ["syncStrategy": ["hook": [:]]]])
    #expect(intent.json["spec"] == before["spec"])
    #expect(throws: MeshError.self) { try Self.intent(.sync, "application.argoproj.io", intent.json) }
  }

  /// Source: Flux, "Triggering a reconcile".
  @Test(arguments: ["kustomization.kustomize.toolkit.fluxcd.io", "helmrelease.helm.toolkit.fluxcd.io"])
  func fluxIsAskedByAnAnnotation(kind: ObjectKind) throws {
    let object: JSONValue = ["metadata": ["name": "reviews", "annotations": ["a": "b"]], "spec": ["suspend": false]]
    let intent = try Self.intent(.sync, kind, object)
    let annotations = intent.json["metadata"]?["annotations"]
    #expect(annotations?["reconcile.fluxcd.io/requestedAt"]?.string == Instant(seconds: 1_795_000_000).rfc3339)
    #expect(annotations?["a"] == "b")
    let held: JSONValue = ["metadata": ["name": "reviews"], "spec": ["suspend": true]]
    let error = #expect(throws: MeshError.self) { try Self.intent(.sync, kind, held) }
    #expect(error?.remedy?.contains("meshdeck owner resume") == true)
  }

  @Test(arguments: [
    (OwnerMove.sync, "rollout.argoproj.io"), (.retry, "canary.flagger.app"), (.promote, "application.argoproj.io"),
    (.promote, "deployment"),
  ])
  func aVerbIsForItsKindsAlone(move: OwnerMove, kind: ObjectKind) {
    let error = #expect(throws: MeshError.self) { try Self.intent(move, kind, [:]) }
    #expect(error?.code == .usage)
  }
}
