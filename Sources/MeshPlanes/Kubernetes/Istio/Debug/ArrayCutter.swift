import MeshModel

/// Cuts the objects out of a JSON array that arrives in pieces, so that the whole never stands in memory.
///
/// The array is the answer itself, or a member of the object that is the answer; what follows a member is passed over.
struct ArrayCutter: Sendable {
  /// An object larger than this is none of istiod's.
  private let limit: Int
  /// The name of the member looked for, in quotes; `nil` where the answer is the array.
  private let member: [UInt8]?
  private var prologue: [UInt8] = []
  private var isFound: Bool

  init(member: String? = nil, limit: Int = 1 << 20) {
    self.limit = limit
    self.member = member.map { Array("\"\($0)\"".utf8) }
    isFound = member == nil
  }

  /// The most bytes before the member.
  private static let longestPrologue = 64 << 10

  private enum Stage { case before, inside, ended, broken, null }

  private static let null = Array("null".utf8)

  private var stage = Stage.before
  private var scanner = ValueScanner()
  private var carry: [UInt8] = []
  private var letters = 0

  /// Whether the array came to its end and nothing was wrong with it; an empty one of Go's is `null`.
  var isWhole: Bool { stage == .ended || stage == .null && letters == Self.null.count }

  /// Takes the next piece and hands on each object that is complete.
  mutating func feed(_ piece: [UInt8], _ each: (ArraySlice<UInt8>) -> Void) {
    guard let piece = isFound ? piece : afterMember(piece) else { return }
    if member != nil, isWhole { return }
    var start = 0
    piece.withUnsafeBufferPointer { bytes in
      var index = 0
      while index < bytes.count {
        guard scanner.isInside else {
          step(bytes[index])
          if stage == .broken || member != nil && isWhole { return }
          if scanner.isInside { start = index }
          index += 1
          continue
        }
        guard scanner.cross(1, in: bytes, from: &index) == .ends else { return }
        if carry.isEmpty {
          each(piece[start..<index])
        } else {
          carry += piece[start..<index]
          each(carry[...])
          carry = []
        }
      }
    }
    guard scanner.isInside else { return }
    carry += piece[start...]
    if carry.count > limit { (stage, carry, scanner) = (.broken, [], ValueScanner()) }
  }

  /// What follows the member's name and its colon; `nil` while it has not come.
  private mutating func afterMember(_ piece: [UInt8]) -> [UInt8]? {
    prologue += piece
    guard let member, let name = prologue.firstRange(of: member),
      let colon = prologue[name.upperBound...].firstIndex(of: UInt8(ascii: ":"))
    else {
      if prologue.count > Self.longestPrologue { (stage, prologue, isFound) = (.broken, [], true) }
      return nil
    }
    isFound = true
    defer { prologue = [] }
    return Array(prologue[(colon + 1)...])
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
    case (.inside, UInt8(ascii: "{")): scanner.begin()
    default: stage = .broken
    }
  }
}
