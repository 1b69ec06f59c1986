import MeshModel

/// A move of an Argo Rollout through its steps, made as its own plugin makes it: by the status that its controller reads.
///
/// Sources: Argo Rollouts' plugin, `promote` (of a paused Rollout the pause conditions are taken away, of another one its
/// step is passed over), `abort` and `retry rollout` (`status.abort`).
enum RolloutMove: String {
  /// Ends the pause, or the step, that it is in.
  case promote
  /// Gives all traffic back to the stable version.
  case abort
  /// Begins again after an abort.
  case retry

  /// The kind that has these moves.
  static let kind: ObjectKind = "rollout.argoproj.io"

  /// The Rollout as its controller shall find it.
  ///
  /// Fails with `.refused` where the move means nothing to it as it is.
  func object(_ rollout: JSONValue) throws(MeshError) -> JSONValue {
    let status = rollout["status"] ?? [:]
    switch self {
    case .abort:
      guard status["abort"]?.bool != true else { throw Self.refusal("it is aborted already") }
      return rollout.setting(true, at: "abort")
    case .retry:
      guard status["abort"]?.bool == true else { throw Self.refusal("it is not aborted") }
      return rollout.setting(false, at: "abort")
    case .promote:
      if rollout["spec"]?["paused"]?.bool == true {
        throw Self.refusal("it is held by spec.paused", remedy: "let it go first: meshdeck owner resume rollout/NAME")
      }
      if status["pauseConditions"]?.array?.isEmpty == false { return rollout.setting(nil, at: "pauseConditions") }
      let steps = rollout["spec"]?["strategy"]?["canary"]?["steps"]?.array?.count ?? 0
      guard steps > 0 else { throw Self.refusal("it has no canary steps, and is not paused") }
      let step = status["currentStepIndex"]?.int ?? 0
      guard step < steps else { throw Self.refusal("it is past its last step") }
      return rollout.setting(.int(step + 1), at: "currentStepIndex")
    }
  }

  private static func refusal(_ reason: String, remedy: String = "look at it: meshdeck owner show rollout/NAME")
    -> MeshError
  {
    MeshError(.refused, reason, remedy: remedy)
  }
}

extension JSONValue {
  /// A Rollout with one member of its status set, or taken away.
  fileprivate func setting(_ value: JSONValue?, at name: String) -> JSONValue {
    var result = self
    var status = result["status"] ?? [:]
    status[name] = value
    result["status"] = status
    return result
  }
}
