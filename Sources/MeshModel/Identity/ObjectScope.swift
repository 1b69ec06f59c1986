import Synchronization

/// Plane, namespace and kind of things, each combination kept once for as long as the program runs.
///
/// There are as many as namespaces times kinds: a few thousand in a large mesh.
final class ObjectScope: Sendable {
  let plane: PlaneName
  let namespace: String
  let kind: ObjectKind

  private struct Key: Hashable {
    let plane: PlaneName
    let namespace: String
    let kind: ObjectKind
  }

  private static let known = Mutex<[Key: ObjectScope]>([:])

  private init(plane: PlaneName, namespace: String, kind: ObjectKind) {
    self.plane = plane
    self.namespace = namespace
    self.kind = kind
  }

  /// The one scope of these three; it is never freed.
  static func of(plane: PlaneName, namespace: String, kind: ObjectKind) -> ObjectScope {
    let key = Key(plane: plane, namespace: namespace, kind: kind)
    return known.withLock { known in
      if let scope = known[key] { return scope }
      let scope = ObjectScope(plane: plane, namespace: namespace, kind: kind)
      known[key] = scope
      return scope
    }
  }
}
