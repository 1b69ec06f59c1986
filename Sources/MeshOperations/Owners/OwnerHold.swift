public import MeshModel

/// The field by which an owner is told to leave its objects alone for a while.
///
/// Each is a documented field of the owner's own object, so that holding it is an ordinary edit with precondition,
/// difference and undo.
public struct OwnerHold: Sendable, Hashable {
  /// The word for the kind on the command line, such as `canary`.
  public var word: String
  /// The kind with its API's group, such as `canary.flagger.app`.
  public var kind: ObjectKind
  /// The tool, as its makers spell it.
  public var tool: String
  /// The field's place.
  public var field: JSONPointer
  /// The value that holds the owner; the other one lets it work.
  public var holding: Bool

  /// The kinds that can be held.
  ///
  /// Sources: Flagger's definition of Canary (`spec.suspend`: "disabling/pausing all canary runs"); Flux's Kustomization and
  /// HelmRelease (`spec.suspend`); Argo Rollouts' plugin, whose `pause` patches `spec.paused`; Argo CD's Application
  /// (`spec.syncPolicy.automated.selfHeal`).
  public static let all = [
    OwnerHold(
      word: "canary", kind: "canary.flagger.app", tool: "Flagger", field: "/spec/suspend", holding: true),
    OwnerHold(
      word: "rollout", kind: "rollout.argoproj.io", tool: "Argo Rollouts", field: "/spec/paused", holding: true),
    OwnerHold(
      word: "application", kind: "application.argoproj.io", tool: "Argo CD",
      field: "/spec/syncPolicy/automated/selfHeal", holding: false),
    OwnerHold(
      word: "kustomization", kind: "kustomization.kustomize.toolkit.fluxcd.io", tool: "Flux", field: "/spec/suspend",
      holding: true),
    OwnerHold(
      word: "helmrelease", kind: "helmrelease.helm.toolkit.fluxcd.io", tool: "Flux", field: "/spec/suspend",
      holding: true),
  ]

  /// The hold of a kind, named by its word or with its group; `nil` for a kind that cannot be held.
  public static func of(kind: ObjectKind) -> OwnerHold? {
    all.first { $0.word == kind.lowercased() || $0.kind == kind.lowercased() }
  }

  /// Whether an owner's object is held; a field that is absent is `false` (an Application without `automated` never
  /// reverts anything, and counts as held).
  public func isHeld(_ object: JSONValue) -> Bool { (object[field]?.bool ?? false) == holding }

  /// What a plan does to an owner, in words; `nil` where it is no owner, or neither holds it nor lets it go on or move.
  static func summary(of intent: ObjectIntent, _ steps: [Step]) -> String? {
    guard let hold = of(kind: intent.ref.kind), let step = steps.first, let before = step.before, let after = step.after
    else { return nil }
    let name = "\(hold.tool)'s \(hold.word) \(intent.ref.shortName)"
    if intent.isStatus { return "move \(name)" }
    guard hold.isHeld(before) != hold.isHeld(after) else { return nil }
    return hold.isHeld(after) ? "hold \(name)" : "let \(name) go on"
  }

  /// The object held, or let go; itself where it is so already.
  ///
  /// Fails with `.refused` for an Application that syncs by hand alone: there is nothing to hold, and letting it heal would
  /// be more than there was.
  public func object(_ object: JSONValue, isHeld wanted: Bool) throws(MeshError) -> JSONValue {
    guard isHeld(object) != wanted else { return object }
    do throws(JSONPatchError) {
      return try JSONPatch([.add(field, .bool(wanted == holding))]).applied(to: object)
    } catch {
      throw MeshError(
        .refused, "the \(word) has no \(field.parent?.description ?? field.description): it does nothing by itself",
        remedy: "change its own definition")
    }
  }
}
