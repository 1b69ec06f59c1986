import MeshModel

/// One line of a watch.
enum WatchEvent: Sendable {
  /// How an object changed, the bytes of it, and its identity.
  case changed(Change, ArraySlice<UInt8>, ObjectMeta)
  /// Nothing changed up to this version.
  case bookmark(String)
  /// The server ends the watch with a reason.
  case failure(KubernetesStatus)

  /// How an object changed. An object is added again after each list, so both mean "this is how it is now".
  enum Change: Sendable { case upserted, deleted }

  /// Reads a line.
  init(line: ArraySlice<UInt8>) throws(JSONError) {
    var (type, range) = ("", 0..<0)
    try JSONReader.read(slice: line) { reader throws(JSONError) in
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "type": type = try reader.string()
        case "object": range = try reader.rawRange()
        default: try reader.skip()
        }
      }
    }
    let object = line[(line.startIndex + range.lowerBound)..<(line.startIndex + range.upperBound)]
    switch type {
    case "ERROR":
      self = .failure(
        try JSONReader.read(slice: object) { reader throws(JSONError) in try KubernetesStatus(from: &reader) })
    case "ADDED", "MODIFIED", "DELETED", "BOOKMARK":
      let meta = try JSONReader.read(slice: object) { reader throws(JSONError) in try ObjectMeta(from: &reader) }
      self =
        type == "BOOKMARK"
        ? .bookmark(meta.resourceVersion) : .changed(type == "DELETED" ? .deleted : .upserted, object, meta)
    default:
      throw JSONError(.malformed, at: 0, expected: "ADDED, MODIFIED, DELETED, BOOKMARK or ERROR")
    }
  }
}

/// Lines cut out of pieces of any size.
struct LineCutter {
  /// The longest line.
  static let limit = 4 << 20

  private var rest: [UInt8] = []

  /// The whole lines that `piece` completes; `nil` where one grew too long.
  mutating func lines(in piece: [UInt8]) -> [ArraySlice<UInt8>]? {
    var lines: [ArraySlice<UInt8>] = []
    var start = piece.startIndex
    while let end = piece[start...].firstIndex(of: 0x0A) {
      if rest.isEmpty {
        lines.append(piece[start..<end])
      } else {
        rest += piece[start..<end]
        lines.append(rest[...])
        rest = []
      }
      start = end + 1
    }
    rest += piece[start...]
    guard rest.count <= Self.limit, lines.allSatisfy({ $0.count <= Self.limit }) else { return nil }
    return lines.filter { !$0.isEmpty }
  }
}
