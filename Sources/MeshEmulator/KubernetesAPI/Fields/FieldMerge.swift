import MeshModel

/// Merging and removing along a schema, as server-side apply does it.
extension Schema {
  /// The live value with everything the applied one sets.
  func merged(_ live: JSONValue?, _ applied: JSONValue) -> JSONValue {
    guard let live else { return applied }
    switch (resolved, live, applied) {
    case (.list(_, .atomic), _, _), (.object(_, isAtomic: true), _, _): return applied
    case (.list(let element, let kind), .array(let left), .array(let right)):
      var items = left
      for item in right {
        let key = FieldSet.key(of: item, kind)
        if let index = items.firstIndex(where: { FieldSet.key(of: $0, kind) == key }) {
          items[index] = element.merged(items[index], item)
        } else {
          items.append(item)
        }
      }
      return .array(items)
    case (.map, .object(var left), .object(let right)), (.object, .object(var left), .object(let right)),
      (.anything, .object(var left), .object(let right)):
      for member in right.members {
        if member.value.isNull {
          left[member.name] = nil
        } else {
          left[member.name] = (self.member(member.name) ?? .anything).merged(left[member.name], member.value)
        }
      }
      return .object(left)
    default: return applied
    }
  }

  /// The value without the fields of a set; containers go when nothing is left in them.
  func removing(_ set: FieldSet, from value: JSONValue) -> JSONValue? {
    if set.isMember, set.children.isEmpty { return nil }
    switch (resolved, value) {
    case (.list(let element, let kind), .array(let items)) where kind != .atomic:
      var rest: [JSONValue] = []
      for item in items {
        guard let child = set.children[FieldSet.key(of: item, kind)] else {
          rest.append(item)
          continue
        }
        if !child.isMember, let remaining = element.removing(child, from: item) { rest.append(remaining) }
      }
      if rest.isEmpty, set.isMember { return nil }
      return .array(rest)
    case (.map, .object(let object)), (.object, .object(let object)), (.anything, .object(let object)):
      var rest = object
      for member in object.members {
        guard let child = set.children["f:" + member.name] else { continue }
        let remaining = (self.member(member.name) ?? .anything).removing(child, from: member.value)
        // A map that held only what is removed goes with it, unless it was empty before.
        let isEmptied = remaining?.object?.isEmpty == true && member.value.object?.isEmpty == false
        if isEmptied {
          rest[member.name] = nil
        } else {
          rest[member.name] = remaining
        }
      }
      return .object(rest)
    default: return value
    }
  }
}
