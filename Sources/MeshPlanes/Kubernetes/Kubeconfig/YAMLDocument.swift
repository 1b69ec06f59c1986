import MeshModel
import Yams

/// Foreign YAML read without trusting it: composed, never constructed, within limits, every fault with line and column.
enum YAMLDocument {
  /// The most aliases a file may use.
  static let aliasLimit = 100
  /// The most nodes a file may have once its aliases are followed.
  static let nodeLimit = 200_000
  /// The deepest nesting.
  static let depthLimit = 64

  /// A place in a file, both from 1.
  struct Place: Sendable, Hashable {
    var line: Int
    var column: Int

    init(line: Int, column: Int) {
      self.line = line
      self.column = column
    }

    init?(_ mark: Mark?) {
      guard let mark else { return nil }
      self.init(line: mark.line, column: mark.column)
    }
  }

  /// The root of the one document in a text; `nil` where it is empty.
  static func compose(_ bytes: [UInt8], from path: String) throws(MeshError) -> Node? {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw refusal(path, nil, "the file is UTF-16", remedy: "save it as UTF-8")
    }
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let body = bytes.starts(with: mark) ? bytes.dropFirst(3) : bytes[...]
    guard let text = String(validating: body, as: UTF8.self) else {
      throw refusal(path, nil, "the file is not valid UTF-8", remedy: "save it as UTF-8")
    }
    try scan(bytes, path)
    let root: Node?
    do {
      // What a plain scalar is, is decided here.
      root = try Yams.compose(yaml: text, .basic)
    } catch {
      throw explain(error, path)
    }
    if let root {
      var budget = nodeLimit
      try measure(root, depth: 0, &budget, path)
    }
    return root
  }

  /// A tree of plain values; what YAML leaves open is decided as JSON would.
  static func json(_ node: Node) -> JSONValue {
    switch node {
    case .scalar(let scalar):
      guard scalar.style == .plain else { return .string(scalar.string) }
      switch scalar.string {
      case "", "~", "null", "Null", "NULL": return .null
      case "true", "True", "TRUE": return .bool(true)
      case "false", "False", "FALSE": return .bool(false)
      default:
        // What is no number of JSON, such as `007`, would make a text that nobody can read.
        if case .number? = try? JSONValue(parsing: scalar.string) { return .number(scalar.string) }
        return .string(scalar.string)
      }
    case .sequence(let items): return .array(items.map(json))
    case .mapping(let pairs):
      return .object(
        JSONObject(pairs.map { JSONObject.Member(name: $0.key.scalar?.string ?? "", value: json($0.value)) }))
    case .alias: return .null
    }
  }

  /// A usage error at a place of a file.
  static func refusal(_ path: String, _ place: Place?, _ message: String, remedy: String? = nil) -> MeshError {
    let location = place.map { "\(path):\($0.line):\($0.column)" } ?? path
    return MeshError(.usage, "\(location): \(message)", remedy: remedy)
  }

  /// Refuses what would be costly to compose: too many aliases, aliases as keys, nesting too deep for a recursive reader.
  private static func scan(_ bytes: [UInt8], _ path: String) throws(MeshError) {
    var (line, lineStart, aliases, flow) = (1, 0, 0, 0)
    var isIndent = true
    for (index, byte) in bytes.enumerated() {
      func mark() -> Place { Place(line: line, column: index - lineStart + 1) }
      switch byte {
      case 0x0A: (line, lineStart, isIndent) = (line + 1, index + 1, true)
      case 0x20, UInt8(ascii: "-"), UInt8(ascii: "?"):
        // Each level of block nesting takes a column of its own.
        if isIndent, index - lineStart > 4 * depthLimit {
          throw refusal(path, mark(), "nested deeper than \(depthLimit) levels")
        }
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        flow += 1
        isIndent = false
        if flow > depthLimit { throw refusal(path, mark(), "nested deeper than \(depthLimit) levels") }
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        flow = max(0, flow - 1)
        isIndent = false
      case UInt8(ascii: "*"):
        isIndent = false
        let before = index == 0 ? 0x20 : bytes[index - 1]
        guard [0x20, 0x0A, 0x5B, 0x2C, 0x7B].contains(before), index + 1 < bytes.count, isName(bytes[index + 1]) else {
          continue
        }
        aliases += 1
        if aliases > aliasLimit { throw refusal(path, mark(), "more than \(aliasLimit) aliases") }
        var end = index + 1
        while end < bytes.count, isName(bytes[end]) { end += 1 }
        while end < bytes.count, bytes[end] == 0x20 { end += 1 }
        if end < bytes.count, bytes[end] == UInt8(ascii: ":") {
          throw refusal(path, mark(), "an alias is used as a key")
        }
      default: isIndent = false
      }
    }
  }

  private static func isName(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
      || byte == 0x2D
  }

  private static func measure(
    _ node: Node, depth: Int, _ budget: inout Int, _ path: String
  ) throws(MeshError) {
    budget -= 1
    guard budget >= 0 else {
      throw refusal(path, Place(node.mark), "the file grows beyond \(nodeLimit) values when its aliases are followed")
    }
    guard depth <= depthLimit else { throw refusal(path, Place(node.mark), "nested deeper than \(depthLimit) levels") }
    switch node {
    case .sequence(let items):
      for item in items { try measure(item, depth: depth + 1, &budget, path) }
    case .mapping(let pairs):
      for pair in pairs {
        try measure(pair.key, depth: depth + 1, &budget, path)
        try measure(pair.value, depth: depth + 1, &budget, path)
      }
    case .scalar, .alias: break
    }
  }

  private static func explain(_ error: any Error, _ path: String) -> MeshError {
    let remedy = "correct the file"
    switch error {
    case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _):
      return refusal(path, Place(mark), problem, remedy: remedy)
    case YamlError.reader(let problem, let offset, _, let text):
      let before = text.utf8.prefix(offset ?? 0)
      let line = before.count(where: { $0 == 0x0A }) + 1
      let column = before.reversed().prefix { $0 != 0x0A }.count + 1
      return refusal(path, Place(line: line, column: column), problem, remedy: remedy)
    case YamlError.duplicatedKeysInMapping(let names, let context):
      return refusal(path, Place(context.mark), "the key \(names.joined(separator: ", ")) stands twice", remedy: remedy)
    default:
      return refusal(path, nil, "not YAML", remedy: remedy)
    }
  }
}
