import MeshModel

/// The smallest JSON Patch between two trees, each replaced or removed value guarded by a `test` of what it was.
///
/// Objects are compared member by member and arrays element by element, so that a changed weight is one `replace` of one
/// number. An array whose length differs is cut to its common head and tail; what lies between is removed and added.
enum StructuralDiff {
  /// The operations that turn `old` into `new`.
  static func changes(from old: JSONValue, to new: JSONValue) -> [JSONPatch.Operation] {
    var operations: [JSONPatch.Operation] = []
    compare(old, new, at: JSONPointer(), into: &operations)
    return operations
  }

  private static func compare(
    _ old: JSONValue, _ new: JSONValue, at pointer: JSONPointer, into operations: inout [JSONPatch.Operation]
  ) {
    switch (old, new) {
    case (.object(let left), .object(let right)): compare(left, right, at: pointer, into: &operations)
    case (.array(let left), .array(let right)): compare(left, right, at: pointer, into: &operations)
    default:
      if old == new || old.isEquivalent(to: new) { return }
      operations += [.test(pointer, old), .replace(pointer, new)]
    }
  }

  private static func compare(
    _ old: JSONObject, _ new: JSONObject, at pointer: JSONPointer, into operations: inout [JSONPatch.Operation]
  ) {
    for member in old.members {
      let place = pointer.appending(member.name)
      if let value = new[member.name] {
        compare(member.value, value, at: place, into: &operations)
      } else {
        operations += [.test(place, member.value), .remove(place)]
      }
    }
    for member in new.members where old[member.name] == nil {
      operations.append(.add(pointer.appending(member.name), member.value))
    }
  }

  private static func compare(
    _ old: [JSONValue], _ new: [JSONValue], at pointer: JSONPointer, into operations: inout [JSONPatch.Operation]
  ) {
    if old.count == new.count {
      for (index, pair) in zip(old, new).enumerated() {
        compare(pair.0, pair.1, at: pointer.appending(index), into: &operations)
      }
      return
    }
    let shorter = min(old.count, new.count)
    var head = 0
    while head < shorter, old[head].isEquivalent(to: new[head]) { head += 1 }
    var tail = 0
    while tail < shorter - head,
      old[old.count - 1 - tail].isEquivalent(to: new[new.count - 1 - tail])
    {
      tail += 1
    }
    let (removed, added) = (old.count - head - tail, new.count - head - tail)
    let common = min(removed, added)
    for index in head..<head + common {
      compare(old[index], new[index], at: pointer.appending(index), into: &operations)
    }
    // From the last to the first, so that no index moves under a later operation.
    for index in stride(from: head + removed - 1, through: head + common, by: -1) {
      operations += [.test(pointer.appending(index), old[index]), .remove(pointer.appending(index))]
    }
    for index in stride(from: head + common, to: head + added, by: 1) {
      operations.append(.add(pointer.appending(index), new[index]))
    }
  }
}
