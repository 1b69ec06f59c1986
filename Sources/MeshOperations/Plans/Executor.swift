public import MeshModel
public import MeshPlanes

/// The one path by which anything is written: journal, step, read back, barrier, and rollback.
///
/// Never are two writes of one plan under way; the journal is on the disk before a request leaves; a failure at step k
/// takes steps k-1 … 1 back by their exact inverses, and what could not be taken back is reported as it is.
public struct Executor: Sendable {
  let control: any ControlPlane
  let journal: Journal
  let author: String
  let clock: @Sendable () -> Instant
  let pause: @Sendable (Double) async -> Void

  /// Creates an executor; `clock` and `pause` (seconds) are handed in so that tests need no time.
  public init(
    control: any ControlPlane, journal: Journal, author: String,
    clock: @escaping @Sendable () -> Instant = { .now },
    pause: @escaping @Sendable (Double) async -> Void = { try? await Task.sleep(for: .seconds($0)) }
  ) {
    self.control = control
    self.journal = journal
    self.author = author
    self.clock = clock
    self.pause = pause
  }

  /// What is going on while a plan is applied.
  public enum Progress: Sendable, Hashable {
    /// A step is being written.
    case writing(step: Int)
    /// A step was written.
    case written(step: Int)
    /// Proxies are awaited: how many acknowledged, of how many.
    case waiting(step: Int, acknowledged: Int, proxies: Int)
    /// A step is being taken back.
    case rollingBack(step: Int)
  }

  /// Applies a plan and gives its receipt; the error of a plan that failed stands in the receipt.
  ///
  /// Throws only where nothing was sent: the journal cannot be written, or the plan refuses itself.
  public func apply(
    _ plan: Plan, reason: String, progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws(MeshError) -> Receipt {
    if let refusal = plan.verdicts.first(where: { $0.accepted == false }) {
      throw MeshError(.refused, "the server refuses step \(refusal.step + 1): \(refusal.message)")
    }
    var receipt = Receipt(plan: plan, result: .unknown, at: clock(), author: author, reason: reason)
    try journal.append(JournalEntry(event: .begun, receipt: receipt))
    for index in receipt.plan.steps.indices {
      progress(.writing(step: index))
      do throws(MeshError) {
        let outcome = try await write(&receipt.plan.steps[index])
        receipt.plan.steps[index].state = .applied
        receipt.versions[index] = outcome.version
        receipt.at = clock()
        try? journal.append(JournalEntry(event: .step, receipt: receipt))
        progress(.written(step: index))
        if let barrier = receipt.plan.steps[index].barrier {
          try await wait(for: barrier, step: index, plan: receipt.plan, progress)
        }
      } catch {
        await fail(&receipt, at: index, error, progress)
        try? journal.append(JournalEntry(event: .ended, receipt: receipt))
        return receipt
      }
    }
    receipt.result = .applied
    receipt.at = clock()
    try? journal.append(JournalEntry(event: .ended, receipt: receipt))
    return receipt
  }

  /// Takes an applied plan back, last step first; refuses, with nothing written, where somebody changed since what it set.
  public func undo(
    _ receipt: Receipt, reason: String, progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws(MeshError) -> Receipt {
    let applied = receipt.plan.steps.enumerated().filter { $0.element.state == .applied }
    guard !applied.isEmpty else {
      throw MeshError(.refused, "plan \(receipt.plan.id) has no applied step to take back")
    }
    var steps: [Step] = []
    for (index, step) in applied.reversed() {
      steps.append(try await inverse(of: step, version: receipt.versions[index]))
    }
    var plan = receipt.plan
    plan.steps = steps
    plan.verdicts = []
    plan.summary = "undo: \(receipt.plan.summary)"
    var undone = Receipt(plan: plan, result: .unknown, at: clock(), author: author, reason: reason)
    undone.plan.id = receipt.plan.id + "-undo"
    undone = try await apply(undone.plan, reason: reason, progress: progress)
    if undone.result == .applied {
      var closed = receipt
      closed.result = .undone
      closed.at = clock()
      for index in closed.plan.steps.indices where closed.plan.steps[index].state == .applied {
        closed.plan.steps[index].state = .rolledBack
      }
      try journal.append(JournalEntry(event: .ended, receipt: closed))
    }
    return undone
  }

  /// The step that takes an applied one back, checked against the object as it is now.
  func inverse(of step: Step, version: String?) async throws(MeshError) -> Step {
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
    let now = try await control.native(step.object)
    guard step.precondition.uid.isEmpty || now.uid == step.precondition.uid else {
      throw MeshError(
        .conflict, "the object was deleted and made anew since", object: step.object, remedy: "edit it afresh")
    }
    if now.version != version {
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

  private func fail(
    _ receipt: inout Receipt, at index: Int, _ error: MeshError, _ progress: @Sendable (Progress) -> Void
  ) async {
    receipt.error = error.description
    receipt.failure = error.code
    if receipt.plan.steps[index].state != .applied {
      receipt.plan.steps[index].state = error.code == .unknownOutcome ? .unknown : .failed
    }
    var stuck = receipt.plan.steps[index].state == .unknown
    for earlier in receipt.plan.steps.indices.reversed() where receipt.plan.steps[earlier].state == .applied {
      progress(.rollingBack(step: earlier))
      do throws(MeshError) {
        var undo = try await inverse(of: receipt.plan.steps[earlier], version: receipt.versions[earlier])
        _ = try await write(&undo)
        receipt.plan.steps[earlier].state = .rolledBack
      } catch {
        stuck = true
        receipt.error = "\(receipt.error ?? ""); step \(earlier + 1) could not be taken back: \(error.description)"
      }
    }
    let applied = receipt.plan.steps.contains { $0.state == .applied }
    let rolledBack = receipt.plan.steps.contains { $0.state == .rolledBack }
    receipt.result = applied ? .partial : stuck ? .unknown : rolledBack ? .rolledBack : .failed
    receipt.at = clock()
  }

  /// Writes one step; cures a lost answer by reading back, and an edit of something else by rebasing, three times at most.
  private func write(_ step: inout Step) async throws(MeshError) -> StepOutcome {
    for _ in 0..<3 {
      do throws(MeshError) {
        return try await control.apply(step)
      } catch {
        switch error.code {
        case .unknownOutcome:
          if let outcome = try await readBack(&step, after: error) { return outcome }
        case .conflict:
          guard let rebased = try await rebase(step, after: error) else { throw error }
          step = rebased
        default: throw error
        }
      }
    }
    throw MeshError(.conflict, "the object changes faster than it can be edited", object: step.object)
  }

  /// What became of a write whose answer was lost: its outcome, or `nil` where it never arrived and may be sent again.
  private func readBack(_ step: inout Step, after error: MeshError) async throws(MeshError) -> StepOutcome? {
    let now: NativeObject
    do throws(MeshError) { now = try await control.native(step.object) } catch let readError {
      if case .delete = step.write, readError.code == .notFound { return StepOutcome(version: "", json: nil) }
      if case .create = step.write, readError.code == .notFound { return nil }
      throw error
    }
    if now.version == step.precondition.version { return nil }
    if case .delete = step.write { throw error }
    guard StepGuards.changed(by: step, in: now.json).isEmpty else { throw error }
    return StepOutcome(version: now.version, json: now.json)
  }

  /// The step on the object as it is now, where nothing it changes was touched; `nil` where that is not so.
  private func rebase(_ step: Step, after error: MeshError) async throws(MeshError) -> Step? {
    guard case .patch(let patch) = step.write, let before = step.before else { return nil }
    let now = try await control.native(step.object)
    guard step.precondition.uid.isEmpty || now.uid == step.precondition.uid else { return nil }
    guard now.version != step.precondition.version, StepGuards.untouched(patch, between: before, and: now.json) else {
      return nil
    }
    var rebased = step
    rebased.precondition.version = now.version
    rebased.before = now.json
    rebased.write = .patch(StepGuards.revision(patch, now.version))
    rebased.after = try? StepGuards.revision(patch, now.version).applied(to: now.json)
    return rebased
  }

  private func wait(
    for barrier: Barrier, step: Int, plan: Plan, _ progress: @Sendable (Progress) -> Void
  ) async throws(MeshError) {
    guard case .acknowledged(let seconds) = barrier else { return }
    // A barrier stands between two steps; after the last one the screen shows the acknowledgements as they come.
    guard step < plan.steps.count - 1 else { return }
    let deadline = clock().seconds + seconds
    while true {
      let report = await control.programmed(for: [], in: MeshSnapshot())
      guard !report.proxies.isEmpty else { return }
      if let rejected = report.proxies.first(where: { $0.rejection != nil }), let text = rejected.rejection {
        throw MeshError(
          .refused, "proxy \(rejected.ref.name) rejects the configuration: \(text)", object: plan.steps[step].object)
      }
      let acknowledged = report.proxies.count { proxy in !proxy.sync.values.contains { $0 == .stale } }
      progress(.waiting(step: step, acknowledged: acknowledged, proxies: report.proxies.count))
      if acknowledged == report.proxies.count { return }
      if clock().seconds >= deadline {
        throw MeshError(
          .unreachable, "\(acknowledged) of \(report.proxies.count) proxies acknowledged within \(Int(seconds)) s",
          object: plan.steps[step].object)
      }
      await pause(0.5)
    }
  }
}
