import MeshModel
import MeshPlanes

/// Comparisons that tell whether somebody else touched what a step changes.
enum StepGuards {
  private static let versionPointer: JSONPointer = "/metadata/resourceVersion"

  /// The places an applied step set that hold another value now.
  static func changed(by step: Step, in now: JSONValue) -> [JSONPointer] {
    changed(by: step, in: now) { $0.isEquivalent(to: $1) }
  }

  /// Whether an object says all that a step sets, whatever the server set besides.
  static func holds(_ step: Step, in now: JSONValue) -> Bool {
    changed(by: step, in: now) { $0.holds($1) }.isEmpty
  }

  private static func changed(
    by step: Step, in now: JSONValue, _ isAsMeant: (_ now: JSONValue, _ meant: JSONValue) -> Bool
  ) -> [JSONPointer] {
    switch step.write {
    case .delete: return []
    case .create(let object):
      if let spec = (step.after ?? object)["spec"] { return isAsMeant(now["spec"] ?? .null, spec) ? [] : ["/spec"] }
      // Where a platform keeps what is wanted in members of its own, what the server sets may stand among them.
      return (object.object?.members ?? []).filter { now[$0.name]?.holds($0.value) != true }
        .map { JSONPointer([$0.name]) }
    case .patch(let patch):
      guard let after = step.after else { return touched(patch) }
      return touched(patch).filter { !isSame($0, in: after, and: now, isAsMeant) }
    }
  }

  /// Whether the places a patch tests and changes are the same in two states of an object.
  static func untouched(_ patch: JSONPatch, between before: JSONValue, and now: JSONValue) -> Bool {
    let tested = patch.operations.compactMap { operation -> JSONPointer? in
      if case .test(let pointer, _) = operation, pointer != versionPointer { pointer } else { nil }
    }
    return (tested + touched(patch)).allSatisfy { isSame($0, in: before, and: now) }
  }

  /// Whether a pointer leads to the same value of the same thing in two states of an object.
  ///
  /// An index alone does not say which element is meant: every list on the way must be as long as it was and the element
  /// there must be recognisably the one it was, else a list reordered in between would have the wrong rule edited.
  private static func isSame(
    _ pointer: JSONPointer, in before: JSONValue, and now: JSONValue,
    _ isAsMeant: (_ now: JSONValue, _ meant: JSONValue) -> Bool = { $0.isEquivalent(to: $1) }
  ) -> Bool {
    switch (before[pointer], now[pointer]) {
    case (nil, nil): break
    case (let left?, let right?): if !isAsMeant(right, left) { return false }
    default: return false
    }
    var place = JSONPointer()
    for token in pointer.tokens {
      if let left = before[place]?.array {
        guard let right = now[place]?.array, left.count == right.count else { return false }
        let element = place.appending(token)
        if let old = before[element], let new = now[element], !isAsMeant(identity(new), identity(old)) {
          return false
        }
      }
      place = place.appending(token)
    }
    return true
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

  /// What a list's element is recognised by: its name, its conditions and where it leads, but no setting of it.
  private static func identity(_ element: JSONValue) -> JSONValue {
    guard element.object != nil else { return .null }
    var result = JSONValue.object(JSONObject())
    for member in [
      "name", "match", "matches", "destination", "host", "backendRef", "virtualNode", "virtualService",
    ] where element[member] != nil {
      result[member] = element[member]
    }
    if result["name"] == nil, let routes = element["route"]?.array {
      result["route"] = .array(routes.map { $0["destination"] ?? .null })
    }
    return result
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
