/// The beginnings and ends of JSON objects and arrays in a text that arrives in pieces.
package struct ValueScanner: Sendable {
  /// What a bracket does.
  package enum Crossing { case begins, ends }

  /// The brackets that are open.
  package private(set) var depth = 0
  /// Whether a value that began at the outside has ended.
  package private(set) var hasEnded = false
  private var isInText = false
  private var isEscaped = false

  /// Creates a scanner that stands outside of everything.
  package init() {}

  /// Whether a value has begun and not ended.
  package var isInside: Bool { depth > 0 }

  /// Takes the bracket with which a value begins.
  package mutating func begin() { depth = 1 }

  /// Takes bytes from an index on up to the next bracket with which a value so many brackets deep begins or ends, that one
  /// included; `nil` where the piece ends before.
  ///
  /// JSON is mostly texts, of which eight bytes are passed over at a time.
  package mutating func cross(
    _ level: Int, in bytes: UnsafeBufferPointer<UInt8>, from index: inout Int
  ) -> Crossing? {
    guard let base = bytes.baseAddress else { return nil }
    let count = bytes.count
    var place = index
    defer { index = place }
    while place < count {
      if isInText {
        passText(base, count, &place)
        continue
      }
      let byte = base[place]
      place += 1
      switch byte {
      case UInt8(ascii: "\""): isInText = true
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        if depth == level { return .begins }
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 { hasEnded = true }
        if depth == level - 1 { return .ends }
      default: break
      }
    }
    return nil
  }

  /// Takes bytes of a text, to its end or that of the piece.
  @inline(__always)
  private mutating func passText(_ base: UnsafePointer<UInt8>, _ count: Int, _ place: inout Int) {
    while place < count {
      if isEscaped {
        isEscaped = false
        place += 1
        continue
      }
      while place + 8 <= count {
        let special = EightBytes.special(in: EightBytes.load(base + place))
        place += special == 0 ? 8 : special.trailingZeroBitCount / 8
        if special != 0 { break }
      }
      guard place < count else { return }
      let byte = base[place]
      place += 1
      if byte == UInt8(ascii: "\"") {
        isInText = false
        return
      }
      isEscaped = byte == UInt8(ascii: "\\")
    }
  }
}
