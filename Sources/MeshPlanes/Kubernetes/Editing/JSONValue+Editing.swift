import MeshModel

extension JSONValue {
  /// The tree with the value at a path set, objects on the way made where absent; `nil` takes the value away.
  ///
  /// Array indexes must exist. What leads nowhere leaves the tree as it is.
  func setting(_ value: JSONValue?, at path: some Collection<String>) -> JSONValue {
    guard let token = path.first else { return value ?? .null }
    let rest = path.dropFirst()
    switch self {
    case .array(var items):
      guard let index = Int(token), items.indices.contains(index) else { return self }
      if rest.isEmpty {
        if let value { items[index] = value } else { items.remove(at: index) }
      } else {
        items[index] = items[index].setting(value, at: rest)
      }
      return .array(items)
    case .object(var object):
      if rest.isEmpty {
        object[token] = value
      } else if let child = object[token], !child.isNull {
        object[token] = child.setting(value, at: rest)
      } else if value != nil {
        object[token] = JSONValue.object(JSONObject()).setting(value, at: rest)
      }
      return .object(object)
    case .null where value != nil: return JSONValue.object(JSONObject()).setting(value, at: path)
    default: return self
    }
  }

  /// The object at a member; an empty one where there is none.
  func child(_ name: String) -> JSONValue { self[name]?.object.map { .object($0) } ?? .object(JSONObject()) }

  /// Sets a number unless it has that value already, in whatever spelling.
  mutating func keep(number: Double, at name: String) {
    if self[name]?.double == number { return }
    self[name] = .double(number)
  }

  /// Sets a duration unless it has that length already, in whatever spelling; `nil` takes it away.
  mutating func keep(duration seconds: Double?, at name: String) throws(MeshError) {
    guard let seconds else {
      self[name] = nil
      return
    }
    if let old = self[name]?.string, GoDuration.seconds(old) == seconds { return }
    guard let text = GoDuration.text(seconds) else {
      throw MeshError(.refused, "\(seconds) seconds is no duration", remedy: "Durations are 0 or more seconds")
    }
    self[name] = .string(text)
  }

  /// Sets a text; an empty one is taken away.
  mutating func keep(text: String?, at name: String) {
    if let text, !text.isEmpty { self[name] = .string(text) } else { self[name] = nil }
  }
}
