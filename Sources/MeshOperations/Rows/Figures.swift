public import MeshModel

/// Numbers in the few characters a table has: one spelling for screens, commands and messages.
public enum Figures {
  /// Requests a second: `0.4/s`, `54/s`, `1.2k/s`.
  public static func rate(_ value: Double?) -> String { value.map { "\(compact($0))/s" } ?? "–" }

  /// How much flows: requests a second, or bytes a second where there are no requests. A flow is only known by what was
  /// counted of it, so that nothing counted is not none.
  public static func amount(_ traffic: TrafficSum, _ transport: String = "") -> String {
    guard transport == "tcp" || traffic.rps == 0 else { return rate(traffic.rps) }
    guard let bytes = traffic.bytesPerSecond, bytes > 0 else { return "–" }
    return Self.bytes(bytes)
  }

  /// A call that configuration names and nobody measured.
  public static let unmeasured = "no calls seen"

  /// A share of 0–1 in percent: `0.03%`, `4.1%`, `80%`; what is nearly nothing or nearly all is not rounded to it.
  public static func percent(_ share: Double?) -> String {
    guard let share, share.isFinite else { return "–" }
    let percent = share * 100
    if percent == percent.rounded() || abs(percent) >= 1e6 { return "\(number(percent.rounded()))%" }
    if percent > 0, percent < 0.005 { return "<0.01%" }
    if percent < 100, percent >= 99.95 { return percent >= 99.995 ? ">99.99%" : fixed(percent, 2) + "%" }
    let tenths = (percent * 10).rounded()
    if percent >= 1, tenths == (tenths / 10).rounded() * 10 { return "\(number(tenths / 10))%" }
    return fixed(percent, percent < 0.1 ? 2 : 1) + "%"
  }

  /// Milliseconds: `8.2ms`, `84ms`, `1.2s`.
  public static func milliseconds(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "–" }
    if value < 10 { return fixed(value, 1) + "ms" }
    return value < 999.5 ? fixed(value, 0) + "ms" : fixed(value / 1000, 1) + "s"
  }

  /// A latency of a sum of flows: `84ms`, `≤84ms` where it is no more than a bound.
  public static func latency(_ traffic: TrafficSum?, _ percentile: KeyPath<TrafficSum, Double?> = \.p99ms) -> String {
    guard let traffic, let value = traffic[keyPath: percentile] else { return "–" }
    return (traffic.isLatencyBound ? "≤" : "") + milliseconds(value)
  }

  /// Bytes a second: `812B/s`, `1.2kB/s`, `3.4MB/s`.
  public static func bytes(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "–" }
    for (limit, unit) in [(1e3, "B/s"), (1e6, "kB/s"), (1e9, "MB/s")] where value < limit {
      let scaled = value / (limit / 1e3)
      return fixed(scaled, scaled < 10 && limit > 1e3 ? 1 : 0) + unit
    }
    return fixed(value / 1e9, 1) + "GB/s"
  }

  /// A length of time as somebody set it, exact to the millisecond: `250ms`, `1.25s`, `1m30s`, `2h`.
  public static func duration(_ value: Double) -> String {
    guard value.isFinite, value >= 0, value < 1e9 else { return "–" }
    let milliseconds = Int((value * 1000).rounded())
    if milliseconds < 1000 { return milliseconds == 0 ? "0s" : "\(milliseconds)ms" }
    let (hours, minutes) = (milliseconds / 3_600_000, milliseconds / 60_000 % 60)
    let rest = Double(milliseconds % 60_000) / 1000
    return (hours > 0 ? "\(hours)h" : "") + (minutes > 0 ? "\(minutes)m" : "") + (rest > 0 ? "\(number(rest))s" : "")
  }

  /// An age, in its largest unit: `250ms`, `2s`, `3m`, `5h`, `2d`.
  public static func seconds(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    switch value {
    case ..<0: return "0s"
    case ..<1: return fixed(value * 1000, 0) + "ms"
    case ..<60: return "\(number((value * 10).rounded() / 10))s"
    case ..<3600: return fixed((value / 60).rounded(.down), 0) + "m"
    case ..<86400: return fixed((value / 3600).rounded(.down), 0) + "h"
    default: return fixed((value / 86400).rounded(.down), 0) + "d"
    }
  }

  /// A count: `912`, `1.2k`, `3.4M`.
  public static func compact(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    switch abs(value) {
    case ..<10: return number((value * 10).rounded() / 10)
    case ..<999.5: return fixed(value, 0)
    case ..<999_950: return fixed(value / 1e3, 1) + "k"
    default: return fixed(value / 1e6, 1) + "M"
    }
  }

  /// A number without a fraction that is zero.
  public static func number(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    return value == value.rounded() && abs(value) < 1e15 ? fixed(value, 0) : "\(value)"
  }

  /// A share with its interval: `79.6% ±1.1`.
  public static func proportion(_ value: Proportion) -> String {
    "\(fixed(value.share * 100, 1))% ±\(fixed((value.high - value.low) * 50, 1))"
  }

  /// A number with one or two digits behind the point, or none: a screen has a hundred of them.
  private static func fixed(_ value: Double, _ digits: Int) -> String {
    let unit = digits == 0 ? 1 : digits == 1 ? 10 : 100
    let scaled = (value.magnitude * Double(unit)).rounded()
    guard scaled < 1e15 else { return "\(value)" }
    let (whole, rest) = Int(scaled).quotientAndRemainder(dividingBy: unit)
    let sign = value < 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    return "\(sign)\(whole).\(digits > 1 && rest < 10 ? "0" : "")\(rest)"
  }
}
