import Yams

/// The scalars of a MeshConfig text by dotted path, down to the second level.
enum MeshConfigText {
  /// `nil` where the text is not a YAML mapping. Only composed, never constructed: the text is foreign.
  static func scalars(_ text: String) -> [String: String]? {
    guard let node = try? Yams.compose(yaml: text), case .mapping(let mapping) = node else { return nil }
    var result: [String: String] = [:]
    for (key, value) in mapping {
      guard let name = key.scalar?.string else { continue }
      if let scalar = value.scalar { result[name] = scalar.string }
      guard case .mapping(let inner) = value else { continue }
      for (key, value) in inner {
        if let child = key.scalar?.string, let scalar = value.scalar { result["\(name).\(child)"] = scalar.string }
      }
    }
    return result
  }

  /// The texts of a list at the top of the mapping; none where it is absent.
  static func list(_ name: String, in text: String) -> [String] {
    guard let node = try? Yams.compose(yaml: text), case .mapping(let mapping) = node,
      case .sequence(let items)? = mapping[Node(name)]
    else { return [] }
    return items.compactMap { $0.scalar?.string }
  }
}
