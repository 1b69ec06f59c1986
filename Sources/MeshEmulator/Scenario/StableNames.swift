/// Identifiers that follow from a seed and a name, so that two runs of a scenario are alike.
struct StableNames: Sendable {
  let seed: UInt64

  /// A 64-bit hash of a text.
  func hash(_ text: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ seed
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    var random = SplitMix64(state: hash)
    return random.next()
  }

  /// A UUID of version 4.
  func uuid(_ text: String) -> String {
    var random = SplitMix64(state: hash(text))
    let (high, low) = (random.next(), random.next())
    let digits = Self.hex(high, 16) + Self.hex(low, 16)
    var result = ""
    for (index, digit) in digits.enumerated() {
      if [8, 12, 16, 20].contains(index) { result.append("-") }
      result.append(index == 12 ? "4" : index == 16 ? "a" : digit)
    }
    return result
  }

  /// A suffix such as a pod's, of letters that spell no words.
  func suffix(_ text: String, length: Int) -> String {
    let letters = Array("bcdfghjklmnpqrstvwxz2456789")
    var random = SplitMix64(state: hash(text))
    return String((0..<length).map { _ in letters[Int(random.next() % UInt64(letters.count))] })
  }

  /// A share in 0..<1.
  func share(_ text: String) -> Double { Double(hash(text) >> 11) / 9_007_199_254_740_992 }

  /// Hexadecimal digits, padded with zeros.
  static func hex(_ value: UInt64, _ digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}

/// A small, fast generator whose sequence follows from its state (Steele, Lea and Flood, 2014).
struct SplitMix64: RandomNumberGenerator, Sendable {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  /// A number in 0..<1.
  mutating func unit() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }
}
