import MeshModel
import Yams

/// A node of a scenario's YAML, read field by field with errors that say the line.
struct ScenarioNode {
  let node: Node
  let file: String
  /// The way to the node, such as `services.shop/cart.port`.
  let path: String

  func fail(_ message: String, code: ScenarioError.Code = .field) -> ScenarioError {
    let place = path.isEmpty ? "" : "\(path): "
    return ScenarioError(code: code, file: file, line: node.mark?.line ?? 1, message: place + message)
  }

  /// The members of a mapping in order; none of a `null`.
  func members() throws(ScenarioError) -> [(name: String, value: ScenarioNode)] {
    if isNull { return [] }
    guard case .mapping(let mapping) = node else { throw fail("expected a mapping of names to values") }
    return mapping.map { key, value in
      let name = key.scalar?.string ?? ""
      return (name, ScenarioNode(node: value, file: file, path: path.isEmpty ? name : "\(path).\(name)"))
    }
  }

  /// The elements of a sequence; none of a `null`.
  func elements() throws(ScenarioError) -> [ScenarioNode] {
    if isNull { return [] }
    guard case .sequence(let sequence) = node else { throw fail("expected a list (`- …`)") }
    return sequence.enumerated().map { ScenarioNode(node: $1, file: file, path: "\(path)[\($0)]") }
  }

  func string() throws(ScenarioError) -> String {
    guard case .scalar(let scalar) = node else { throw fail("expected text") }
    return scalar.string
  }

  func double(_ range: ClosedRange<Double> = 0...1e12) throws(ScenarioError) -> Double {
    guard let value = Double(try string()), range.contains(value) else {
      throw fail("expected a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func int(_ range: ClosedRange<Int>) throws(ScenarioError) -> Int {
    guard let value = Int(try string()), range.contains(value) else {
      throw fail("expected a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func bool() throws(ScenarioError) -> Bool {
    switch try string() {
    case "true": return true
    case "false": return false
    default: throw fail("expected true or false")
    }
  }

  func choice<Value: RawRepresentable & CaseIterable>(
    _ type: Value.Type
  ) throws(ScenarioError) -> Value where Value.RawValue == String {
    guard let value = Value(rawValue: try string()) else {
      throw fail("expected one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return value
  }

  func stringMap() throws(ScenarioError) -> [String: String] {
    var map: [String: String] = [:]
    for (name, value) in try members() { map[name] = try value.string() }
    return map
  }

  func unknown(_ name: String, known: String) -> ScenarioError {
    fail("unknown field \"\(name)\"; there are \(known)")
  }

  private var isNull: Bool {
    guard case .scalar(let scalar) = node else { return false }
    return scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
  }

  /// The node as JSON: plain scalars by the JSON schema of YAML 1.2, all others as text.
  func json(depth: Int = 0) throws(ScenarioError) -> JSONValue {
    guard depth < 64 else { throw fail("nested too deep") }
    switch node {
    case .scalar(let scalar):
      guard scalar.style == .plain else { return .string(scalar.string) }
      switch scalar.string {
      case "", "~", "null": return .null
      case "true": return true
      case "false": return false
      default: return Self.isNumber(scalar.string) ? .number(scalar.string) : .string(scalar.string)
      }
    case .sequence:
      var items: [JSONValue] = []
      for element in try elements() { items.append(try element.json(depth: depth + 1)) }
      return .array(items)
    case .mapping:
      var object = JSONObject()
      for (name, value) in try members() { object[name] = try value.json(depth: depth + 1) }
      return .object(object)
    case .alias: throw fail("aliases are not resolved here; write the value out")
    }
  }

  private static func isNumber(_ text: String) -> Bool {
    guard let first = text.utf8.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first) else { return false }
    guard text.utf8.last.map({ (0x30...0x39).contains($0) }) == true else { return false }
    let digits = text.utf8.first == UInt8(ascii: "-") ? text.dropFirst() : text[...]
    if digits.hasPrefix("0"), digits.count > 1, !digits.hasPrefix("0.") { return false }
    return Double(text)?.isFinite == true && text.utf8.allSatisfy { $0 != UInt8(ascii: "x") }
  }
}
