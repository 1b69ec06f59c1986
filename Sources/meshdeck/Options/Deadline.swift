import MeshKit
import MeshTransport
import Synchronization

/// Runs work that ends by itself or by a deadline.
enum Deadline {
  /// The result of the work, or an error when the limit is reached first. Work that is too late is cancelled and, since the
  /// command ends with the error, waited for no longer than it takes to stop what it started.
  static func run<Result: Sendable>(
    _ limit: Interval, _ work: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    let (ends, end) = AsyncThrowingStream.makeStream(of: Result.self)
    let isLate = Lateness()
    let task = Task {
      do {
        end.yield(try await work())
        end.finish()
      } catch {
        // What failed because it was cancelled for being late says nothing; the deadline does.
        if !isLate.value.load(ordering: .acquiring) { end.finish(throwing: error) }
      }
    }
    let timer = Task {
      try await Task.sleep(for: .seconds(limit.seconds))
      let waits = OriginGate.shared.pauses().map { "; \($0.origin) asked to wait another \($0.seconds) s" }.joined()
      isLate.value.store(true, ordering: .releasing)
      task.cancel()
      // A child process that was started is to be stopped before this one goes.
      try? await Task.sleep(for: .milliseconds(300))
      end.finish(
        throwing: MeshError(
          .unreachable, "no answer within \(limit)\(waits)",
          remedy: "give more time with --timeout, or see `meshdeck planes check`"))
    }
    defer { timer.cancel() }
    return try await withTaskCancellationHandler {
      for try await result in ends { return result }
      throw CancellationError()
    } onCancel: {
      task.cancel()
    }
  }

  private final class Lateness: Sendable {
    let value = Atomic(false)
  }
}
