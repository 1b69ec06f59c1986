/// The exact value of a JSON number's spelling, without the rounding of floating point: `1`, `1.0` and `10e-1` are equal,
/// `9007199254740993` and `9007199254740992` are not.
struct JSONDecimal: Hashable {
  let isNegative: Bool
  /// The digits without leading and trailing zeros; empty for zero.
  let digits: [UInt8]
  /// The power of ten the last digit stands for.
  let exponent: Int
  /// The spelling, where its exponent is out of all proportion and it can only be compared as text.
  let unreadable: String?

  init(_ text: String) {
    var digits: [UInt8] = []
    var scale = 0
    var rest = Substring(text).utf8
    var isNegative = false
    if rest.first == UInt8(ascii: "-") {
      isNegative = true
      rest.removeFirst()
    }
    var inFraction = false
    while let byte = rest.first, byte | 0x20 != UInt8(ascii: "e") {
      rest.removeFirst()
      if byte == UInt8(ascii: ".") {
        inFraction = true
      } else {
        digits.append(byte)
        if inFraction { scale -= 1 }
      }
    }
    let written = rest.isEmpty ? 0 : Int(Substring(rest.dropFirst()))
    while digits.last == UInt8(ascii: "0") {
      digits.removeLast()
      scale += 1
    }
    digits.removeFirst(digits.prefix { $0 == UInt8(ascii: "0") }.count)
    if digits.isEmpty {
      // Zero whatever its sign and exponent.
      (self.isNegative, self.digits, exponent, unreadable) = (false, [], 0, nil)
    } else if let written, case let (sum, overflow) = written.addingReportingOverflow(scale), !overflow {
      (self.isNegative, self.digits, exponent, unreadable) = (isNegative, digits, sum, nil)
    } else {
      (self.isNegative, self.digits, exponent, unreadable) = (isNegative, digits, 0, text)
    }
  }

  /// The value where it is an integer in range.
  var int: Int? {
    guard unreadable == nil, exponent >= 0, digits.count + min(exponent, 32) <= 19 else { return nil }
    guard !digits.isEmpty else { return 0 }
    let zeros = String(repeating: "0", count: exponent)
    return Int((isNegative ? "-" : "") + String(decoding: digits, as: UTF8.self) + zeros)
  }
}
