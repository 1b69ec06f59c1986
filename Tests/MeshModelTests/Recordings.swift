import Foundation

/// The answers of real servers under `Fixtures/Recordings`.
enum Recordings {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/Recordings", directoryHint: .isDirectory)

  /// Every JSON text: one a file, or one a line of an `.ndjson` file, with a label.
  static func texts() throws -> [(label: String, bytes: [UInt8])] {
    let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
    let files = (walk?.allObjects as? [URL] ?? []).sorted { $0.path < $1.path }
    return try files.flatMap { file -> [(label: String, bytes: [UInt8])] in
      let bytes = try [UInt8](Data(contentsOf: file))
      switch file.pathExtension {
      case "json": return [(file.lastPathComponent, bytes)]
      case "ndjson":
        return bytes.split(separator: 0x0A).enumerated().map { ("\(file.lastPathComponent):\($0 + 1)", Array($1)) }
      default: return []
      }
    }
  }
}

/// A tree that Foundation's decoder builds: the second opinion on what is JSON and what it means.
indirect enum FoundationTree: Decodable, Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([FoundationTree])
  case object([String: FoundationTree])

  init(from decoder: any Decoder) throws {
    if let keyed = try? decoder.container(keyedBy: AnyKey.self) {
      var members: [String: FoundationTree] = [:]
      for key in keyed.allKeys { members[key.stringValue] = try keyed.decode(FoundationTree.self, forKey: key) }
      self = .object(members)
      return
    }
    if var list = try? decoder.unkeyedContainer() {
      var items: [FoundationTree] = []
      while !list.isAtEnd { items.append(try list.decode(FoundationTree.self)) }
      self = .array(items)
      return
    }
    let single = try decoder.singleValueContainer()
    if single.decodeNil() {
      self = .null
    } else if let value = try? single.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? single.decode(Double.self) {
      self = .number(value)
    } else {
      self = .string(try single.decode(String.self))
    }
  }

  struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
