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
      throw refusal.error(plane: plan.intent.plane)
    }
    var receipt = Receipt(plan: plan, result: .unknown, at: clock(), author: author, reason: reason)
    receipt.plan.id = try journal.unused(plan.id)
    for index in receipt.plan.steps.indices { receipt.plan.steps[index].state = .pending }
    try journal.append(JournalEntry(event: .begun, receipt: receipt))
    for index in receipt.plan.steps.indices {
      do throws(MeshError) {
        // Between two steps is where an interruption counts; a request under way is always waited for.
        if Task.isCancelled { throw MeshError(.cancelled, "interrupted before step \(index + 1)") }
        progress(.writing(step: index))
        let (written, result) = await shielded(receipt.plan.steps[index])
        receipt.plan.steps[index] = written
        let outcome = try result.get()
        receipt.plan.steps[index].state = .applied
        receipt.versions[index] = outcome.version
        if let warning = outcome.warning {
          receipt.error = [receipt.error, warning].compactMap(\.self).joined(separator: "; ")
        }
        receipt.at = clock()
        record(.step, &receipt)
        progress(.written(step: index))
        if let barrier = receipt.plan.steps[index].barrier {
          try await wait(for: barrier, step: index, plan: receipt.plan, progress)
        }
      } catch {
        await fail(&receipt, at: index, error, progress)
        record(.ended, &receipt)
        return receipt
      }
    }
    receipt.result = .applied
    receipt.at = clock()
    record(.ended, &receipt)
    return receipt
  }

  /// Writes what happened into the journal; where that fails, what was done is done and the receipt says what is missing.
  private func record(_ event: JournalEntry.Event, _ receipt: inout Receipt) {
    do throws(MeshError) {
      try journal.append(JournalEntry(event: event, receipt: receipt))
    } catch {
      let gap = "the journal does not hold how it ended: \(error.message)"
      if receipt.error?.contains(gap) != true { receipt.error = receipt.error.map { "\($0); \(gap)" } ?? gap }
    }
  }

  /// Writes a step in a task of its own, so that an interruption never abandons a request whose outcome matters.
  private func shielded(_ step: Step) async -> (Step, Result<StepOutcome, MeshError>) {
    await Task {
      var step = step
      do throws(MeshError) {
        let outcome = try await write(&step)
        return (step, .success(outcome))
      } catch {
        return (step, .failure(error))
      }
    }.value
  }

  /// Takes an applied plan back, last step first; refuses, with nothing written, where somebody changed since what it set.
  public func undo(
    _ receipt: Receipt, reason: String, progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws(MeshError) -> Receipt {
    let receipt = try await settled(receipt)
    let undone = try await apply(try await undoing(receipt), reason: reason, progress: progress)
    if undone.result == .applied {
      var closed = receipt
      closed.result = .undone
      closed.at = clock()
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
      if let undo = try await inverse(of: step, version: receipt.versions[index]) { plan.steps.append(undo) }
    }
    plan.verdicts = []
    plan.summary = "undo: \(receipt.plan.summary)"
    plan.id = receipt.plan.id + Receipt.undoMark
    return plan
  }

  /// A receipt that a crash left open, with the states of its steps as reading back tells them; others as they are.
  ///
  /// Where nothing of it arrived, the record is closed as failed and the error says so.
  func settled(_ receipt: Receipt) async throws(MeshError) -> Receipt {
    guard receipt.result == .unknown || receipt.plan.steps.contains(where: { $0.state == .unknown }) else {
      return receipt
    }
    var settled = receipt
    for index in settled.plan.steps.indices where settled.plan.steps[index].state != .applied {
      let step = settled.plan.steps[index]
      guard step.state == .pending || step.state == .unknown else { continue }
      switch try await trace(of: step) {
      case .arrived(let version):
        settled.plan.steps[index].state = .applied
        settled.versions[index] = version
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
      settled.at = clock()
      settled.error = "nothing of it reached the server"
      settled.failure = .unreachable
      try journal.append(JournalEntry(event: .ended, receipt: settled))
      throw MeshError(
        .refused, "plan \(receipt.plan.id) never reached the server, so there is nothing to take back",
        remedy: "see `meshdeck history`")
    }
    return settled
  }

  /// What an object tells of a step that may have been written.
  enum Trace: Sendable, Hashable {
    case arrived(version: String)
    case absent
    case unclear
  }

  /// Reads an object to tell whether a step arrived.
  func trace(of step: Step) async throws(MeshError) -> Trace {
    let now: NativeObject
    do throws(MeshError) { now = try await control.native(step.object) } catch {
      guard error.code == .notFound else { throw error }
      switch step.write {
      case .delete: return .arrived(version: "")
      case .create: return .absent
      case .patch: return .unclear
      }
    }
    if let version = step.precondition.version, now.version == version { return .absent }
    let isSame = step.precondition.uid.isEmpty || now.uid == step.precondition.uid
    switch step.write {
    case .delete: return isSame ? .absent : .arrived(version: "")
    case .create: return StepGuards.changed(by: step, in: now.json).isEmpty ? .arrived(version: now.version) : .unclear
    case .patch(let patch):
      guard isSame else { return .unclear }
      if StepGuards.changed(by: step, in: now.json).isEmpty { return .arrived(version: now.version) }
      if let before = step.before, StepGuards.untouched(patch, between: before, and: now.json) { return .absent }
      return .unclear
    }
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

  private func fail(
    _ receipt: inout Receipt, at index: Int, _ error: MeshError, _ progress: @Sendable (Progress) -> Void
  ) async {
    receipt.error = error.description
    receipt.failure = error.code
    if receipt.plan.steps[index].state != .applied {
      receipt.plan.steps[index].state = error.code == .unknownOutcome ? .unknown : .failed
    }
    // A later step may rest on an earlier one: where it is not known whether the later one took effect, or it could not
    // be taken back, the earlier ones stay, because traffic may depend on them.
    var stuck = receipt.plan.steps[index].state == .unknown
    for earlier in receipt.plan.steps.indices.reversed() where receipt.plan.steps[earlier].state == .applied && !stuck {
      progress(.rollingBack(step: earlier))
      do throws(MeshError) {
        let (step, version) = (receipt.plan.steps[earlier], receipt.versions[earlier])
        if let undo = try await shieldedInverse(of: step, version: version).get() {
          _ = try await shielded(undo).1.get()
        }
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

  private func shieldedInverse(of step: Step, version: String?) async -> Result<Step?, MeshError> {
    await Task {
      do throws(MeshError) { return .success(try await inverse(of: step, version: version)) } catch {
        return .failure(error)
      }
    }.value
  }

  /// Writes one step; cures a lost answer by reading back (and sending once more what never arrived), and an edit of
  /// something else by rebasing, three times at most.
  private func write(_ step: inout Step) async throws(MeshError) -> StepOutcome {
    var (lost, rebases) = (0, 0)
    while true {
      do throws(MeshError) {
        return try await control.apply(step)
      } catch {
        switch error.code {
        case .unknownOutcome:
          if let outcome = try await readBack(&step, after: error) { return outcome }
          lost += 1
          guard lost < 2 else {
            throw MeshError(
              .unreachable, "\(error.message); read back, the object is as it was", object: step.object,
              remedy: "nothing was changed; try again")
          }
        case .conflict:
          guard rebases < 2 else {
            throw MeshError(
              .conflict, "the object changes faster than it can be edited", object: step.object,
              remedy: "try again later")
          }
          guard let rebased = try await StepGuards.rebased(step, through: control) else { throw error }
          (step, rebases) = (rebased, rebases + 1)
        default: throw error
        }
      }
    }
  }

  /// What became of a write whose answer was lost: its outcome, or `nil` where it never arrived and may be sent again.
  private func readBack(_ step: inout Step, after error: MeshError) async throws(MeshError) -> StepOutcome? {
    let trace: Trace
    do throws(MeshError) { trace = try await self.trace(of: step) } catch let unread {
      throw error.unread(because: unread)
    }
    switch trace {
    case .arrived(let version): return StepOutcome(version: version, json: step.after)
    case .absent: return nil
    case .unclear: throw error
    }
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

extension MeshError {
  /// The error of a write whose outcome is not known, with why it could not be read back.
  fileprivate func unread(because unread: MeshError) -> MeshError {
    var error = self
    error.message += "; reading it back failed too: \(unread.message)"
    return error
  }
}

extension DryRunVerdict {
  /// The error of a step that the server would not take.
  public func error(plane: PlaneName) -> MeshError {
    MeshError(
      failure ?? .refused, "the server refuses step \(step + 1): \(message)", plane: plane,
      remedy: failure == .conflict ? "plan it afresh on what is there now" : nil)
  }
}

extension Receipt {
  /// What the identity of the plan that takes another back holds.
  static let undoMark = "-undo"

  /// Whether it is of a plan that took another back.
  public var isUndo: Bool { plan.id.contains(Self.undoMark) }
}
