import MeshModel
import Yams

/// One value of a YAML file with the place it stands at, so that a fault names it.
struct YAMLField {
  let node: Node
  let path: String
  let name: String

  /// A mapping's member; `nil` where there is none, or no mapping.
  subscript(name: String) -> YAMLField? {
    guard case .mapping(let pairs) = node else { return nil }
    return pairs.first { $0.key.scalar?.string == name }.map { YAMLField(node: $0.value, path: path, name: name) }
  }

  var isMapping: Bool { if case .mapping = node { true } else { false } }

  /// Whether the value is left empty or `null`.
  var isNull: Bool {
    guard case .scalar(let scalar) = node, scalar.style == .plain else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
  }

  /// The file, line and column.
  var location: String { node.mark.map { "\(path):\($0.line):\($0.column)" } ?? path }

  func refusal(_ message: String) -> MeshError {
    MeshError(.usage, "\(location): \(message)", remedy: "correct the kubeconfig")
  }

  /// The text; `nil` where it is `null`.
  func string() throws(MeshError) -> String? {
    if isNull { return nil }
    guard case .scalar(let scalar) = node else { throw refusal("\(name) is not a text") }
    return scalar.string
  }

  /// The text; `nil` where it is empty or `null`.
  func filledString() throws(MeshError) -> String? {
    guard let text = try string(), !text.isEmpty else { return nil }
    return text
  }

  /// The truth value; `nil` where it is `null`.
  func bool() throws(MeshError) -> Bool? {
    switch try string() {
    case nil: return nil
    case "true", "True", "TRUE", "yes", "Yes", "on": return true
    case "false", "False", "FALSE", "no", "No", "off", "": return false
    default: throw refusal("\(name) is neither true nor false")
    }
  }

  /// The elements of a list; none where it is `null`.
  func items() throws(MeshError) -> [YAMLField] {
    if isNull { return [] }
    guard case .sequence(let items) = node else { throw refusal("\(name) is not a list") }
    return items.map { YAMLField(node: $0, path: path, name: name) }
  }

  /// The texts of a list.
  func strings() throws(MeshError) -> [String] {
    try items().map { item throws(MeshError) in try item.string() ?? "" }
  }

  /// The members of a mapping in order.
  func members() throws(MeshError) -> [(String, YAMLField)] {
    if isNull { return [] }
    guard case .mapping(let pairs) = node else { throw refusal("\(name) is not a mapping") }
    return pairs.map { ($0.key.scalar?.string ?? "", YAMLField(node: $0.value, path: path, name: name)) }
  }
}
