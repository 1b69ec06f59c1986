#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Times as Kubernetes spells them: RFC 3339 in UTC, whole seconds.
public enum Timestamp {
  /// The seconds since 1970.
  @Sendable public static func now() -> Int { time(nil) }

  /// The spelling of a number of seconds since 1970.
  public static func text(_ seconds: Int) -> String {
    let days = (Double(seconds) / 86_400).rounded(.down)
    let day = Int(exactly: days) ?? 0
    let rest = seconds - day * 86_400
    // The civil calendar counted in 400-year eras that begin in March.
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let ofEra = shifted - era * 146_097
    let yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * ofYear + 2) / 153
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(year)-\(two(month))-\(two(ofYear - (153 * monthIndex + 2) / 5 + 1))"
      + "T\(two(rest / 3_600)):\(two(rest / 60 % 60)):\(two(rest % 60))Z"
  }

  /// The seconds since 1970 of a spelling such as `2026-11-22T11:01:57Z`, or `nil` where it is none.
  public static func seconds(_ text: String) -> Int? {
    let numbers = text.split(whereSeparator: { !$0.isNumber }).prefix(6).compactMap { Int($0) }
    guard numbers.count == 6, (1...12).contains(numbers[1]), numbers[0] < 10_000 else { return nil }
    let year = numbers[0] - (numbers[1] <= 2 ? 1 : 0)
    let era = year / 400
    let yearOfEra = year - era * 400
    let ofYear = (153 * (numbers[1] > 2 ? numbers[1] - 3 : numbers[1] + 9) + 2) / 5 + numbers[2] - 1
    let day = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear - 719_468
    return day * 86_400 + numbers[3] * 3_600 + numbers[4] * 60 + numbers[5]
  }

  /// The spelling that HTTP has for a number of seconds since 1970: `Sun, 22 Nov 2026 11:03:17 GMT`.
  static func http(_ seconds: Int) -> String {
    let parts = text(seconds).split(whereSeparator: { "-T:Z".contains($0) })
    guard parts.count == 6, let month = Int(parts[1]), (1...12).contains(month) else { return "" }
    // 1970 began on a Thursday.
    let day = Int((Double(seconds) / 86_400).rounded(.down)) + 4
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return "\(days[(day % 7 + 7) % 7]), \(parts[2]) \(months[month - 1]) \(parts[0])"
      + " \(parts[3]):\(parts[4]):\(parts[5]) GMT"
  }

  /// The age as `kubectl` prints it: `45s`, `3m20s`, `5h`, `7d`.
  static func age(seconds: Int) -> String {
    switch seconds {
    case ..<0: return "0s"
    case ..<120: return "\(seconds)s"
    case ..<600: return "\(seconds / 60)m" + (seconds % 60 == 0 ? "" : "\(seconds % 60)s")
    case ..<10_800: return "\(seconds / 60)m"
    case ..<28_800: return "\(seconds / 3_600)h" + (seconds / 60 % 60 == 0 ? "" : "\(seconds / 60 % 60)m")
    case ..<172_800: return "\(seconds / 3_600)h"
    case ..<691_200: return "\(seconds / 86_400)d" + (seconds / 3_600 % 24 == 0 ? "" : "\(seconds / 3_600 % 24)h")
    case ..<63_072_000: return "\(seconds / 86_400)d"
    default: return "\(seconds / 31_536_000)y" + (seconds / 86_400 % 365 == 0 ? "" : "\(seconds / 86_400 % 365)d")
    }
  }
}
