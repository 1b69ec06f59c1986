import Synchronization

/// Answers as long as the mesh is large: each costs a second of processor time, and what one proxy runs mostly speaks for the
/// others. After some of them no other proxy is asked for a while; those that were asked are asked again when they are sent
/// something.
final class LongAnswers: Sendable {
  private static let pause = Duration.seconds(300)

  private struct State {
    var longest = 0
    var resumesAt: ContinuousClock.Instant?
  }

  private let state = Mutex(State())

  /// Whether proxies that were never asked are not asked now.
  var isResting: Bool { state.withLock { $0.resumesAt.map { $0 > .now } ?? false } }

  /// The bytes of the longest answer so far.
  var longest: Int { state.withLock { $0.longest } }

  /// Notes the lengths of answers, of which together so many bytes are enough.
  func note(_ lengths: [Int], budget: Int) {
    state.withLock { state in
      state.longest = max(state.longest, lengths.max() ?? 0)
      if lengths.reduce(0, +) > budget { state.resumesAt = .now + Self.pause }
    }
  }
}
