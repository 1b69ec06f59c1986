import MeshModel
import MeshPlanes

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
    guard let after = step.after else { return touched(patch) }
    return touched(patch).filter { pointer in
      guard isSamePlace(pointer, in: after, and: now) else { return true }
      return switch (after[pointer], now[pointer]) {
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
      guard isSamePlace(pointer, in: before, and: now) else { return false }
      return switch (before[pointer], now[pointer]) {
      case (nil, nil): true
      case (let left?, let right?): left.isEquivalent(to: right)
      default: false
      }
    }
  }

  /// The step on the object as it is now, where nothing it changes was touched; `nil` where that is not so.
  static func rebased(_ step: Step, through control: any ControlPlane) async throws(MeshError) -> Step? {
    guard case .patch(let patch) = step.write, let before = step.before else { return nil }
    let now = try await control.native(step.object)
    guard step.precondition.uid.isEmpty || now.uid == step.precondition.uid else { return nil }
    guard now.version != step.precondition.version, untouched(patch, between: before, and: now.json) else { return nil }
    var rebased = step
    rebased.precondition.version = now.version
    rebased.before = now.json
    rebased.write = .patch(revision(patch, now.version))
    rebased.after = try? revision(patch, now.version).applied(to: now.json)
    return rebased
  }

  /// What tells one element of a list from another; a list is addressed by index, and an index alone is no identity.
  private static let identities = ["name", "match", "destination", "host", "port", "subset"]

  /// Whether a pointer leads through the same elements of the same lists in two states of an object: a rule put before
  /// the one meant, or two that changed places, make the same index another place.
  private static func isSamePlace(_ pointer: JSONPointer, in left: JSONValue, and right: JSONValue) -> Bool {
    var (left, right) = (left, right)
    for token in pointer.tokens {
      if let lefts = left.array, let rights = right.array {
        guard lefts.count == rights.count || token == "-" else { return false }
      }
      guard let nextLeft = left[JSONPointer([token])], let nextRight = right[JSONPointer([token])] else { return true }
      if left.array != nil {
        for name in identities {
          let (one, other) = (nextLeft[name], nextRight[name])
          guard one == nil && other == nil || one.map({ mine in other.map { mine.isEquivalent(to: $0) } ?? false }) ?? false
          else { return false }
        }
      }
      (left, right) = (nextLeft, nextRight)
    }
    return true
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
