import MeshModel

/// Edits of configuration entries: the entry as it would be, with every member that is not named left as it is.
enum ConsulEdit {
  /// What the servers keep of an entry: never written, and no part of a difference. The status of gateways and of their
  /// routes is their controller's, and a write of it is ignored.
  static let kept = ["CreateIndex", "ModifyIndex", "Hash", "Status"]

  /// An entry without what the servers keep of it.
  static func bare(_ entry: JSONValue) -> JSONValue {
    var entry = entry
    for name in kept { entry[name] = nil }
    return entry
  }

  /// The step from an entry to what is wanted of it; `nil` where nothing would change.
  ///
  /// Guards are `test` operations that hold the edit to the splits it was meant for.
  static func step(_ native: NativeObject, to wanted: JSONValue, guards: [JSONPatch.Operation] = []) -> Step? {
    var target = bare(wanted)
    for name in kept { target[name] = native.json[name] }
    let forward = StructuralDiff.changes(from: native.json, to: target)
    guard !forward.isEmpty else { return nil }
    let backward = StructuralDiff.changes(from: target, to: native.json)
    return Step(
      object: native.ref, path: native.path, write: .patch(JSONPatch(guards + forward)),
      precondition: Precondition(version: native.version, uid: native.uid),
      inverse: .patch(JSONPatch(guards + backward)), before: native.json, after: target)
  }

  /// The step that makes an entry which is not there.
  static func creation(_ name: ConsulName, _ entry: JSONValue, plane: PlaneName) -> Step {
    Step(
      object: name.ref(plane: plane), path: name.path, write: .create(bare(entry)),
      precondition: Precondition(version: nil), inverse: .delete, after: bare(entry))
  }

  /// New weights for the splits of a splitter, or for the services of a rule of an http-route.
  static func weights(_ native: NativeObject, _ intent: WeightsIntent) throws(MeshError) -> Step? {
    switch ConsulKind(rawValue: native.ref.kind) {
    case .splitter: break
    case .httpRoute: return try routeWeights(native, intent)
    case .tcpRoute:
      throw MeshError(
        .refused, "a tcp-route leads to one service and has no weights", object: native.ref,
        remedy: "name another service in it by `meshdeck apply -f`, or split that service by a service-splitter")
    default:
      throw MeshError(
        .refused, "a \(native.ref.kind) has no weights", object: native.ref,
        remedy: "set those of the service-splitter that it leads to")
    }
    let route = try route(native)
    let rule = route.rules[try RouteLookup.weightedRule(intent.rule, of: route)]
    let (weights, named) = try RouteLookup.weights(intent, for: rule, of: route, absent: 0)
    if let fault = ConsulWeights.fault(weights) {
      throw MeshError(
        .refused, fault.description, object: native.ref,
        remedy: "\(ConsulWeights.remedy); name every split that changes: "
          + rule.backends.map(\.name).joined(separator: ", "))
    }
    var json = native.json
    var guards: [JSONPatch.Operation] = []
    for index in named where rule.backends[index].weight != weights[index] {
      let backend = rule.backends[index]
      for member in ["Service", "ServiceSubset"] {
        let place = backend.pointer.appending(member)
        if let value = native.json[place] { guards.append(.test(place, value)) }
      }
      json = json.setting(
        .number(Dialect.consul.text(ofWeight: weights[index])), at: backend.pointer.tokens + ["Weight"])
    }
    return step(native, to: json, guards: guards)
  }

  private static func routeWeights(_ native: NativeObject, _ intent: WeightsIntent) throws(MeshError) -> Step? {
    let route = try route(native)
    let rule = route.rules[try RouteLookup.weightedRule(intent.rule, of: route)]
    let (weights, named) = try RouteLookup.weights(
      intent, for: rule, of: route, absent: ConsulRouteWeights.hundredths(nil))
    if let fault = ConsulRouteWeights.fault(weights) {
      throw MeshError(.refused, fault.description, object: native.ref, remedy: ConsulRouteWeights.remedy)
    }
    var json = native.json
    var guards: [JSONPatch.Operation] = []
    for index in named where rule.backends[index].weight != weights[index] {
      let backend = rule.backends[index]
      let place = backend.pointer.appending("Name")
      if let value = native.json[place] { guards.append(.test(place, value)) }
      json = json.setting(
        .number(Dialect.consul.text(ofWeight: weights[index])), at: backend.pointer.tokens + ["Weight"])
    }
    return step(native, to: json, guards: guards)
  }

  /// New timeouts, retries and header changes of a route of a router.
  static func rule(_ native: NativeObject, _ intent: RuleIntent) throws(MeshError) -> Step? {
    if native.ref.kind == ConsulKind.httpRoute.rawValue { return try ConsulRouteEdit.rule(native, intent) }
    guard native.ref.kind == ConsulKind.router.rawValue else {
      throw MeshError(
        .refused, "a \(native.ref.kind) has no timeouts, retries or header changes of requests", object: native.ref,
        remedy: "they are set on the routes of a service-router, or on the rules of an http-route")
    }
    for (name, isAsked) in [("faults", intent.fault != nil), ("mirrors", intent.mirror != nil)] where isAsked {
      throw MeshError(.refused, "Consul's routes have no \(name)", object: native.ref)
    }
    let route = try route(native)
    let rule = route.rules[try RouteLookup.settingsRule(intent.rule, of: route)]
    guard let whole = native.json[rule.pointer] else {
      throw MeshError(.malformed, "the route is not where it was read", object: native.ref)
    }
    var destination = whole.child("Destination")
    if let change = intent.timeout {
      if case .set(let seconds) = change {
        try destination.keep(duration: seconds, at: "RequestTimeout")
      } else {
        destination["RequestTimeout"] = nil
      }
    }
    if let change = intent.retries { try retries(change, &destination, native.ref) }
    if let change = intent.headers {
      let setting: HeaderSetting = if case .set(let setting) = change { setting } else { HeaderSetting() }
      headers(setting.request, at: "RequestHeaders", &destination)
      headers(setting.response, at: "ResponseHeaders", &destination)
    }
    return step(native, to: native.json.setting(destination, at: rule.pointer.tokens + ["Destination"]))
  }

  /// The mode of an entry that may hold one.
  static func mode(_ mode: MTLSMode, of native: NativeObject) throws(MeshError) -> Step? {
    var json = native.json
    json["MutualTLSMode"] = try word(mode).map { .string($0) }
    return step(native, to: json)
  }

  /// Consul's word for a mode; `nil` for the one that inherits.
  static func word(_ mode: MTLSMode) throws(MeshError) -> String? {
    switch mode {
    case .strict: return "strict"
    case .permissive: return "permissive"
    case .unset: return nil
    case .disable:
      throw MeshError(
        .refused, "Consul's proxies always take mutual TLS: it cannot be disabled",
        remedy: "say PERMISSIVE, which takes plaintext too")
    }
  }

  /// The route that an entry stands for.
  static func route(_ native: NativeObject) throws(MeshError) -> Route {
    for entity in ConsulEntryReader(json: native.json, plane: native.ref.plane).entities() {
      if case .route(let route) = entity, !route.rules.isEmpty { return route }
    }
    throw MeshError(.refused, "this entry has no routes", object: native.ref)
  }

  /// What a route may be tried again on (hashicorp/consul, `isValidRetryCondition`).
  private static let conditions: Set = [
    "5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "envoy-ratelimited", "retriable-4xx",
    "refused-stream", "cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable",
  ]

  /// Sets what is tried again in a destination or a filter.
  static func retries(
    _ change: RuleIntent.Change<RetrySetting>, _ destination: inout JSONValue, _ ref: ObjectRef
  ) throws(MeshError) {
    guard case .set(let setting) = change else {
      for name in ["NumRetries", "RetryOn", "RetryOnConnectFailure", "RetryOnStatusCodes"] { destination[name] = nil }
      return
    }
    guard setting.attempts >= 0 else { throw MeshError(.refused, "\(setting.attempts) retries cannot be", object: ref) }
    guard setting.perTryTimeout == nil else {
      throw MeshError(.refused, "Consul's routes have no timeout of each try", object: ref)
    }
    destination.keep(number: Double(setting.attempts), at: "NumRetries")
    let words = setting.retryOn.split(separator: ",").map { $0.trimmingPrefix(while: { $0 == " " }) }.map(String.init)
    guard !words.isEmpty else { return }
    var others: [JSONValue] = []
    var codes: [JSONValue] = []
    for word in words {
      if let code = Int(word), (100...599).contains(code) {
        codes.append(.int(code))
      } else if conditions.contains(word) {
        others.append(.string(word))
      } else {
        throw MeshError(
          .refused, "\(word) is nothing that Consul tries again on", object: ref,
          remedy: "say status codes, or: \(conditions.sorted().joined(separator: ", "))")
      }
    }
    // The older field of this one condition is kept where it was used.
    if destination["RetryOnConnectFailure"]?.bool == true {
      let isAsked = others.contains("connect-failure")
      others.removeAll { $0 == "connect-failure" }
      if !isAsked { destination["RetryOnConnectFailure"] = nil }
    }
    // A literal nil beside a JSON value would be JSON's null: what is to go is spelt as no value at all.
    destination["RetryOn"] = others.isEmpty ? JSONValue?.none : .array(others)
    destination["RetryOnStatusCodes"] = codes.isEmpty ? JSONValue?.none : .array(codes)
  }

  private static func headers(_ changes: HeaderSetting.Changes, at name: String, _ destination: inout JSONValue) {
    func object(_ pairs: [String: String]) -> JSONValue? {
      guard !pairs.isEmpty else { return nil }
      return .object(JSONObject(pairs.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) }))
    }
    var value = destination.child(name)
    value["Set"] = object(changes.overwritten)
    value["Add"] = object(changes.added)
    value["Remove"] = changes.removed.isEmpty ? JSONValue?.none : .array(changes.removed.map { .string($0) })
    destination[name] = value.object?.isEmpty == true ? JSONValue?.none : value
  }
}
