import MeshModel

/// Edits of Service Fabric's gateways: the native object as it would be, with every member that is not named left as it is.
enum ServiceFabricEdit {
  /// The step from a resource to what is wanted of it; `nil` where nothing of it would change.
  static func step(_ native: NativeObject, to wanted: JSONValue) -> Step? {
    let target = ServiceFabricBody.replacing(native.json, by: wanted)
    let forward = StructuralDiff.changes(from: native.json, to: target)
    guard !forward.isEmpty else { return nil }
    return Step(
      object: native.ref, path: native.path, write: .patch(JSONPatch(forward)),
      precondition: Precondition(version: native.version, isAtomic: false),
      inverse: .patch(JSONPatch(StructuralDiff.changes(from: target, to: native.json))), before: native.json,
      after: target)
  }

  /// Throws where the resource as it would be is none that can be written from here, or leads nowhere.
  static func check(
    _ json: JSONValue, _ name: ServiceFabricName, ref: ObjectRef, in snapshot: MeshSnapshot
  ) throws(MeshError) {
    guard name.kind == .gateway else { throw unwritable(name, ref) }
    try ServiceFabricGatewayCheck(json: json, ref: ref).run()
    guard snapshot.services.keys.contains(where: { $0.plane == ref.plane }) else { return }
    for case .route(let route) in ServiceFabricReader.entities(json, name, plane: ref.plane) {
      for backend in route.rules.flatMap(\.backends) {
        guard let fault = ServiceFabricRouting.fault(of: backend, plane: ref.plane, in: snapshot) else { continue }
        throw MeshError(
          .refused, "\(backend.pointer): \(fault)", object: ref, remedy: "deploy it first, or name one that is there")
      }
    }
  }

  /// The refusal of a kind that is not edited from here.
  static func unwritable(_ name: ServiceFabricName, _ ref: ObjectRef) -> MeshError {
    MeshError(
      .refused, "of Service Fabric only gateways are edited from here, not \(name.kind.collection)", object: ref,
      remedy: name.kind == .network
        ? "networks are made with the applications in them, by what deploys those"
        : "applications and their services are deployed by a template or by sfctl")
  }

  /// The refusal of a rule's setting.
  static func rule(_ intent: RuleIntent) -> MeshError {
    let asked = [
      ("timeouts", intent.timeout != nil), ("retries", intent.retries != nil), ("faults", intent.fault != nil),
      ("mirrors", intent.mirror != nil), ("header changes", intent.headers != nil),
    ].filter(\.1).map(\.0)
    return MeshError(
      .refused, "Service Fabric's gateway routes have no \(asked.joined(separator: ", "))", object: intent.route,
      remedy: "a route has a path, its rewrite, headers to match, and a destination: meshdeck route edit "
        + intent.route.name)
  }
}
