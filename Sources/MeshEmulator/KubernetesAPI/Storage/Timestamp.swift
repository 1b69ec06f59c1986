import MeshModel

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
    let time = CivilTime(seconds: seconds)
    let two = CivilTime.two
    return "\(time.year)-\(two(time.month))-\(two(time.day))T\(two(time.hour)):\(two(time.minute)):\(two(time.second))Z"
  }

  /// The seconds since 1970 of a spelling such as `2026-11-22T11:01:57Z`, or `nil` where it is none.
  public static func seconds(_ text: String) -> Int? {
    let numbers = text.split(whereSeparator: { !$0.isNumber }).prefix(6).compactMap { Int($0) }
    guard numbers.count == 6, (1...12).contains(numbers[1]), numbers[0] < 10_000 else { return nil }
    return CivilTime(
      year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3], minute: numbers[4], second: numbers[5]
    ).seconds
  }

  /// The spelling that HTTP has for a number of seconds since 1970: `Sun, 22 Nov 2026 11:03:17 GMT`.
  static func http(_ seconds: Int) -> String {
    let time = CivilTime(seconds: seconds)
    let two = CivilTime.two
    // 1970 began on a Thursday.
    let day = Int((Double(seconds) / 86_400).rounded(.down)) + 4
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return "\(days[(day % 7 + 7) % 7]), \(two(time.day)) \(months[time.month - 1]) \(time.year)"
      + " \(two(time.hour)):\(two(time.minute)):\(two(time.second)) GMT"
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
