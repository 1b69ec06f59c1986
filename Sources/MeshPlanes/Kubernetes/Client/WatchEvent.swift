import MeshModel

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// One line of a watch.
enum WatchEvent: Sendable {
  /// An object is this now, whether it is new or was something else before: a watch adds it again after each list. What it
  /// gives, or why it cannot be read.
  case upserted(ObjectMeta, Result<[Entity], JSONError>)
  /// An object is gone.
  case deleted(ObjectMeta)
  /// Nothing changed up to this version; whether all that there was when the watch began has been told.
  case bookmark(String, endsList: Bool)
  /// The server ends the watch with a reason.
  case failure(KubernetesStatus)

  /// Reads a line, once where the kind of the event comes first, as API servers write it.
  ///
  /// - Parameter entities: Reads what an object gives.
  init(
    line: ArraySlice<UInt8>, entities: (inout JSONReader) throws(JSONError) -> [Entity]
  ) throws(JSONError) {
    self = try JSONReader.read(slice: line) { reader throws(JSONError) in
      var type = ""
      var event: WatchEvent?
      var object: JSONReader?
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "type": type = try reader.string()
        case "object" where type.isEmpty:
          object = reader
          try reader.skip()
        case "object": event = try Self.event(type, &reader, entities)
        default: try reader.skip()
        }
      }
      if let event { return event }
      guard var object else { throw reader.missing("object") }
      return try Self.event(type, &object, entities)
    }
  }

  private static func event(
    _ type: String, _ reader: inout JSONReader, _ entities: (inout JSONReader) throws(JSONError) -> [Entity]
  ) throws(JSONError) -> WatchEvent {
    if type == "ERROR" { return .failure(try KubernetesStatus(from: &reader)) }
    let meta = try ObjectMeta.peek(reader)
    if type == "ADDED" || type == "MODIFIED" {
      var attempt = reader
      do throws(JSONError) {
        let found = try entities(&attempt)
        reader = attempt
        return .upserted(meta, .success(found))
      } catch {
        try reader.skip()
        return .upserted(meta, .failure(error))
      }
    }
    let start = reader
    try reader.skip()
    switch type {
    case "DELETED": return .deleted(meta)
    case "BOOKMARK": return .bookmark(meta.resourceVersion, endsList: try endsList(start))
    default: throw JSONError(.malformed, at: 0, expected: "ADDED, MODIFIED, DELETED, BOOKMARK or ERROR")
    }
  }
}

extension WatchEvent {
  /// Whether a bookmark ends the list with which a watch began. Source: Kubernetes API concepts, "Streaming lists".
  private static func endsList(_ reader: JSONReader) throws(JSONError) -> Bool {
    var copy = reader
    guard try copy.enter("metadata"), try copy.enter("annotations") else { return false }
    var isEnd = false
    try copy.object { key, reader throws(JSONError) in
      if "k8s.io/initial-events-end" ~= key { isEnd = try reader.string() == "true" } else { try reader.skip() }
    }
    return isEnd
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
    while let end = Self.lineFeed(in: piece, from: start) {
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

  private static func lineFeed(in piece: [UInt8], from start: Int) -> Int? {
    piece.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, start < bytes.count,
        let found = memchr(base + start, 0x0A, bytes.count - start)
      else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }
}
