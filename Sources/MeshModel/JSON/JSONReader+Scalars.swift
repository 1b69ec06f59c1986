extension JSONReader {
  /// Reads a string.
  public mutating func string() throws(JSONError) -> String {
    guard try next("a string") == UInt8(ascii: "\"") else {
      throw JSONError(.wrongType, at: offset, expected: "a string")
    }
    let start = offset
    let found = try scanString()
    let content = UnsafeBufferPointer(rebasing: bytes[found.range])
    if found.escaped {
      guard let text = Self.unescape(content) else {
        throw JSONError(.malformed, at: start, expected: "a string with valid escapes")
      }
      return text
    }
    if found.ascii { return String(decoding: content, as: UTF8.self) }
    guard let text = String(validating: content, as: UTF8.self) else {
      throw JSONError(.malformed, at: start, expected: "valid UTF-8")
    }
    return text
  }

  /// Reads a string, or `nil` for `null`.
  public mutating func optionalString() throws(JSONError) -> String? {
    if try readNull() { return nil }
    return try string()
  }

  /// Reads an integer, also one spelled as a string (proto3 JSON spells 64-bit integers so) or as `10.0`.
  public mutating func int() throws(JSONError) -> Int {
    let start = offset
    let text = try peek() == .string ? string() : numberText()
    if let value = Int(text) { return value }
    guard Self.isNumber(text), let value = JSONDecimal(text).int else {
      throw JSONError(.outOfRange, at: start, expected: "an integer")
    }
    return value
  }

  /// Reads a number, also one spelled as a string: digits, `"NaN"`, `"Infinity"` or `"-Infinity"` as proto3 JSON has them.
  /// A finite spelling that floating point cannot hold is out of range, never infinite.
  public mutating func double() throws(JSONError) -> Double {
    let start = offset
    let text = try peek() == .string ? string() : numberText()
    switch text {
    case "NaN": return .nan
    case "Infinity": return .infinity
    case "-Infinity": return -.infinity
    default:
      guard Self.isNumber(text), let value = Double(text), value.isFinite else {
        throw JSONError(.outOfRange, at: start, expected: "a number")
      }
      return value
    }
  }

  /// Whether a text is a JSON number and nothing else: no hexadecimal, no sign `+`, no space.
  private static func isNumber(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      guard !bytes.isEmpty else { return false }
      var reader = JSONReader(bytes, depthLimit: 1)
      do throws(JSONError) { try reader.scanNumber() } catch { return false }
      return reader.offset == bytes.count
    }
  }

  /// Reads a number in its original spelling.
  public mutating func numberText() throws(JSONError) -> String {
    _ = try next("a number")
    let start = offset
    try scanNumber()
    return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<offset]), as: UTF8.self)
  }

  /// Reads an integer or a string as a string: Kubernetes' int-or-string.
  public mutating func intOrString() throws(JSONError) -> String {
    try peek() == .string ? string() : numberText()
  }

  /// Passes over one value of any kind, checking that it is well-formed.
  public mutating func skip() throws(JSONError) {
    switch try peek() {
    case .null: try literal("null")
    case .bool: _ = try bool()
    case .number: try scanNumber()
    case .string: _ = try scanString()
    case .array: try array { reader throws(JSONError) in try reader.skip() }
    case .object: try object { _, reader throws(JSONError) in try reader.skip() }
    }
  }

  /// Reads one value of any kind as a lossless tree.
  public mutating func value() throws(JSONError) -> JSONValue {
    guard valuesLeft > 0 else { throw JSONError(.tooMany, at: offset, expected: "fewer values in one text") }
    valuesLeft -= 1
    switch try peek() {
    case .null:
      try literal("null")
      return .null
    case .bool: return .bool(try bool())
    case .number: return .number(try numberText())
    case .string: return .string(try string())
    case .array: return .array(try list { reader throws(JSONError) in try reader.value() })
    case .object:
      var members: [JSONObject.Member] = []
      var names: Set<String> = []
      var repeated = false
      try object { key, reader throws(JSONError) in
        guard let name = key.validString else {
          throw JSONError(.malformed, at: reader.offset, expected: "a name of valid escapes and UTF-8 before this")
        }
        repeated = !names.insert(name).inserted || repeated
        members.append(JSONObject.Member(name: name, value: try reader.value()))
      }
      return .object(repeated ? JSONObject(members) : JSONObject(distinct: members))
    }
  }

  mutating func scanNumber() throws(JSONError) {
    func digits() throws(JSONError) {
      let start = offset
      while offset < bytes.count, (0x30...0x39).contains(bytes[offset]) { offset += 1 }
      guard offset > start else {
        throw JSONError(offset < bytes.count ? .malformed : .truncated, at: offset, expected: "a digit")
      }
    }
    let start = offset
    switch bytes[offset] {
    case UInt8(ascii: "-"), 0x30...0x39: break
    default: throw JSONError(.wrongType, at: offset, expected: "a number")
    }
    if bytes[offset] == UInt8(ascii: "-") { offset += 1 }
    let first = offset
    try digits()
    if bytes[first] == 0x30, offset - first > 1 {
      throw JSONError(.malformed, at: start, expected: "a number without leading zeros")
    }
    if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
      offset += 1
      try digits()
    }
    if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
      offset += 1
      if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") { offset += 1 }
      try digits()
    }
  }

  /// Passes over a string whose opening quote is next; gives the range between the quotes.
  @inline(__always)
  mutating func scanString() throws(JSONError) -> (range: Range<Int>, escaped: Bool, ascii: Bool) {
    var index = offset + 1
    var escaped = false
    var high: UInt8 = 0
    if let base = bytes.baseAddress {
      while index + 8 <= bytes.count {
        let word = EightBytes.load(base + index)
        let special = EightBytes.special(in: word)
        guard special == 0 else {
          // What stands before the first special byte.
          let before = (special & (~special &+ 1)) &- 1
          if EightBytes.high(in: word & before) != 0 { high = 0x80 }
          index += special.trailingZeroBitCount / 8
          break
        }
        if EightBytes.high(in: word) != 0 { high = 0x80 }
        index += 8
      }
    }
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") {
        let range = (offset + 1)..<index
        offset = index + 1
        return (range, escaped, high < 0x80)
      }
      if byte == UInt8(ascii: "\\") {
        escaped = true
        index += 2
        continue
      }
      if byte < 0x20 { throw JSONError(.malformed, at: index, expected: "no bare control character in a string") }
      high |= byte
      index += 1
    }
    throw JSONError(.truncated, at: bytes.count, expected: "'\"'")
  }

  /// The text of a string's content with its escapes resolved; a lone surrogate becomes U+FFFD, bad escapes give `nil`.
  static func unescape(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var index = 0
    func hex(at start: Int) -> UInt32? {
      guard start + 4 <= bytes.count else { return nil }
      var value: UInt32 = 0
      for byte in bytes[start..<start + 4] {
        switch byte {
        case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
        case 0x41...0x46: value = value << 4 | UInt32(byte - 0x37)
        case 0x61...0x66: value = value << 4 | UInt32(byte - 0x57)
        default: return nil
        }
      }
      return value
    }
    while index < bytes.count {
      let byte = bytes[index]
      guard byte == UInt8(ascii: "\\") else {
        output.append(byte)
        index += 1
        continue
      }
      guard index + 1 < bytes.count else { return nil }
      index += 2
      switch bytes[index - 1] {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(bytes[index - 1])
      case UInt8(ascii: "b"): output.append(0x08)
      case UInt8(ascii: "f"): output.append(0x0C)
      case UInt8(ascii: "n"): output.append(0x0A)
      case UInt8(ascii: "r"): output.append(0x0D)
      case UInt8(ascii: "t"): output.append(0x09)
      case UInt8(ascii: "u"):
        guard var code = hex(at: index) else { return nil }
        index += 4
        if (0xD800..<0xDC00).contains(code), index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"),
          bytes[index + 1] == UInt8(ascii: "u"), let low = hex(at: index + 2), (0xDC00..<0xE000).contains(low)
        {
          code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
          index += 6
        }
        output.append(contentsOf: String(Unicode.Scalar(code).map(Character.init) ?? "\u{FFFD}").utf8)
      default: return nil
      }
    }
    return String(validating: output, as: UTF8.self)
  }
}
