import MeshModel

/// Which things the objects of one resource gave, so that what is gone can be told.
///
/// It holds identities only. An object that gave exactly itself, the usual case, costs one entry of a set.
struct KnownObjects {
  private var simple: Set<ObjectRef> = []
  /// The things of an object that gave others than itself.
  private var given: [ObjectRef: [ObjectRef]] = [:]
  /// How many objects give a thing, for things of `given`.
  private var givers: [ObjectRef: Int] = [:]
  /// The objects seen in the list under way; `nil` outside of one over things already known.
  private var seen: Set<ObjectRef>?

  /// The objects known.
  var count: Int { simple.count + given.count }

  /// Notes that a list begins (again).
  mutating func beginList() { seen = count == 0 ? nil : [] }

  /// Notes that the list is complete and gives what is gone.
  mutating func endList() -> [MeshChange] {
    guard let seen else { return [] }
    self.seen = nil
    let gone = simple.filter { !seen.contains($0) } + given.keys.filter { !seen.contains($0) }
    return gone.flatMap { remove($0) }
  }

  /// Notes what an object gives now.
  mutating func upsert(_ object: ObjectRef, _ entities: [Entity]) -> [MeshChange] {
    seen?.insert(object)
    let isSimple = entities.count == 1 && entities[0].ref == object
    if isSimple, given.isEmpty || given[object] == nil {
      simple.insert(object)
      return [.upsert(entities[0])]
    }
    var old = given.removeValue(forKey: object) ?? []
    if simple.remove(object) != nil { old.append(object) } else { for ref in old { release(ref) } }
    var changes: [MeshChange] = []
    if isSimple {
      simple.insert(object)
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
    if simple.remove(object) != nil { return [.remove(object)] }
    let refs = given.removeValue(forKey: object) ?? []
    for ref in refs { release(ref) }
    return refs.filter { givers[$0] == nil }.map { .remove($0) }
  }

  /// Notes that everything is gone.
  mutating func removeAll() -> [MeshChange] {
    (Array(simple) + Array(given.keys)).flatMap { remove($0) }
  }

  private mutating func release(_ ref: ObjectRef) {
    let left = (givers[ref] ?? 1) - 1
    givers[ref] = left == 0 ? nil : left
  }
}
