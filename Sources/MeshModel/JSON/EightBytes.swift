/// Eight bytes of a text looked at together: JSON is mostly text of which no byte needs attention.
///
/// A byte that is marked has its highest bit set in the result. The first that is marked is marked rightly, and none before it
/// needed a mark; marks behind it may be wrong.
enum EightBytes {
  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  /// The eight bytes from an address on, the first lowest.
  @inline(__always)
  static func load(_ address: UnsafePointer<UInt8>) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(address).loadUnaligned(as: UInt64.self))
  }

  /// The bytes that cannot stand in a JSON string as they are: quotes, backslashes and control characters.
  @inline(__always)
  static func special(in word: UInt64) -> UInt64 {
    let quotes = word ^ (ones &* 0x22)
    let backslashes = word ^ (ones &* 0x5C)
    let marks =
      ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes) | ((word &- ones &* 0x20) & ~word)
    return marks & highs
  }

  /// The bytes that are not ASCII.
  @inline(__always)
  static func high(in word: UInt64) -> UInt64 { word & highs }

  /// Whether a text has only printable ASCII and nothing that JSON escapes.
  @inline(__always)
  static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var index = 0
    if let base = bytes.baseAddress {
      while index + 8 <= bytes.count {
        let word = load(base + index)
        let deleted = word ^ (ones &* 0x7F)
        guard special(in: word) | high(in: word) | ((deleted &- ones) & ~deleted & highs) == 0 else { return false }
        index += 8
      }
    }
    while index < bytes.count {
      let byte = bytes[index]
      guard byte >= 0x20, byte < 0x7F, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else { return false }
      index += 1
    }
    return true
  }
}
