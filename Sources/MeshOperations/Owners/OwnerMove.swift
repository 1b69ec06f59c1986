public import MeshModel

/// What an owner can be told to do, each by a documented write of its own object: an ordinary edit with precondition,
/// difference and undo.
public enum OwnerMove: String, Sendable, Hashable, CaseIterable {
  /// Lets a rollout go on: past its step, through its gate, or to its end.
  case promote
  /// Gives all traffic back to the stable version.
  case abort
  /// Begins again after an abort.
  case retry
  /// Makes the cluster what Git says, now.
  case sync

  /// The words of the kinds it is for.
  public var words: [String] {
    switch self {
    case .promote, .abort: ["rollout", "canary"]
    case .retry: ["rollout"]
    case .sync: ["application", "kustomization", "helmrelease"]
    }
  }

  /// The edit of an owner's object that tells it so.
  ///
  /// Fails with `.usage` for a kind that has no such verb, and with `.refused` where it means nothing as the owner is, or
  /// where no field of the object says it: then the remedy is the command that does.
  public func intent(for owner: NativeObject, by author: String, at now: Instant) throws(MeshError) -> ObjectIntent {
    guard let hold = OwnerHold.of(kind: owner.ref.kind), words.contains(hold.word) else {
      let place = owner.ref.namespace.isEmpty ? "" : " -n \(owner.ref.namespace)"
      let word = OwnerHold.of(kind: owner.ref.kind)?.word
      throw MeshError(
        .usage, "\(rawValue) is for \(words.joined(separator: ", "))", object: owner.ref,
        remedy: word.map { "hold this one: meshdeck owner suspend \($0)/\(owner.ref.name)\(place)" })
    }
    if let move = RolloutMove(rawValue: rawValue), hold.kind == RolloutMove.kind {
      return ObjectIntent(
        ref: owner.ref, json: try move.object(owner.json), baseVersion: owner.version, isStatus: true)
    }
    let json =
      switch (hold.word, self) {
      case ("canary", .promote): try CanaryMove(owner).promoted()
      case ("canary", _): throw CanaryMove(owner).abortion()
      case ("application", _): try Self.syncing(application: owner, by: author)
      default: try Self.syncing(hold, owner, at: now)
      }
    return ObjectIntent(ref: owner.ref, json: json, baseVersion: owner.version)
  }

  /// Source: Argo CD, "Sync Applications with Kubectl".
  private static func syncing(application owner: NativeObject, by author: String) throws(MeshError) -> JSONValue {
    guard owner.json["operation"] == nil else {
      throw MeshError(.refused, "an operation of it is under way", object: owner.ref, remedy: "wait for its end")
    }
    var json = owner.json
    json["operation"] = ["initiatedBy": ["username": .string(author)], "sync": ["syncStrategy": ["hook": [:]]]]
    return json
  }

  private static let requestedAt = "reconcile.fluxcd.io/requestedAt"

  /// Source: Flux, "Triggering a reconcile": another value of the annotation is the request; what is suspended has none.
  private static func syncing(
    _ hold: OwnerHold, _ owner: NativeObject, at now: Instant
  ) throws(MeshError) -> JSONValue {
    guard !hold.isHeld(owner.json) else {
      let place = "\(hold.word)/\(owner.ref.name) -n \(owner.ref.namespace)"
      throw MeshError(
        .refused, "it is held by spec.suspend", object: owner.ref,
        remedy: "let it go first: meshdeck owner resume \(place)")
    }
    var json = owner.json
    var annotations = json["metadata"]?["annotations"] ?? [:]
    annotations[requestedAt] = .string(now.rfc3339)
    json["metadata"]?["annotations"] = annotations
    return json
  }

  /// What a plan tells an owner to do, in words; `nil` where it does not.
  static func summary(of intent: ObjectIntent, _ steps: [Step]) -> String? {
    guard let hold = OwnerHold.of(kind: intent.ref.kind), let step = steps.first, let before = step.before,
      let after = step.after
    else { return nil }
    let name = "\(hold.tool)'s \(hold.word) \(intent.ref.shortName)"
    let annotation = JSONPointer(["metadata", "annotations", requestedAt])
    if before["operation"] == nil, after["operation"] != nil { return "sync \(name)" }
    if let requested = after[annotation], before[annotation] != requested { return "sync \(name)" }
    guard hold.word == "canary" else { return nil }
    if CanaryMove.skips(after), !CanaryMove.skips(before) {
      return "promote \(name) without its analysis; undo this once it succeeded, or later versions have none either"
    }
    return CanaryMove.openGates(after) > CanaryMove.openGates(before) ? "open the gate of \(name)" : nil
  }
}
