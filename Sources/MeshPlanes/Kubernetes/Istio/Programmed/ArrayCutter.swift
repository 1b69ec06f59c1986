/// Cuts the objects out of a JSON array that arrives in pieces, so that the whole never stands in memory.
struct ArrayCutter {
  /// An object larger than this is none of istiod's.
  static let limit = 1 << 20

  private enum Stage { case before, inside, ended, broken, null }

  private static let null = Array("null".utf8)

  private var stage = Stage.before
  private var depth = 0
  private var isInText = false
  private var isEscaped = false
  private var carry: [UInt8] = []
  private var letters = 0

  /// Whether the array came to its end and nothing was wrong with it; an empty one of Go's is `null`.
  var isWhole: Bool { stage == .ended || stage == .null && letters == Self.null.count }

  /// Takes the next piece and hands on each object that is complete.
  mutating func feed(_ piece: [UInt8], _ each: (ArraySlice<UInt8>) -> Void) {
    var start = piece.startIndex
    for index in piece.indices {
      let byte = piece[index]
      guard depth > 0 else {
        step(byte)
        if stage == .broken { return }
        if depth > 0 { start = index }
        continue
      }
      if isInText {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInText = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInText = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        guard depth == 0 else { continue }
        if carry.isEmpty {
          each(piece[start...index])
        } else {
          carry += piece[start...index]
          each(carry[...])
          carry = []
        }
      default: break
      }
    }
    guard depth > 0 else { return }
    carry += piece[start...]
    if carry.count > Self.limit { (stage, carry, depth) = (.broken, [], 0) }
  }

  /// Takes a byte between the objects.
  private mutating func step(_ byte: UInt8) {
    switch (stage, byte) {
    case (_, 0x20), (_, 0x09), (_, 0x0A), (_, 0x0D): break
    case (.before, UInt8(ascii: "[")): stage = .inside
    case (.before, Self.null[0]): (stage, letters) = (.null, 1)
    case (.null, _) where letters < Self.null.count && byte == Self.null[letters]: letters += 1
    case (.inside, UInt8(ascii: ",")): break
    case (.inside, UInt8(ascii: "]")): stage = .ended
    case (.inside, UInt8(ascii: "{")): depth = 1
    default: stage = .broken
    }
  }
}
