import Synchronization

/// How many requests an origin gets.
public struct RateLimit: Sendable, Hashable {
  /// Requests a second in the long run.
  public var perSecond: Double
  /// Requests at once after a quiet time.
  public var burst: Int

  /// A limit; the defaults are 20 a second, 40 at once.
  public init(perSecond: Double = 20, burst: Int = 40) {
    self.perSecond = perSecond
    self.burst = burst
  }
}

/// The turns of each origin: its rate, and the pause it asked for. Sessions to the same origin share one.
public final class OriginGate: Sendable {
  private struct Turns {
    /// When the next request would be due if all came at the allowed rate.
    var due: Duration = .zero
    var pausedUntil: Duration = .zero
  }

  /// The gate of this process.
  public static let shared = OriginGate()

  private let origins = Mutex<[String: Turns]>([:])

  /// A gate of its own, for tests.
  public init() {}

  /// Takes the next turn and returns how long it is away.
  func reserve(_ origin: String, _ limit: RateLimit, now: Duration) -> Duration {
    let interval = Duration.seconds(1) / max(limit.perSecond, 0.001)
    return origins.withLock { origins in
      let turns = origins[origin] ?? Turns()
      let earliest = turns.due - interval * max(limit.burst - 1, 0)
      origins[origin, default: turns].due = max(turns.due, now) + interval
      return max(.zero, earliest - now)
    }
  }

  /// Pauses an origin; a later end wins.
  func pause(_ origin: String, until end: Duration) {
    origins.withLock { $0[origin, default: Turns()].pausedUntil = max($0[origin]?.pausedUntil ?? .zero, end) }
  }

  /// How long an origin's pause still lasts.
  func remainingPause(_ origin: String, now: Duration) -> Duration {
    origins.withLock { max(.zero, ($0[origin]?.pausedUntil ?? .zero) - now) }
  }
}
