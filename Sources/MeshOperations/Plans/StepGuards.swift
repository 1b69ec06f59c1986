import MeshModel

/// Comparisons that tell whether somebody else touched what a step changes.
enum StepGuards {
  private static let versionPointer: JSONPointer = "/metadata/resourceVersion"

  /// The places a step set that hold another value now.
  static func changed(by step: Step, in now: JSONValue) -> [JSONPointer] {
    let patch: JSONPatch
    switch step.write {
    case .delete: return []
    case .create(let object):
      let spec = object["spec"] ?? .null
      return (now["spec"] ?? .null).isEquivalent(to: spec) ? [] : ["/spec"]
    case .patch(let write): patch = write
    }
    guard let after = step.after else { return [] }
    return touched(patch).filter { pointer in
      switch (after[pointer], now[pointer]) {
      case (nil, nil): false
      case (let left?, let right?): !left.isEquivalent(to: right)
      default: true
      }
    }
  }

  /// Whether the places a patch tests and changes are the same in two states of an object.
  static func untouched(_ patch: JSONPatch, between before: JSONValue, and now: JSONValue) -> Bool {
    let tested = patch.operations.compactMap { operation -> JSONPointer? in
      if case .test(let pointer, _) = operation, pointer != versionPointer { pointer } else { nil }
    }
    return (tested + touched(patch)).allSatisfy { pointer in
      switch (before[pointer], now[pointer]) {
      case (nil, nil): true
      case (let left?, let right?): left.isEquivalent(to: right)
      default: false
      }
    }
  }

  /// A patch whose test of the version demands another one.
  static func revision(_ patch: JSONPatch, _ version: String) -> JSONPatch {
    JSONPatch(
      patch.operations.map { operation in
        if case .test(versionPointer, _) = operation { .test(versionPointer, .string(version)) } else { operation }
      })
  }

  /// An inverse patch that demands the version read now and the values the step had set.
  static func rebased(_ inverse: JSONPatch, on now: NativeObject, expecting step: Step) -> JSONPatch {
    var operations: [JSONPatch.Operation] = []
    if now.json[versionPointer] != nil { operations.append(.test(versionPointer, .string(now.version))) }
    if let after = step.after, case .patch(let patch) = step.write {
      for pointer in touched(patch) {
        if let value = after[pointer] { operations.append(.test(pointer, value)) }
      }
    }
    return JSONPatch(operations + inverse.changes)
  }

  /// The places a patch changes, as they are named after it (an appended element is left to its array).
  private static func touched(_ patch: JSONPatch) -> [JSONPointer] {
    patch.changes.map { operation in
      let pointer =
        switch operation {
        case .add(let pointer, _), .replace(let pointer, _), .remove(let pointer), .test(let pointer, _): pointer
        case .move(_, let pointer), .copy(_, let pointer): pointer
        }
      return pointer.tokens.last == "-" ? pointer.parent ?? pointer : pointer
    }
  }
}
