/// The end of a JSON object or array that arrives in pieces.
struct ValueScanner: Sendable {
  /// The brackets that are open.
  private(set) var depth = 0
  private var isInText = false
  private var isEscaped = false

  /// Whether a value has begun and not ended.
  var isInside: Bool { depth > 0 }

  /// Takes the bracket with which a value begins.
  mutating func begin() { depth = 1 }

  /// Takes the next byte of a value; whether the value ends with it.
  @inline(__always)
  mutating func ends(with byte: UInt8) -> Bool {
    if isInText {
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isInText = false
      }
      return false
    }
    switch byte {
    case UInt8(ascii: "\""): isInText = true
    case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
    case UInt8(ascii: "}"), UInt8(ascii: "]"):
      depth -= 1
      return depth == 0
    default: break
    }
    return false
  }
}
