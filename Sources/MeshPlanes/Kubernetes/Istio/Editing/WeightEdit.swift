import MeshModel

/// New weights for the backends of one rule of a VirtualService.
enum WeightEdit {
  /// The object as it would be, and the `test` operations that guard the edit against a list that moved.
  ///
  /// Only the weights that change are touched; a weight that is absent and wanted to be 0 stays absent among others.
  static func wanted(
    _ native: NativeObject, _ intent: WeightsIntent
  ) throws(MeshError) -> (json: JSONValue, guards: [JSONPatch.Operation]) {
    let route = try VirtualServiceEdit.route(native)
    let rule = route.rules[try RouteLookup.weightedRule(intent.rule, of: route)]
    let (weights, named) = try RouteLookup.weights(intent, for: rule, of: route, absent: 0)
    if let fault = IstioWeights.fault(weights) {
      throw MeshError(
        .refused, fault.description, object: native.ref,
        remedy: "Istio wants each weight at 0 or more and, with several destinations, a sum above 0")
    }
    var json = native.json
    var guards: [JSONPatch.Operation] = VirtualServiceEdit.nameGuard(rule, in: native.json)
    for index in named.sorted() {
      let backend = rule.backends[index]
      let weight = weights[index]
      if backend.weight == weight || (backend.weight == nil && weight == 0 && rule.backends.count > 1) { continue }
      let destination = backend.pointer.appending("destination")
      for member in ["host", "subset"] {
        let place = destination.appending(member)
        if let value = native.json[place] { guards.append(.test(place, value)) }
      }
      json = json.setting(.int(weight), at: backend.pointer.tokens + ["weight"])
    }
    return (json, guards)
  }
}

/// What edits of a VirtualService have in common.
enum VirtualServiceEdit {
  /// The route a native object stands for.
  static func route(_ native: NativeObject) throws(MeshError) -> Route {
    do throws(JSONError) {
      for entity in try IstioObjects.entities(
        fromNative: native.json, plane: native.ref.plane, namespace: native.ref.namespace)
      {
        if case .route(let route) = entity { return route }
      }
    } catch {
      throw MeshError(
        .malformed, "the object cannot be read: \(error)", object: native.ref, underlying: error)
    }
    throw MeshError(.refused, "this is no VirtualService", object: native.ref)
  }

  /// A `test` of the rule's name, so that a list whose rules moved is not edited in the wrong place.
  static func nameGuard(_ rule: Rule, in json: JSONValue) -> [JSONPatch.Operation] {
    let place = rule.pointer.appending("name")
    return json[place].map { [.test(place, $0)] } ?? []
  }

  /// A step to an object as it would be, its guards right after the test of the version; none where nothing changes.
  static func steps(
    _ native: NativeObject, to wanted: JSONValue, guards: [JSONPatch.Operation]
  ) -> [Step] {
    Step.editing(native, to: wanted, guards: guards, barrier: .acknowledged(within: 30))
  }
}
