/// A length of time as typed: `250ms`, `10s`, `2m`, `1h`, or seconds without a unit.
public struct Interval: CustomStringConvertible, Sendable, Hashable {
  /// The length in seconds.
  public let seconds: Double

  /// A length in seconds.
  public init(seconds: Double) { self.seconds = seconds }

  /// Reads what was typed; `nil` for what is no length of time of at most a year.
  public init?(typed: String) {
    let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)]
    let (suffix, factor) = units.first { typed.hasSuffix($0.0) } ?? ("", 1)
    guard let value = Double(typed.dropLast(suffix.count)), value.isFinite, value >= 0,
      value * factor <= 86_400 * 365
    else { return nil }
    seconds = value * factor
  }

  /// The length in its largest unit.
  public var description: String { Figures.duration(seconds) }
}
