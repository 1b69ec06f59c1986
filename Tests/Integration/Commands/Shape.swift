import Foundation
import MeshModel
import Testing

/// The fields of a JSON document and their types, as lines: `items[].backends[].desired.share: number`.
///
/// A name that is not in every object of its place ends with `?`.
struct Shape: Equatable {
  var types: [String: Set<String>] = [:]
  var optional: Set<String> = []

  init(_ value: JSONValue) {
    var seen: [String: Int] = [:]
    var parents: [String: Int] = [:]
    add(value, at: "", &seen, &parents)
    for (path, count) in seen {
      let parent = path.range(of: ".", options: .backwards).map { String(path[..<$0.lowerBound]) } ?? ""
      if count < parents[parent] ?? 0 { optional.insert(path) }
    }
  }

  init(lines: String) {
    for line in lines.split(separator: "\n") {
      guard let colon = line.range(of: ": ", options: .backwards) else { continue }
      var path = String(line[..<colon.lowerBound])
      if path.hasSuffix("?") {
        path.removeLast()
        optional.insert(path)
      }
      types[path] = Set(line[colon.upperBound...].split(separator: "|").map(String.init))
    }
  }

  var lines: String {
    types.sorted { $0.key < $1.key }.map { path, types in
      "\(path)\(optional.contains(path) ? "?" : ""): \(types.sorted().joined(separator: "|"))\n"
    }.joined()
  }

  /// What a document has beyond this shape or lacks of it.
  func differences(_ other: Shape) -> [String] {
    var found: [String] = []
    for (path, types) in other.types.sorted(by: { $0.key < $1.key }) {
      guard let known = self.types[path] else {
        found.append("\(path) is new")
        continue
      }
      if !types.isSubset(of: known) { found.append("\(path) is \(types.sorted()), not \(known.sorted())") }
      if other.optional.contains(path), !optional.contains(path) { found.append("\(path) is missing in places") }
    }
    for path in types.keys.sorted() where other.types[path] == nil && !optional.contains(path) {
      let parent = path.range(of: ".", options: .backwards).map { String(path[..<$0.lowerBound]) } ?? ""
      if parent.isEmpty || other.types[parent] != nil { found.append("\(path) is missing") }
    }
    return found
  }

  /// Both shapes in one.
  func merged(_ other: Shape) -> Shape {
    var result = self
    for (path, types) in other.types {
      if result.types[path] == nil, !self.types.isEmpty { result.optional.insert(path) }
      result.types[path, default: []].formUnion(types)
    }
    result.optional.formUnion(other.optional)
    for path in types.keys where other.types[path] == nil { result.optional.insert(path) }
    return result
  }

  /// Holds a document against the golden shape of a name; `MESHDECK_UPDATE_GOLDEN=1` adds what it has to the golden one.
  static func check(_ value: JSONValue, _ name: String, _ location: SourceLocation = #_sourceLocation) throws {
    let path = Program.root + "/Fixtures/Contract/\(name).shape"
    let golden = Shape(lines: (try? String(contentsOfFile: path, encoding: .utf8)) ?? "")
    let found = Shape(value)
    if ProcessInfo.processInfo.environment["MESHDECK_UPDATE_GOLDEN"] == "1" {
      try golden.merged(found).lines.write(toFile: path, atomically: true, encoding: .utf8)
      return
    }
    #expect(golden.differences(found) == [], "\(name) is not as \(path) promises", sourceLocation: location)
  }

  private mutating func add(
    _ value: JSONValue, at path: String, _ seen: inout [String: Int], _ parents: inout [String: Int]
  ) {
    let type =
      switch value {
      case .null: "null"
      case .bool: "boolean"
      case .number: "number"
      case .string: "string"
      case .array: "array"
      case .object: "object"
      }
    if !path.isEmpty { types[path, default: []].insert(type) }
    switch value {
    case .object(let object):
      parents[path, default: 0] += 1
      for member in object.members {
        let place = path.isEmpty ? member.name : "\(path).\(member.name)"
        seen[place, default: 0] += 1
        add(member.value, at: place, &seen, &parents)
      }
    case .array(let items): for item in items { add(item, at: path + "[]", &seen, &parents) }
    default: break
    }
  }
}
