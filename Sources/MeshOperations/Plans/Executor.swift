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

  /// The seconds that proxies are given to acknowledge unless somebody says otherwise.
  public static let usualWait = 60.0
  /// The seconds in which a plan is to be confirmed unless somebody says otherwise.
  public static let usualConfirmation = 300.0

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
  ///
  /// - Parameters:
  ///   - wait: The seconds to wait, after the last step, until the proxies concerned acknowledged; `nil` does not wait.
  ///     A rejection takes the plan back; a proxy that is late stands in the receipt.
  ///   - confirmWithin: The seconds in which it is to be confirmed, noted in the receipt before anything is written.
  public func apply(
    _ plan: Plan, reason: String, wait: Double? = nil, confirmWithin: Double? = nil,
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws(MeshError) -> Receipt {
    if let refusal = plan.verdicts.first(where: { $0.accepted == false }) {
      throw refusal.error(plane: plan.intent.plane)
    }
    if let refusal = plan.steps.lazy.compactMap(control.refusal(of:)).first { throw refusal }
    try await control.accept(plan)
    var receipt = Receipt(plan: plan, result: .unknown, at: clock(), author: author, reason: reason)
    receipt.confirmBy = confirmWithin.map { Instant(seconds: clock().seconds + $0) }
    for index in receipt.plan.steps.indices { receipt.plan.steps[index].state = .pending }
    let applying = try journal.begin(&receipt)
    defer { applying.end() }
    for index in receipt.plan.steps.indices {
      do throws(MeshError) {
        // Between two steps is where an interruption counts; a request under way is always waited for.
        if Task.isCancelled { throw MeshError(.cancelled, "interrupted before step \(index + 1)") }
        progress(.writing(step: index))
        let isLast = index == receipt.plan.steps.count - 1
        let limit: Double? =
          if isLast { wait } else if case .acknowledged(let seconds)? = receipt.plan.steps[index].barrier {
            seconds
          } else { nil }
        let baseline = limit == nil ? Baseline() : await baseline()
        let (written, result) = await shielded(receipt.plan.steps[index])
        receipt.plan.steps[index] = written
        let outcome = try result.get()
        receipt.plan.steps[index].state = .applied
        receipt.versions[index] = outcome.version
        // With what the server set of its own: what differs from it later is somebody else's.
        if let stored = outcome.json { receipt.plan.steps[index].after = stored }
        if let warning = outcome.warning {
          receipt.error = [receipt.error, warning].compactMap(\.self).joined(separator: "; ")
        }
        receipt.at = clock()
        record(.step, &receipt)
        progress(.written(step: index))
        if let limit, isLast {
          receipt.acknowledgement = try await acknowledgement(
            of: index, since: baseline, within: limit, in: receipt.plan, progress)
        } else if let limit {
          try await hold(after: index, since: baseline, within: limit, in: receipt.plan, progress)
        }
      } catch {
        await fail(&receipt, at: index, error, progress)
        record(.ended, &receipt)
        return receipt
      }
    }
    receipt.result = .applied
    receipt.at = clock()
    if let confirmWithin { receipt.confirmBy = Instant(seconds: receipt.at.seconds + confirmWithin) }
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
}
