/// One measured value, or the exact reason why there is no number: the only form in which telemetry is handed about, so
/// that nothing is ever computed with "not a number".
public enum Sample: Sendable, Hashable {
  /// A finite number.
  case value(Double)
  /// Not a number: a division of nothing by nothing, or a quantile of no observations.
  case nan
  /// Beyond every number: a division by nothing, or a quantile in a bucket without an upper bound.
  case positiveInfinity
  /// Below every number.
  case negativeInfinity
  /// No series: nothing was ever measured.
  case absent
  /// The newest measurement is too old to stand for now; its age in seconds.
  case stale(age: Double)
  /// The source sent something that is no number; what it sent, cut short.
  case unreadable(String)

  /// A sample of a floating-point number.
  public init(_ number: Double) {
    if number.isNaN {
      self = .nan
    } else if number.isInfinite {
      self = number > 0 ? .positiveInfinity : .negativeInfinity
    } else {
      self = .value(number)
    }
  }

  /// A sample as Prometheus spells it: a decimal number, `NaN`, `+Inf`, `Inf` or `-Inf`.
  ///
  /// A finite spelling that floating point cannot hold is unreadable, never infinite.
  public init(parsing text: String) {
    switch text {
    case "NaN": self = .nan
    case "+Inf", "Inf": self = .positiveInfinity
    case "-Inf": self = .negativeInfinity
    default:
      let isDecimal = text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || "+-.eE".utf8.contains(byte)
      }
      guard isDecimal, let number = Double(text), number.isFinite else {
        self = .unreadable(String(text.prefix(40)))
        return
      }
      self = .value(number)
    }
  }

  /// The number, where it is one.
  public var number: Double? { if case .value(let number) = self { number } else { nil } }

  /// What it is in words: a number, or why there is none.
  public var text: String {
    switch self {
    case .value(let number): "\(number)"
    case .nan: "undefined"
    case .positiveInfinity: "+∞"
    case .negativeInfinity: "-∞"
    case .absent: "no data"
    case .stale(let age): "stale \(Int(exactly: min(1e9, max(0, age)).rounded()) ?? 0) s"
    case .unreadable(let text): "unreadable: \(text)"
    }
  }
}
