/// The time that retries, pauses and limits go by; a test passes one it moves by hand.
public protocol TransportClock: Sendable {
  /// Monotonic time since some fixed moment.
  func now() -> Duration

  /// Seconds since 1970 in UTC, for dates that servers send.
  func wallSeconds() -> Int

  /// Waits; throws only for cancellation of the task.
  func sleep(for duration: Duration) async throws
}

/// The clocks of this machine.
public struct SystemClock: TransportClock {
  private static let start = ContinuousClock.now

  /// The clocks of this machine.
  public init() {}

  /// Time since the first use.
  public func now() -> Duration { Self.start.duration(to: .now) }

  /// Seconds since 1970 by the system clock.
  public func wallSeconds() -> Int { WallClock.seconds() }

  /// Waits by the monotonic clock.
  public func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}
