import MeshModel

/// A label selector: every requirement must hold.
struct LabelSelector: Sendable, Hashable {
  private enum Requirement: Sendable, Hashable {
    case among(String, [String])
    case notAmong(String, [String])
    case exists(String)
    case missing(String)
    case greater(String, Int)
    case less(String, Int)
  }

  private var requirements: [Requirement] = []

  /// Whether it selects everything.
  var isEmpty: Bool { requirements.isEmpty }

  /// Reads a selector such as `app=web,tier in (a,b),!canary`.
  ///
  /// - Throws: 400 where it is none.
  init(_ text: String) throws(APIStatus) {
    for part in Self.parts(text) {
      let clause = part.trimmed
      guard !clause.isEmpty else { continue }
      if clause.hasSuffix(")"), let open = clause.firstIndex(of: "(") {
        let head = clause[..<open].split(separator: " ").map(String.init)
        let values = clause[clause.index(after: open)...].dropLast().split(
          separator: ",", omittingEmptySubsequences: false
        ).map { String($0).trimmed }
        switch head.dropFirst().first {
        case "in" where head.count == 2: requirements.append(.among(head[0], values))
        case "notin" where head.count == 2: requirements.append(.notAmong(head[0], values))
        default: throw Self.malformed(text, clause)
        }
      } else if let range = clause.firstRange(of: "!=") {
        requirements.append(
          .notAmong(String(clause[..<range.lowerBound]).trimmed, [String(clause[range.upperBound...]).trimmed]))
      } else if let range = clause.firstRange(of: "==") ?? clause.firstRange(of: "=") {
        let key = String(clause[..<range.lowerBound]).trimmed
        guard !key.isEmpty else { throw Self.malformed(text, clause) }
        requirements.append(.among(key, [String(clause[range.upperBound...]).trimmed]))
      } else if let mark = clause.firstIndex(where: { $0 == ">" || $0 == "<" }) {
        guard let bound = Int(String(clause[clause.index(after: mark)...]).trimmed) else {
          throw Self.malformed(text, clause)
        }
        let key = String(clause[..<mark]).trimmed
        requirements.append(clause[mark] == ">" ? .greater(key, bound) : .less(key, bound))
      } else if clause.hasPrefix("!") {
        requirements.append(.missing(String(clause.dropFirst()).trimmed))
      } else if clause.contains(" ") {
        throw Self.malformed(text, clause)
      } else {
        requirements.append(.exists(clause))
      }
    }
  }

  private static func malformed(_ text: String, _ clause: String) -> APIStatus {
    .badRequest("unable to parse requirement: found '\(clause)', expected: in, notin, =, ==, !=, gt, lt")
  }

  /// The clauses: commas inside parentheses don't part them.
  private static func parts(_ text: String) -> [String] {
    var parts = [""]
    var depth = 0
    for character in text {
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      if character == ",", depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
    }
    return parts
  }

  /// Whether an object's labels fulfil it.
  func matches(_ object: StoredObject) -> Bool {
    requirements.allSatisfy { requirement in
      switch requirement {
      case .among(let key, let values): object.label(key).map { values.contains($0) } ?? false
      case .notAmong(let key, let values): !(object.label(key).map { values.contains($0) } ?? false)
      case .exists(let key): object.label(key) != nil
      case .missing(let key): object.label(key) == nil
      case .greater(let key, let bound): object.label(key).flatMap { Int($0) }.map { $0 > bound } ?? false
      case .less(let key, let bound): object.label(key).flatMap { Int($0) }.map { $0 < bound } ?? false
      }
    }
  }
}

/// A field selector: every `path=value` or `path!=value` must hold.
struct FieldSelector: Sendable, Hashable {
  private struct Requirement: Sendable, Hashable {
    var path: [String]
    var value: String
    var isEqual: Bool
  }

  private var requirements: [Requirement] = []

  /// Whether it selects everything.
  var isEmpty: Bool { requirements.isEmpty }

  /// The name it demands, if it does.
  var name: String? { requirements.first { $0.isEqual && $0.path == ["metadata", "name"] }?.value }

  /// Reads a selector for a kind.
  ///
  /// - Throws: 400 where it is none, or where the kind cannot be selected by a field: custom kinds know the name and the
  ///   namespace alone.
  init(_ text: String, for type: ResourceType) throws(APIStatus) {
    for clause in text.split(separator: ",") {
      guard let range = clause.firstRange(of: "!=") ?? clause.firstRange(of: "==") ?? clause.firstRange(of: "=") else {
        throw .badRequest("invalid selector: '\(text)'; can't understand '\(clause)'")
      }
      let path = String(clause[..<range.lowerBound])
      let known = ["metadata.name", "metadata.namespace"]
      guard known.contains(path) || (!type.isCustom && type.id.group.isEmpty) else {
        throw .badRequest("field label not supported: \(path)")
      }
      requirements.append(
        Requirement(
          path: path.split(separator: ".").map(String.init), value: String(clause[range.upperBound...]),
          isEqual: !clause.contains("!=")))
    }
  }

  /// Whether an object fulfils it.
  func matches(_ object: StoredObject) -> Bool {
    var tree: JSONValue?
    return requirements.allSatisfy { requirement in
      let found: String
      switch requirement.path {
      case ["metadata", "name"]: found = object.name
      case ["metadata", "namespace"]: found = object.namespace
      default:
        let value = tree ?? object.json
        tree = value
        let member = value[JSONPointer(requirement.path)]
        found = member?.string ?? member.map { $0.object == nil ? JSONWriter.text($0) : "" } ?? ""
      }
      return (found == requirement.value) == requirement.isEqual
    }
  }
}

/// Which objects a list or a watch is about.
struct Selection: Sendable, Hashable {
  var namespace: String?
  var labels: LabelSelector
  var fields: FieldSelector
  /// The one name a watch of a single object is about.
  var name: String?

  init(_ request: APIRequest, _ target: ResourceTarget) throws(APIStatus) {
    namespace = target.namespace
    labels = try LabelSelector(request["labelSelector"] ?? "")
    fields = try FieldSelector(request["fieldSelector"] ?? "", for: target.type)
    name = target.name
  }

  /// Whether it takes every object of its namespace.
  var isWhole: Bool { labels.isEmpty && fields.isEmpty && name == nil }

  /// Whether it takes an object.
  func takes(_ object: StoredObject) -> Bool {
    (namespace == nil || object.namespace == namespace) && (name == nil || object.name == name)
      && (labels.isEmpty || labels.matches(object)) && (fields.isEmpty || fields.matches(object))
  }
}

extension String {
  /// The text without spaces at its ends.
  var trimmed: String {
    let start = firstIndex { $0 != " " } ?? endIndex
    let end = lastIndex { $0 != " " }.map { index(after: $0) } ?? start
    return String(self[start..<end])
  }
}
