/// When a request is sent again and after what pause: full jitter over a doubling span, as the Kubernetes reflector's
/// constants have it.
public struct RetryPolicy: Sendable, Hashable {
  /// The first span.
  public var first: Duration
  /// The longest span.
  public var longest: Duration
  /// How long things must go well before the span starts again from `first`.
  public var resetAfter: Duration
  /// How often one request is sent at most, the first time included.
  public var attempts: Int

  /// A policy; the defaults are 800 ms doubling to 30 s, forgotten after 2 minutes, 3 attempts.
  public init(
    first: Duration = .milliseconds(800), longest: Duration = .seconds(30), resetAfter: Duration = .seconds(120),
    attempts: Int = 3
  ) {
    self.first = first
    self.longest = longest
    self.resetAfter = resetAfter
    self.attempts = attempts
  }

  /// Each request once.
  public static let never = RetryPolicy(attempts: 1)

  /// The pause after `failures` failures in a row (1 for the first): a random part of the span.
  ///
  /// - Parameter random: a number in 0..<1.
  public func pause(failures: Int, random: Double) -> Duration {
    var span = first
    for _ in 1..<max(2, min(failures, 64)) where failures > 1 && span < longest { span = span * 2 }
    return min(span, longest) * min(max(random, 0), 1)
  }

  /// Whether an error may pass by itself, so that a harmless request is worth sending again.
  static func isPassing(_ error: TransportError) -> Bool {
    switch error.code {
    case .unreachable, .connectionLost, .truncated: true
    default: false
    }
  }

  /// Whether a status says "later". Source: RFC 9110, 15.6; RFC 6585, 4.
  static func isPassing(_ status: Int) -> Bool { status == 429 || (502...504).contains(status) }
}

/// The memory of one long-lived task that reconnects, such as a watch.
public struct Backoff: Sendable, Hashable {
  private let policy: RetryPolicy
  private var failures = 0
  private var healthySince: Duration?

  /// A task that has not failed yet.
  public init(_ policy: RetryPolicy = RetryPolicy()) { self.policy = policy }

  /// Notes that things go well at `now`; after `resetAfter` of that the failures are forgotten.
  public mutating func succeeded(at now: Duration) {
    guard let since = healthySince else { return healthySince = now }
    if now - since >= policy.resetAfter { failures = 0 }
  }

  /// Notes a failure at `now` and returns how long to wait.
  public mutating func failed(at now: Duration, random: Double) -> Duration {
    succeededUntil(now)
    healthySince = nil
    failures = min(failures + 1, 64)
    return policy.pause(failures: failures, random: random)
  }

  private mutating func succeededUntil(_ now: Duration) {
    if let since = healthySince, now - since >= policy.resetAfter { failures = 0 }
  }
}
