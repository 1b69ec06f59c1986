import MeshModel

/// The fields two values differ in.
struct FieldComparison: Sendable {
  /// Fields the second has and the first has not.
  var added = FieldSet()
  /// Fields both have with other values.
  var modified = FieldSet()
  /// Fields the first has and the second has not.
  var removed = FieldSet()

  /// Fields set or changed.
  var written: FieldSet { added.union(modified) }

  /// Compares two values of one schema.
  init(from old: JSONValue, to new: JSONValue, schema: Schema) {
    guard old != new else { return }
    switch (schema.resolved, old, new) {
    case (.list(_, .atomic), _, _), (.object(_, isAtomic: true), _, _): changed(old, new)
    case (.list(let element, let kind), .array(let left), .array(let right)):
      let before = Self.keyed(left, kind)
      let after = Self.keyed(right, kind)
      for (key, item) in after.items {
        if let was = before.items[key] {
          merge(FieldComparison(from: was, to: item, schema: element), under: key)
        } else {
          var set = FieldSet(of: item, schema: element, containers: true)
          set.isMember = true
          added.children[key] = set
        }
      }
      for (key, item) in before.items where after.items[key] == nil {
        var set = FieldSet(of: item, schema: element, containers: true)
        set.isMember = true
        removed.children[key] = set
      }
    case (.map, .object(let left), .object(let right)), (.object, .object(let left), .object(let right)),
      (.anything, .object(let left), .object(let right)):
      for member in right.members {
        let field = schema.member(member.name) ?? .anything
        let key = "f:" + member.name
        if let was = left[member.name] {
          merge(FieldComparison(from: was, to: member.value, schema: field), under: key)
        } else {
          added.children[key] = FieldSet(of: member.value, schema: field, containers: true)
        }
      }
      for member in left.members where right[member.name] == nil {
        removed.children["f:" + member.name] = FieldSet(
          of: member.value, schema: schema.member(member.name) ?? .anything, containers: true)
      }
    default: changed(old, new)
    }
  }

  private mutating func changed(_ old: JSONValue, _ new: JSONValue) {
    if !old.isEquivalent(to: new) { modified.isMember = true }
  }

  private mutating func merge(_ child: FieldComparison, under key: String) {
    if !child.added.isEmpty { added.children[key] = child.added }
    if !child.modified.isEmpty { modified.children[key] = child.modified }
    if !child.removed.isEmpty { removed.children[key] = child.removed }
  }

  private static func keyed(_ items: [JSONValue], _ kind: Schema.ListKind) -> (
    order: [String], items: [String: JSONValue]
  ) {
    let keys = items.map { FieldSet.key(of: $0, kind) }
    return (keys, Dictionary(zip(keys, items), uniquingKeysWith: { _, last in last }))
  }
}
