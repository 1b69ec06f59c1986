import MeshModel

/// Points in time as Kubernetes writes them (RFC 3339, such as `2026-11-22T19:55:43Z` or with a fraction and an offset).
enum RFC3339 {
  /// The point in time of a text, or `nil` where it is not one.
  static func parse(_ text: String) -> Instant? {
    var text = text
    return text.withUTF8(parse)
  }

  private static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Instant? {
    guard bytes.count >= 20, bytes.count <= 40, bytes[4] == 0x2D, bytes[7] == 0x2D,
      bytes[10] == 0x54 || bytes[10] == 0x74 || bytes[10] == 0x20, bytes[13] == 0x3A, bytes[16] == 0x3A,
      let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), (1...12).contains(month),
      let day = number(bytes[8..<10]), (1...31).contains(day), let hour = number(bytes[11..<13]), hour < 24,
      let minute = number(bytes[14..<16]), minute < 60, let second = number(bytes[17..<19]), second <= 60
    else { return nil }
    let civil = CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    var seconds = Double(civil.seconds)
    var index = 19
    if bytes[index] == 0x2E {
      var scale = 0.1
      index += 1
      while index < bytes.count, (0x30...0x39).contains(bytes[index]) {
        seconds += Double(bytes[index] - 0x30) * scale
        scale /= 10
        index += 1
      }
    }
    let zone = bytes.count - index
    if zone == 1, bytes[index] | 0x20 == 0x7A { return Instant(seconds: seconds) }
    guard zone == 6, bytes[index] == 0x2B || bytes[index] == 0x2D, bytes[index + 3] == 0x3A,
      let hours = number(bytes[(index + 1)..<(index + 3)]), let minutes = number(bytes[(index + 4)..<(index + 6)])
    else { return nil }
    let shift = Double(hours * 3600 + minutes * 60)
    return Instant(seconds: bytes[index] == 0x2B ? seconds - shift : seconds + shift)
  }

  private static func number(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
    var value = 0
    for digit in digits {
      guard (0x30...0x39).contains(digit) else { return nil }
      value = value * 10 + Int(digit - 0x30)
    }
    return value
  }
}
