import MeshModel

/// Cuts the members out of a JSON object that arrives in pieces, so that the whole never stands in memory.
///
/// The values are objects or arrays, as in istiod's tables by host; `null` is passed over.
struct MemberCutter: Sendable {
  /// A member larger than this is none of istiod's.
  private let limit: Int

  private enum Stage { case before, key, colon, value, null, after, ended, broken }

  private var stage = Stage.before
  private var scanner = ValueScanner()
  private var isEscaped = false
  private var name: [UInt8] = []
  private var carry: [UInt8] = []

  init(limit: Int = 16 << 20) { self.limit = limit }

  /// Whether the object came to its end and nothing was wrong with it.
  var isWhole: Bool { stage == .ended }

  /// Takes the next piece and hands on each member that is complete: its name as it is written, and its value.
  mutating func feed(_ piece: ArraySlice<UInt8>, _ each: (String, ArraySlice<UInt8>) -> Void) {
    var start = piece.startIndex
    piece.withUnsafeBufferPointer { bytes in
      var index = 0
      while index < bytes.count {
        guard scanner.isInside else {
          step(bytes[index])
          if stage == .broken { return }
          if scanner.isInside { start = piece.startIndex + index }
          index += 1
          continue
        }
        guard scanner.cross(1, in: bytes, from: &index) == .ends else { return }
        let value = piece[start..<piece.startIndex + index]
        let text = String(decoding: name, as: UTF8.self)
        if carry.isEmpty {
          each(text, value)
        } else {
          carry += value
          each(text, carry[...])
          carry = []
        }
        stage = .after
      }
    }
    guard scanner.isInside else { return }
    carry += piece[start...]
    if carry.count > limit { (stage, carry, scanner) = (.broken, [], ValueScanner()) }
  }

  /// Takes a byte between the values.
  private mutating func step(_ byte: UInt8) {
    if stage == .key { return stepName(byte) }
    switch (stage, byte) {
    case (_, 0x20), (_, 0x09), (_, 0x0A), (_, 0x0D): break
    case (.before, UInt8(ascii: "{")): stage = .after
    case (.after, UInt8(ascii: "\"")): (stage, name) = (.key, [])
    case (.after, UInt8(ascii: ",")): break
    case (.after, UInt8(ascii: "}")): stage = .ended
    case (.colon, UInt8(ascii: ":")): stage = .value
    case (.value, UInt8(ascii: "{")), (.value, UInt8(ascii: "[")): scanner.begin()
    case (.value, UInt8(ascii: "n")): stage = .null
    case (.null, UInt8(ascii: "u")), (.null, UInt8(ascii: "l")): break
    case (.null, UInt8(ascii: ",")): stage = .after
    case (.null, UInt8(ascii: "}")): stage = .ended
    default: stage = .broken
    }
  }

  private mutating func stepName(_ byte: UInt8) {
    if !isEscaped, byte == UInt8(ascii: "\"") {
      stage = .colon
    } else {
      isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
      name.append(byte)
      if name.count > limit { stage = .broken }
    }
  }
}
