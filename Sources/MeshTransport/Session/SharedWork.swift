import Synchronization

/// One piece of work whose result several callers wait for at once: the first begins it, the others join.
///
/// A caller that is cancelled leaves at once, whatever the work does; with the last of them the work is cancelled too.
public final class SharedWork<Value: Sendable>: Sendable {
  private struct State {
    var task: Task<Void, Never>?
    /// Which piece of work is under way: one that was given up tells nobody.
    var round = 0
    var ticket = 0
    var waiting: [Int: CheckedContinuation<Value?, Never>] = [:]
  }

  private let state = Mutex(State())

  /// Nothing is under way.
  public init() {}

  /// The result of what is under way, or of `work` where nothing is; `nil` for a caller that was cancelled.
  public func value(_ work: @escaping @Sendable () async -> Value) async -> Value? {
    let ticket = state.withLock { state in
      state.ticket += 1
      return state.ticket
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        join(ticket, continuation, work)
        // Who was cancelled before standing in the line is taken out by nobody else.
        if Task.isCancelled { leave(ticket) }
      }
    } onCancel: {
      leave(ticket)
    }
  }

  private func join(
    _ ticket: Int, _ continuation: CheckedContinuation<Value?, Never>, _ work: @escaping @Sendable () async -> Value
  ) {
    state.withLock { state in
      state.waiting[ticket] = continuation
      guard state.task == nil else { return }
      state.round += 1
      let round = state.round
      state.task = Task { self.end(round, await work()) }
    }
  }

  private func end(_ round: Int, _ value: Value) {
    let waiting = state.withLock { state -> [CheckedContinuation<Value?, Never>] in
      guard state.round == round, state.task != nil else { return [] }
      state.task = nil
      defer { state.waiting = [:] }
      return Array(state.waiting.values)
    }
    for continuation in waiting { continuation.resume(returning: value) }
  }

  private func leave(_ ticket: Int) {
    let (continuation, abandoned) = state.withLock {
      state -> (CheckedContinuation<Value?, Never>?, Task<Void, Never>?) in
      guard let continuation = state.waiting.removeValue(forKey: ticket) else { return (nil, nil) }
      guard state.waiting.isEmpty else { return (continuation, nil) }
      defer { state.task = nil }
      return (continuation, state.task)
    }
    abandoned?.cancel()
    continuation?.resume(returning: nil)
  }
}
