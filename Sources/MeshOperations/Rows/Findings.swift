public import MeshModel
public import MeshPlanes

extension MeshView {
  /// The configuration problems of the planes, the worst first.
  public func findings(plane: PlaneName? = nil, namespace: String? = nil) -> [Finding] {
    rules.filter { plane == nil || plane == $0.key }
      .flatMap { name, dialects in dialects.values.flatMap { $0.findings(in: snapshot, plane: name) } }
      .filter { namespace == nil || $0.object.namespace == namespace }
      .sorted { ($1.severity, $0.code, $0.object) < ($0.severity, $1.code, $1.object) }
  }
}

/// A mesh made of files alone, for offline analysis.
public enum OfflineMesh {
  /// The view of native objects; kinds no dialect knows are passed over.
  public static func view(
    of objects: [JSONValue], rules dialects: [Dialect: any DialectRules]
  ) throws(MeshError) -> MeshView {
    var view = MeshView(at: .now)
    let plane = "files"
    view.rules[plane] = dialects
    for object in objects {
      for rules in dialects.values {
        for entity in try rules.entities(from: object, plane: plane) { view.snapshot.apply(.upsert(entity)) }
      }
    }
    return view
  }
}
