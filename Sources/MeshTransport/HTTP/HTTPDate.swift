import MeshModel

/// Dates of HTTP header fields. Source: RFC 9110, 5.6.7.
package enum HTTPDate {
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]

  /// Seconds since 1970 of a date such as `Sun, 06 Nov 1994 08:49:37 GMT`; nil for another form.
  package static func parse(_ text: String) -> Int? {
    let parts = text.split(separator: " ").map(String.init)
    guard parts.count == 6, parts[0].hasSuffix(","), parts[5] == "GMT" || parts[5] == "UTC",
      let day = Int(parts[1]), (1...31).contains(day), let month = months.firstIndex(of: parts[2]),
      let year = Int(parts[3]), (1900...9999).contains(year)
    else { return nil }
    let time = parts[4].split(separator: ":").map { Int($0) }
    guard time.count == 3, let hour = time[0], let minute = time[1], let second = time[2], (0...23).contains(hour),
      (0...59).contains(minute), (0...60).contains(second)
    else { return nil }
    return CivilTime(year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second).seconds
  }

  /// The date of a moment, within the years 1970...9999.
  static func format(_ seconds: Int) -> String {
    let clamped = min(max(seconds, 0), 253_402_300_799)
    let time = CivilTime(seconds: clamped)
    let two = CivilTime.two
    return "\(days[clamped / 86_400 % 7]), \(two(time.day)) \(months[time.month - 1]) \(time.year) "
      + "\(two(time.hour)):\(two(time.minute)):\(two(time.second)) GMT"
  }
}
