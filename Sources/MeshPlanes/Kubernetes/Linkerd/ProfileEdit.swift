import MeshModel

/// Edits of ServiceProfiles.
enum ProfileEdit {
  /// The profile with other weights of its `dstOverrides`, which are quantities, counted in thousandths here.
  static func weights(
    _ native: NativeObject, _ intent: WeightsIntent, of route: Route
  ) throws(MeshError) -> (json: JSONValue, guards: [JSONPatch.Operation]) {
    let rule = route.rules[try RouteLookup.weightedRule(intent.rule, of: route)]
    let (weights, named) = try RouteLookup.weights(intent, for: rule, of: route, absent: 0)
    if let fault = SMIWeights.fault(weights) {
      throw MeshError(
        .refused, fault.description, object: native.ref,
        remedy: "dstOverrides take quantities, here in thousandths: 500 is 500m")
    }
    var json = native.json
    var guards: [JSONPatch.Operation] = []
    for index in named where rule.backends[index].weight != weights[index] {
      let place = rule.backends[index].pointer.appending("authority")
      if let value = native.json[place] { guards.append(.test(place, value)) }
      json = json.setting(
        .string(Quantity.text(thousandths: weights[index])), at: rule.backends[index].pointer.tokens + ["weight"])
    }
    return (json, guards)
  }

  /// The profile with another timeout, or with retries switched, for one class of requests.
  static func rule(
    _ native: NativeObject, _ intent: RuleIntent, of route: Route
  ) throws(MeshError) -> (json: JSONValue, guards: [JSONPatch.Operation]) {
    guard intent.fault == nil, intent.mirror == nil, intent.headers == nil else {
      throw MeshError(
        .refused, "a ServiceProfile has timeouts and retries, no faults, mirrors or headers", object: native.ref)
    }
    let rule = route.rules[try RouteLookup.settingsRule(intent.rule, of: route)]
    guard rule.backends.isEmpty, var json = native.json[rule.pointer] else {
      throw MeshError(.refused, "this rule divides traffic and has no settings", object: native.ref)
    }
    switch intent.timeout {
    case .set(let seconds): try json.keep(duration: seconds, at: "timeout")
    case .remove: json["timeout"] = nil
    case nil: break
    }
    switch intent.retries {
    case .set(let setting):
      // The number of tries follows from the retry budget of the whole profile.
      json["isRetryable"] = setting.attempts > 0 ? true : nil
    case .remove: json["isRetryable"] = nil
    case nil: break
    }
    let name = rule.pointer.appending("name")
    return (native.json.setting(json, at: rule.pointer.tokens), native.json[name].map { [.test(name, $0)] } ?? [])
  }
}
