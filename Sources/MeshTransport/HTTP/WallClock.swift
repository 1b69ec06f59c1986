#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The time of day of this machine.
enum WallClock {
  /// Seconds since 1970 in UTC.
  static func seconds() -> Int { Int(time(nil)) }

  /// The time as in HTTP, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
  static func shown() -> String { HTTPDate.format(seconds()) }
}
