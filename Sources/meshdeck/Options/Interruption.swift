import Dispatch
import Foundation

/// Signals that ask a command to stop while it writes.
enum Interruption {
  /// Runs a write to an end that is known: the first SIGINT, SIGTERM or SIGHUP lets no further step begin and waits for
  /// the request under way; a second SIGINT or SIGTERM ends the process at once, and the journal says what may have
  /// happened. A hang-up comes more than once, from the terminal and from the shell on it: it is nobody's impatience, and
  /// after it nobody is there to be impatient. Ctrl-Z is ignored: a stopped process could not take back what it waits for.
  ///
  /// - Returns: What the work gave, and whether it was interrupted.
  static func awaited<Result: Sendable>(
    _ work: @escaping @Sendable () async throws -> Result
  ) async throws -> (Result, wasInterrupted: Bool) {
    let seen = Seen()
    signal(SIGTSTP, SIG_IGN)
    let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: seen.queue)
      source.setEventHandler {
        let isFirst = seen.signals.isEmpty
        seen.signals.insert(number)
        guard isFirst || seen.signals.contains(SIGHUP) else { _exit(130) }
        guard isFirst else { return }
        Console.note(
          "interrupted: waiting for the request under way; once more ends at once, and `meshdeck history` tells")
        seen.stop?()
      }
      source.resume()
      return source
    }
    defer {
      for source in sources { source.cancel() }
      for number in [SIGINT, SIGTERM, SIGHUP, SIGTSTP] { signal(number, SIG_DFL) }
    }
    // Whoever learns that the work is under way may send a signal already: it begins last.
    let task = Task { try await work() }
    seen.queue.sync {
      seen.stop = { task.cancel() }
      if !seen.signals.isEmpty { task.cancel() }
    }
    let result = try await task.value
    return (result, !seen.queue.sync { seen.signals.isEmpty })
  }

  /// The signals that came; touched on its queue alone.
  private final class Seen: @unchecked Sendable {
    let queue = DispatchQueue(label: "interruption")
    var signals: Set<Int32> = []
    var stop: (() -> Void)?
  }
}
