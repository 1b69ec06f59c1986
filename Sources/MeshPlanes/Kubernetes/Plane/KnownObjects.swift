import MeshModel

/// Which things the objects of one resource gave, so that what is gone can be told.
///
/// It holds identities only. An object that gave one thing of its own name and namespace, the usual case, costs its name
/// in a set: 50,000 pods are 2 MB.
struct KnownObjects {
  /// The objects that gave one thing of their own name and namespace, by the kind of the thing: nearly all.
  private var simple: [ObjectKind: NameTable] = [:]
  /// The things of an object that gave others than that.
  private var given: [ObjectRef: [ObjectRef]] = [:]
  /// How many objects give a thing, for things of `given`.
  private var givers: [ObjectRef: Int] = [:]
  /// The objects seen in the list under way; `nil` outside of one over things already known.
  private var seen: NameTable?
  /// Any of the objects, for their plane and kind, which all have in common.
  private var sample: ObjectRef?

  /// The objects known.
  var count: Int { simple.values.reduce(given.count) { $0 + $1.count } }

  /// Notes that a list begins (again).
  mutating func beginList() { seen = count == 0 ? nil : NameTable() }

  /// Notes that the list is complete and gives what is gone.
  mutating func endList() -> [MeshChange] {
    guard let seen else { return [] }
    self.seen = nil
    return objects.filter { !seen.contains($0) }.flatMap { remove($0) }
  }

  /// Notes what an object gives now.
  mutating func upsert(_ object: ObjectRef, _ entities: [Entity]) -> [MeshChange] {
    if sample == nil { sample = object }
    seen?.insert(object)
    let only = entities.count == 1 ? entities[0].ref : nil
    let kind = only.flatMap { Self.isSimple($0, of: object) ? $0.kind : nil }
    if let kind, given.isEmpty || given[object] == nil,
      simple.allSatisfy({ $0.key == kind || !$0.value.contains(object) })
    {
      simple[kind, default: NameTable()].insert(object)
      return [.upsert(entities[0])]
    }
    let (old, wasSimple) = take(object)
    if !wasSimple { for ref in old { release(ref) } }
    var changes: [MeshChange] = []
    if let kind {
      simple[kind, default: NameTable()].insert(object)
    } else {
      given[object] = entities.map(\.ref)
      for entity in entities { givers[entity.ref, default: 0] += 1 }
    }
    let now = Set(entities.map(\.ref))
    for ref in old where !now.contains(ref) && givers[ref] == nil { changes.append(.remove(ref)) }
    return changes + entities.map { .upsert($0) }
  }

  /// Notes that an object is gone.
  mutating func remove(_ object: ObjectRef) -> [MeshChange] {
    let (refs, wasSimple) = take(object)
    if !wasSimple { for ref in refs { release(ref) } }
    return refs.filter { givers[$0] == nil }.map { .remove($0) }
  }

  /// Notes that everything is gone.
  mutating func removeAll() -> [MeshChange] { objects.flatMap { remove($0) } }

  private static func isSimple(_ thing: ObjectRef, of object: ObjectRef) -> Bool {
    thing.hasScope(of: object) && thing.name == object.name
      || thing.name == object.name && thing.namespace == object.namespace && thing.plane == object.plane
  }

  /// Every object known.
  private var objects: [ObjectRef] {
    guard let sample else { return [] }
    return simple.values.flatMap { $0.all(like: sample) } + Array(given.keys)
  }

  /// Forgets an object and answers what it gave, and whether that was one thing of its own name.
  private mutating func take(_ object: ObjectRef) -> (refs: [ObjectRef], wasSimple: Bool) {
    for kind in simple.keys where simple[kind]?.remove(object) == true {
      var thing = object
      if kind != object.kind { thing.kind = kind }
      return ([thing], true)
    }
    return (given.removeValue(forKey: object) ?? [], false)
  }

  private mutating func release(_ ref: ObjectRef) {
    let left = (givers[ref] ?? 1) - 1
    givers[ref] = left == 0 ? nil : left
  }
}

/// The names of objects of one plane and kind, by namespace.
private struct NameTable {
  private var names: [String: Set<String>] = [:]
  private(set) var count = 0

  func contains(_ object: ObjectRef) -> Bool { names[object.namespace]?.contains(object.name) ?? false }

  mutating func insert(_ object: ObjectRef) {
    if names[object.namespace, default: []].insert(object.name).inserted { count += 1 }
  }

  mutating func remove(_ object: ObjectRef) -> Bool {
    guard names[object.namespace]?.remove(object.name) != nil else { return false }
    if names[object.namespace]?.isEmpty == true { names[object.namespace] = nil }
    count -= 1
    return true
  }

  /// The objects, of the plane and kind of a given one.
  func all(like sample: ObjectRef) -> [ObjectRef] {
    names.flatMap { namespace, names in
      names.map { ObjectRef(plane: sample.plane, namespace: namespace, kind: sample.kind, name: $0) }
    }
  }
}
