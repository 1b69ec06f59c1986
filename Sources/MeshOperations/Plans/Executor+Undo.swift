public import MeshModel
import MeshPlanes

/// Taking applied plans back.
extension Executor {
  /// Takes an applied plan back, last step first; refuses, with nothing written, where somebody changed since what it set.
  ///
  /// - Parameters:
  ///   - wait: The seconds to wait, after the last step, until the proxies concerned acknowledged; `nil` does not wait.
  ///     A rejection leaves the plan applied; a proxy that is late stands in the receipt.
  public func undo(
    _ receipt: Receipt, reason: String, wait: Double? = nil,
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws(MeshError) -> Receipt {
    let receipt = try await settled(receipt)
    // Found as it was before, the plan would be noted as taken back, though a rejection may yet put it back.
    let (id, others) = (receipt.plan.id, try journal.receipts())
    if others.contains(where: { $0.isUndo(of: id) && $0.result == .unknown && journal.isApplying($0.plan.id) }) {
      throw MeshError(
        .refused, "plan \(id) is being taken back by another process", remedy: "wait for its end: meshdeck history")
    }
    let undone = try await apply(try await undoing(receipt), reason: reason, wait: wait, progress: progress)
    if undone.result == .applied {
      var closed = receipt
      // When it went live stays told; when it was taken back, the record of the undo tells.
      closed.result = .undone
      for index in closed.plan.steps.indices where closed.plan.steps[index].state == .applied {
        closed.plan.steps[index].state = .rolledBack
      }
      // The undo is done and journalled as itself; a second line that cannot be written does not undo that.
      try? journal.append(JournalEntry(event: .ended, receipt: closed))
    }
    return undone
  }

  /// The plan that takes an applied one back, from the objects as they are now; nothing is written to the mesh.
  public func undoPlan(_ receipt: Receipt) async throws(MeshError) -> Plan {
    try await undoing(try await settled(receipt))
  }

  private func undoing(_ receipt: Receipt) async throws(MeshError) -> Plan {
    let applied = receipt.plan.steps.enumerated().filter { $0.element.state == .applied }
    guard !applied.isEmpty else {
      throw MeshError(
        .refused, "plan \(receipt.plan.id) has no applied step to take back", remedy: "see `meshdeck history`")
    }
    var plan = receipt.plan
    plan.steps = []
    for (index, step) in applied.reversed() {
      guard var undo = try await inverse(of: step, version: receipt.versions[index]) else { continue }
      // What was held back until this step's predecessor was acknowledged rests on it on the way back too.
      undo.barrier = index > 0 ? receipt.plan.steps[index - 1].barrier : nil
      plan.steps.append(undo)
    }
    plan.verdicts = []
    plan.summary = "undo: \(receipt.plan.summary)"
    plan.id = receipt.plan.id + Receipt.undoMark
    return plan
  }

  /// A receipt that a crash left open, with the states of its steps as reading back tells them; others as they are.
  ///
  /// Where nothing of it arrived, the record is closed as failed and the error says so. One that is still being applied is
  /// refused: it has an end to come to.
  func settled(_ receipt: Receipt) async throws(MeshError) -> Receipt {
    try await control.accept(receipt.plan)
    guard receipt.result == .unknown || receipt.plan.steps.contains(where: { $0.state == .unknown }) else {
      return receipt
    }
    guard !journal.isApplying(receipt.plan.id) else {
      throw MeshError(
        .refused, "plan \(receipt.plan.id) is being applied by another process",
        remedy: "wait for its end: meshdeck history \(receipt.plan.id)")
    }
    var settled = receipt
    for index in settled.plan.steps.indices where settled.plan.steps[index].state != .applied {
      let step = settled.plan.steps[index]
      guard step.state == .pending || step.state == .unknown else { continue }
      switch try await trace(of: step) {
      case .arrived(let now):
        settled.plan.steps[index].state = .applied
        settled.plan.steps[index].after = now?.json
        settled.versions[index] = now?.version ?? ""
      case .absent: settled.plan.steps[index].state = .failed
      case .unclear:
        throw MeshError(
          .unknownOutcome,
          "it cannot be told whether step \(index + 1) arrived: the object is neither as before nor as meant",
          object: step.object, remedy: "look at `meshdeck describe \(step.object)` and edit it afresh")
      }
    }
    guard settled.plan.steps.contains(where: { $0.state == .applied }) else {
      settled.result = .failed
      settled.error = "nothing of it reached the server"
      settled.failure = .unreachable
      try journal.append(JournalEntry(event: .ended, receipt: settled))
      throw MeshError(
        .refused, "plan \(receipt.plan.id) never reached the server, so there is nothing to take back",
        remedy: "see `meshdeck history`")
    }
    return settled
  }

  /// The step that takes an applied one back, checked against the object as it is now; `nil` where it is taken back
  /// already, as after an undo that a crash cut short.
  func inverse(of step: Step, version: String?) async throws(MeshError) -> Step? {
    var undo = step
    undo.write = step.inverse
    undo.inverse = step.write
    undo.state = .pending
    undo.before = step.after
    undo.after = step.before
    if case .delete = step.write {
      undo.precondition = Precondition(version: nil, isAtomic: step.precondition.isAtomic)
      return undo
    }
    let now: NativeObject
    do throws(MeshError) { now = try await control.native(step.object) } catch  where error.code == .notFound {
      if case .create = step.write { return nil }
      throw MeshError(.conflict, "the object was deleted since", object: step.object, remedy: "make it afresh")
    }
    guard step.precondition.uid.isEmpty || now.uid == step.precondition.uid else {
      throw MeshError(
        .conflict, "the object was deleted and made anew since", object: step.object, remedy: "edit it afresh")
    }
    if now.version != version {
      if case .patch(let patch) = step.write, let before = step.before,
        StepGuards.untouched(patch, between: before, and: now.json)
      {
        return nil
      }
      let foreign = StepGuards.changed(by: step, in: now.json)
      guard foreign.isEmpty else {
        throw MeshError(
          .conflict, "somebody changed \(foreign.map(\.description).joined(separator: ", ")) since",
          object: step.object, remedy: "look at `meshdeck describe \(step.object)` and edit it afresh")
      }
    }
    undo.precondition.version = now.version
    undo.precondition.uid = now.uid
    undo.before = now.json
    if case .patch(let patch) = undo.write {
      let guarded = StepGuards.rebased(patch, on: now, expecting: step)
      undo.write = .patch(guarded)
      undo.after = try? guarded.applied(to: now.json)
    }
    return undo
  }
}

extension Receipt {
  /// What the identity of the plan that takes another back holds.
  static let undoMark = "-undo"

  /// Whether it may have left something on the mesh that can be taken back. One whose end is not known may: it is settled
  /// by reading back before an older one is touched.
  public var isReversible: Bool {
    (result == .applied || result == .partial || result == .unknown) && !plan.steps.isEmpty
  }

  /// Whether it is one that is taken back where none is named: an undo is so only by its own name.
  public var isUndoable: Bool { isReversible && !isUndo }

  /// Whether it took back what was as before already, so that there was nothing to write.
  public var wroteNothing: Bool { result == .applied && plan.steps.isEmpty }

  /// Whether it is of a plan that took another back.
  public var isUndo: Bool { plan.id.contains(Self.undoMark) }

  /// Whether it is of the plan that took another back.
  public func isUndo(of id: String) -> Bool { plan.id.hasPrefix(id + Self.undoMark) }
}

extension [Receipt] {
  /// The receipt to take back: the one of an id or its beginning, or the first that can be and is meant.
  ///
  /// - Parameter remedy: Where to look where there is none.
  package func undoable(
    _ id: String?, remedy: String, where isMeant: (Plan) -> Bool = { _ in true }
  ) throws(MeshError) -> Receipt {
    guard let id else {
      guard let newest = first(where: { $0.isUndoable && isMeant($0.plan) }) else {
        throw MeshError(.notFound, "the journal holds nothing to take back", remedy: remedy)
      }
      return newest
    }
    let found = filter { $0.plan.id == id || $0.plan.id.hasPrefix(id) && !$0.isUndo }
    guard let receipt = found.first(where: { $0.plan.id == id }) ?? (found.count == 1 ? found.first : nil) else {
      throw MeshError(
        .notFound, "the journal holds \(found.isEmpty ? "no plan" : "several plans") \(id)", remedy: remedy)
    }
    return receipt
  }
}
