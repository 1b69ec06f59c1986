/// A value as known from one source, or the reason why it is not known. Unknown beats wrong.
public enum Known<Value: Sendable>: Sendable {
  case known(Value, source: String, at: Instant)
  case unknown(String)

  /// The value, where known.
  public var value: Value? { if case .known(let value, _, _) = self { value } else { nil } }

  /// The reason it is unknown.
  public var reason: String? { if case .unknown(let reason) = self { reason } else { nil } }
}

extension Known: Equatable where Value: Equatable {}
extension Known: Hashable where Value: Hashable {}

/// A point in time: seconds since 1970-01-01 00:00 UTC. Pure code is handed it and never asks a clock.
public struct Instant: Sendable, Hashable, Comparable {
  /// Seconds since the epoch.
  public var seconds: Double

  /// Creates a point in time.
  public init(seconds: Double) { self.seconds = seconds }

  /// The order used for sorting.
  public static func < (left: Instant, right: Instant) -> Bool { left.seconds < right.seconds }

  /// The seconds from an earlier point to this one, never negative.
  public func age(of earlier: Instant) -> Double { max(0, seconds - earlier.seconds) }
}
