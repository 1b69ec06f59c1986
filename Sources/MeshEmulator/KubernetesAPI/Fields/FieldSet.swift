import MeshModel

/// A set of fields, as `managedFields` keeps who wrote what (structured-merge-diff's FieldsV1 form).
struct FieldSet: Sendable, Hashable {
  /// Whether the field at this place itself belongs to the set.
  var isMember = false
  /// The fields below, by path element: `f:name`, `k:{"name":"x"}` or `v:value`.
  var children: [String: FieldSet] = [:]

  /// Whether nothing belongs to it.
  var isEmpty: Bool { !isMember && children.isEmpty }

  private static func leaf() -> FieldSet { FieldSet(isMember: true) }

  /// Reads the FieldsV1 form.
  init(fieldsV1: JSONValue) {
    let object = fieldsV1.object ?? JSONObject()
    for member in object.members where member.name != "." {
      var child = FieldSet(fieldsV1: member.value)
      child.isMember = child.isMember || child.children.isEmpty
      children[member.name] = child
    }
    isMember = object["."] != nil
  }

  init(isMember: Bool = false, children: [String: FieldSet] = [:]) {
    self.isMember = isMember
    self.children = children
  }

  /// The FieldsV1 form.
  var fieldsV1: JSONValue {
    var members: [JSONObject.Member] = []
    if isMember, !children.isEmpty { members.append(.init(name: ".", value: [:])) }
    for (name, child) in children.sorted(by: { $0.key < $1.key }) {
      members.append(.init(name: name, value: child.fieldsV1))
    }
    return .object(JSONObject(members))
  }

  func union(_ other: FieldSet) -> FieldSet {
    FieldSet(
      isMember: isMember || other.isMember,
      children: children.merging(other.children) { $0.union($1) })
  }

  func subtracting(_ other: FieldSet) -> FieldSet {
    var result = FieldSet(isMember: isMember && !other.isMember)
    for (name, child) in children {
      let rest = other.children[name].map { child.subtracting($0) } ?? child
      if !rest.isEmpty { result.children[name] = rest }
    }
    return result
  }

  func intersection(_ other: FieldSet) -> FieldSet {
    var result = FieldSet(isMember: isMember && other.isMember)
    for (name, child) in children {
      guard let common = other.children[name].map({ child.intersection($0) }), !common.isEmpty else { continue }
      result.children[name] = common
    }
    return result
  }

  /// The members as paths, `.spec.hosts`, in order.
  var paths: [String] { paths(prefix: "") }

  private func paths(prefix: String) -> [String] {
    children.sorted { $0.key < $1.key }.flatMap { name, child in
      let path = prefix + Self.printed(name)
      return (child.isMember ? [path] : []) + child.paths(prefix: path)
    }
  }

  private static func printed(_ element: String) -> String {
    let content = String(element.dropFirst(2))
    switch element.first {
    case "f": return "." + content
    case "k":
      let key = (try? JSONValue(parsing: content))?.object?.members ?? []
      return "[" + key.map { "\($0.name)=\(JSONWriter.text($0.value))" }.joined(separator: ",") + "]"
    default: return "[=\(content)]"
    }
  }

  // MARK: Of values

  /// The fields a value sets.
  ///
  /// - Parameter containers: Whether maps count as fields of their own, as they do for what an update added.
  init(of value: JSONValue, schema: Schema, containers: Bool) {
    switch (schema.resolved, value) {
    case (.list(_, .atomic), _), (.object(_, isAtomic: true), _): self = Self.leaf()
    case (.list(let element, let kind), .array(let items)) where !items.isEmpty:
      self.init(isMember: containers)
      for item in items {
        let key = Self.key(of: item, kind)
        var child = FieldSet(of: item, schema: element, containers: containers)
        child.isMember = true
        children[key] = children[key].map { $0.union(child) } ?? child
      }
    case (.map, .object(let object)) where !object.isEmpty,
      (.object, .object(let object)) where !object.isEmpty,
      (.anything, .object(let object)) where !object.isEmpty:
      self.init(isMember: containers)
      for member in object.members {
        children["f:" + member.name] = FieldSet(
          of: member.value, schema: schema.member(member.name) ?? .anything, containers: containers)
      }
    default: self = Self.leaf()
    }
  }

  /// The path element of a list's element.
  static func key(of item: JSONValue, _ kind: Schema.ListKind) -> String {
    guard case .map(let keys) = kind else { return "v:" + JSONWriter.text(item) }
    let members = keys.sorted().compactMap { name -> JSONObject.Member? in
      if let value = item[name] { return .init(name: name, value: value) }
      // The one default a key has: a port's protocol.
      return name == "protocol" ? .init(name: name, value: "TCP") : nil
    }
    return "k:" + JSONWriter.text(.object(JSONObject(members)))
  }
}
