import Dispatch
import Foundation

/// Signals that ask a command to stop while it writes.
enum Interruption {
  /// Runs a write to an end that is known: the first SIGINT, SIGTERM or SIGHUP lets no further step begin and waits for
  /// the request under way; a second one ends the process at once, and the journal says what may have happened.
  ///
  /// - Returns: What the work gave, and whether it was interrupted.
  static func awaited<Result: Sendable>(
    _ work: @escaping @Sendable () async throws -> Result
  ) async throws -> (Result, wasInterrupted: Bool) {
    let task = Task { try await work() }
    let count = Count()
    let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: count.queue)
      source.setEventHandler {
        count.value += 1
        guard count.value == 1 else { _exit(130) }
        Console.note(
          "interrupted: waiting for the request under way; once more ends at once, and `meshdeck history` tells")
        task.cancel()
      }
      source.resume()
      return source
    }
    defer {
      for source in sources { source.cancel() }
      for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_DFL) }
    }
    let result = try await task.value
    return (result, count.queue.sync { count.value } > 0)
  }

  /// How often a signal came; touched on its queue alone.
  private final class Count: @unchecked Sendable {
    let queue = DispatchQueue(label: "interruption")
    var value = 0
  }
}
