public import MeshModel

/// Steps on Kubernetes objects, each with its precondition and its exact inverse.
extension Step {
  /// The step that turns a native object into `wanted` with the smallest patch; `nil` where nothing differs.
  ///
  /// The patch begins with a `test` of `metadata.resourceVersion`, and a `test` of the old value goes before every replace
  /// and remove. What only the server sets (`status`, `managedFields`, `uid`, …) is never touched, whatever `wanted` says.
  public static func editing(
    _ native: NativeObject, to wanted: JSONValue, barrier: Barrier? = nil
  ) -> Step? {
    let target = ServerOwned.restoring(wanted, from: native.json)
    let forward = StructuralDiff.changes(from: native.json, to: target)
    guard !forward.isEmpty else { return nil }
    let backward = StructuralDiff.changes(from: target, to: native.json)
    let version = JSONPatch.Operation.test("/metadata/resourceVersion", .string(native.version))
    return Step(
      object: native.ref, path: native.path, write: .patch(JSONPatch([version] + forward)),
      precondition: Precondition(version: native.version, uid: native.uid), inverse: .patch(JSONPatch(backward)),
      before: native.json, after: target, barrier: barrier)
  }

  /// The step that gives a native object the status of `wanted`, for those whose controllers take orders by it; `nil` where
  /// nothing differs. All the rest of the object stays as it is.
  static func editingStatus(of native: NativeObject, to wanted: JSONValue) -> Step? {
    var target = native.json
    target["status"] = wanted["status"]
    let forward = StructuralDiff.changes(from: native.json, to: target)
    guard !forward.isEmpty else { return nil }
    let backward = StructuralDiff.changes(from: target, to: native.json)
    let version = JSONPatch.Operation.test("/metadata/resourceVersion", .string(native.version))
    return Step(
      object: native.ref, path: native.path + "/status", write: .patch(JSONPatch([version] + forward)),
      precondition: Precondition(version: native.version, uid: native.uid), inverse: .patch(JSONPatch(backward)),
      before: native.json, after: target)
  }

  /// The step to an object as it would be, with further `test` operations right after the one of the version; none where
  /// nothing changes.
  static func editing(
    _ native: NativeObject, to wanted: JSONValue, guards: [JSONPatch.Operation], barrier: Barrier? = nil
  ) -> [Step] {
    guard var step = Step.editing(native, to: wanted, barrier: barrier) else { return [] }
    if case .patch(var patch) = step.write {
      let first = patch.operations.first.map { [$0] } ?? []
      patch.operations = first + guards + patch.operations.dropFirst()
      step.write = .patch(patch)
    }
    return [step]
  }

  /// The step that creates an object that does not exist yet.
  ///
  /// - Parameter collection: The path of the collection, as ``KubernetesAccess/path(of:namespace:name:)`` gives it.
  public static func creating(
    _ json: JSONValue, as ref: ObjectRef, in collection: String, barrier: Barrier? = nil
  ) -> Step {
    Step(
      object: ref, path: collection, write: .create(json), precondition: Precondition(version: nil), inverse: .delete,
      before: nil, after: json, barrier: barrier)
  }

  /// The step that deletes a native object; its inverse creates it again without what only the server sets.
  public static func deleting(_ native: NativeObject, barrier: Barrier? = nil) -> Step {
    Step(
      object: native.ref, path: native.path, write: .delete,
      precondition: Precondition(version: native.version, uid: native.uid),
      inverse: .create(ServerOwned.removing(from: native.json)), before: native.json, after: nil, barrier: barrier)
  }
}
