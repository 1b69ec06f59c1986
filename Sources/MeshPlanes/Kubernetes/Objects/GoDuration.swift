import MeshModel

/// Durations as objects spell them that are read with Go's library: Istio's, Linkerd's, Gateway API's.
///
/// Source: Go's `time.ParseDuration`, one or more decimal numbers, each with a unit out of
/// `ns`, `us`, `µs`, `ms`, `s`, `m`, `h`.
enum GoDuration {
  /// The seconds a text stands for, or `nil` where it is no duration.
  static func seconds(_ text: String) -> Double? {
    var rest = text.utf8[...]
    var sign = 1.0
    if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") {
      sign = rest.first == UInt8(ascii: "-") ? -1 : 1
      rest = rest.dropFirst()
    }
    if rest.elementsEqual("0".utf8) { return 0 }
    guard !rest.isEmpty else { return nil }
    var total = 0.0
    while !rest.isEmpty {
      let number = rest.prefix { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
      guard let value = Double(String(decoding: number, as: UTF8.self)) else { return nil }
      rest = rest.dropFirst(number.count)
      let unit = rest.prefix { !(0x30...0x39).contains($0) && $0 != UInt8(ascii: ".") }
      rest = rest.dropFirst(unit.count)
      switch String(decoding: unit, as: UTF8.self) {
      case "h": total += value * 3600
      case "m": total += value * 60
      case "s": total += value
      case "ms": total += value / 1e3
      case "us", "µs", "μs": total += value / 1e6
      case "ns": total += value / 1e9
      default: return nil
      }
    }
    return sign * total
  }

  /// The text of a duration: seconds with at most nine decimals, which every reader takes.
  ///
  /// `nil` where it is negative, not finite or longer than Go's largest duration (292 years).
  static func text(_ seconds: Double) -> String? {
    let nanoseconds = (seconds * 1e9).rounded()
    guard nanoseconds.isFinite, nanoseconds >= 0, nanoseconds < 9.2e18 else { return nil }
    let count = Int64(nanoseconds)
    let (whole, fraction) = count.quotientAndRemainder(dividingBy: 1_000_000_000)
    guard fraction != 0 else { return "\(whole)s" }
    let digits = String(fraction)
    var decimals = String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    while decimals.last == "0" { decimals.removeLast() }
    return "\(whole).\(decimals)s"
  }
}

extension JSONReader {
  /// Reads a duration; `nil` for `null` and for a text that is none.
  mutating func goDuration() throws(JSONError) -> Double? {
    try optionalString().flatMap(GoDuration.seconds)
  }
}
