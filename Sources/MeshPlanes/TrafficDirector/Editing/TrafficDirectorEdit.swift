import MeshModel

/// Edits of Traffic Director's resources: the native object as it would be, with every member not named left as it is.
enum TrafficDirectorEdit {
  /// The step from a resource to what is wanted of it; `nil` where nothing that may be written would change.
  ///
  /// Guards are `test` operations that hold the edit to the destinations it was meant for.
  static func step(
    _ native: NativeObject, to wanted: JSONValue, guards: [JSONPatch.Operation] = []
  ) throws(MeshError) -> Step? {
    var target = native.json
    for member in TrafficDirectorFields.writable(native.json) where wanted[member.name] == nil {
      target[member.name] = nil
    }
    for member in TrafficDirectorFields.writable(wanted) { target[member.name] = member.value }
    let forward = StructuralDiff.changes(from: native.json, to: target)
    guard !forward.isEmpty else { return nil }
    try refuseOwned(native)
    let backward = StructuralDiff.changes(from: target, to: native.json)
    return Step(
      object: native.ref, path: native.path, write: .patch(JSONPatch(guards + forward)),
      precondition: precondition(native), inverse: .patch(JSONPatch(guards + backward)), before: native.json,
      after: target)
  }

  /// What must hold of a resource read: a fingerprint is checked by Compute Engine itself, a time of change only here.
  static func precondition(_ native: NativeObject) -> Precondition {
    Precondition(
      version: native.version, uid: native.uid,
      isAtomic: TrafficDirectorName(native.ref)?.kind == .backendService)
  }

  /// Refuses what a controller of Google's made.
  static func refuseOwned(_ native: NativeObject) throws(MeshError) {
    guard let owner = TrafficDirectorOwner.owner(of: native.json) else { return }
    throw MeshError(
      .refused, "the \(owner.tool) made it of Kubernetes objects (\(owner.evidence)), and Google takes no edits of it",
      object: native.ref, remedy: "edit the objects in the cluster: add it as a plane of kind kubernetes")
  }

  /// New weights for the destinations of a rule.
  static func weights(_ native: NativeObject, _ intent: WeightsIntent, project: String) throws(MeshError) -> Step? {
    let route = try route(native, project)
    let rule = route.rules[try RouteLookup.weightedRule(intent.rule, of: route)]
    let (weights, named) = try RouteLookup.weights(intent, for: rule, of: route, absent: 0)
    let isUnset = rule.backends.allSatisfy { $0.weight == nil }
    if let fault = isUnset && named.count < rule.backends.count ? .mixed : TrafficDirectorWeights.fault(weights) {
      throw MeshError(
        .refused, fault.description, object: native.ref,
        remedy: fault == .mixed
          ? "give one to each of \(rule.backends.map(\.name).joined(separator: ", "))"
          : "Traffic Director wants weights of 0 or more, one of them above 0; they need not sum to 100")
    }
    var json = native.json
    var guards: [JSONPatch.Operation] = []
    for (index, backend) in rule.backends.enumerated() where backend.weight != weights[index] {
      // A weight that is not written is 0 beside others; gRPC routes alone tell the two apart.
      if backend.weight == nil, weights[index] == 0, rule.layer != .grpc { continue }
      let place = backend.pointer.appending("serviceName")
      if let value = native.json[place] { guards.append(.test(place, value)) }
      json = json.setting(.int(weights[index]), at: backend.pointer.tokens + ["weight"])
    }
    return try step(native, to: json, guards: guards)
  }

  /// Another mode of a server TLS policy.
  static func mtls(_ native: NativeObject, _ mode: MTLSMode) throws(MeshError) -> Step? {
    guard native.json["mtlsPolicy"]?.object != nil else {
      throw MeshError(
        .refused, "the server TLS policy asks for no client certificates, so its TLS would not be mutual",
        object: native.ref, remedy: "give it mtlsPolicy.clientValidationCa first, by `meshdeck apply -f`")
    }
    var json = native.json
    if (json["allowOpen"]?.bool ?? false) != (mode == .permissive) {
      json["allowOpen"] = nil
      if mode == .permissive { json["allowOpen"] = true }
    }
    return try step(native, to: json)
  }

  /// The route that a native object stands for.
  static func route(_ native: NativeObject, _ project: String) throws(MeshError) -> Route {
    for case .route(let route) in TrafficDirectorReader.entities(
      native.json, plane: native.ref.plane, project: project) where !route.rules.isEmpty
    {
      return route
    }
    throw MeshError(.refused, "this is no route of Traffic Director with rules", object: native.ref)
  }
}
