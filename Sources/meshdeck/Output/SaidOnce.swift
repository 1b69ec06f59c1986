import Foundation
import Synchronization

/// The notes of a command that lists again and again: one that was said the last time is not said again.
///
/// A note that went away and comes back is said again. Where the screen is cleared before each list, notes are cleared with
/// it, and so are all said anew.
final class SaidOnce: Sendable {
  private struct Rounds {
    var before: Set<String> = []
    var now: Set<String> = []
  }

  private let rounds = Mutex(Rounds())

  /// What a command that lists again and again remembers; `nil` in every other one.
  @TaskLocal static var current: SaidOnce?

  /// Begins the next list.
  func nextRound() {
    rounds.withLock { rounds in
      rounds.before = rounds.now
      rounds.now = []
    }
  }

  /// Whether a note is to be said now.
  func isNew(_ text: String) -> Bool {
    rounds.withLock { rounds in
      let isFirst = rounds.now.insert(text).inserted
      return isFirst && !rounds.before.contains(text)
    }
  }
}
