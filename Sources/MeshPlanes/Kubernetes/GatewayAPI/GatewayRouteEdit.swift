import MeshModel

/// Edits of HTTPRoute, GRPCRoute, TLSRoute and TCPRoute objects of either group.
enum GatewayRouteEdit {
  /// The object with other weights, and the `test` operations that guard the edit against a list that moved.
  ///
  /// `spec.rules` is one value to server-side apply, so the edit is a JSON Patch of single numbers: it takes no ownership.
  static func weights(
    _ native: NativeObject, _ intent: WeightsIntent, of route: Route
  ) throws(MeshError) -> (json: JSONValue, guards: [JSONPatch.Operation]) {
    let rule = route.rules[try RouteLookup.weightedRule(intent.rule, of: route)]
    let (weights, named) = try RouteLookup.weights(intent, for: rule, of: route, absent: GatewayWeights.absent)
    if let fault = GatewayWeights.fault(weights) {
      throw MeshError(
        .refused, fault.description, object: native.ref,
        remedy: "The Gateway API takes whole weights from 0 to 1000000; they are relative and need no sum")
    }
    var json = native.json
    var guards: [JSONPatch.Operation] = []
    for index in named {
      let backend = rule.backends[index]
      if backend.weight == weights[index] || (backend.weight == nil && weights[index] == GatewayWeights.absent) {
        continue
      }
      guards += guarding(backend, in: native.json)
      json = json.setting(.int(weights[index]), at: backend.pointer.tokens + ["weight"])
    }
    return (json, guards)
  }

  /// The object with other settings of one rule.
  static func rule(
    _ native: NativeObject, _ intent: RuleIntent, of route: Route
  ) throws(MeshError) -> (json: JSONValue, guards: [JSONPatch.Operation]) {
    let rule = route.rules[try RouteLookup.settingsRule(intent.rule, of: route)]
    guard rule.layer == .http || rule.layer == .grpc else {
      throw MeshError(.refused, "a \(rule.layer.rawValue) rule has weights only", object: native.ref)
    }
    func refused(_ what: String, _ remedy: String) -> MeshError {
      MeshError(.refused, what, object: native.ref, remedy: remedy)
    }
    if intent.fault != nil {
      throw refused("the Gateway API has no fault injection", "Use the implementation's own API")
    }
    if intent.retries != nil, native.json[rule.pointer]?["retry"] == nil {
      throw refused(
        "retries are no part of the Gateway API's standard channel",
        "Linkerd takes the annotation retry.linkerd.io/http on the route; others have a policy of their own")
    }
    guard var json = native.json[rule.pointer] else {
      throw MeshError(.malformed, "the rule is not where it was read", object: native.ref)
    }
    if let change = intent.timeout {
      guard rule.layer == .http else { throw refused("a GRPCRoute has no timeouts", "Set it in the callers") }
      try timeout(change, &json)
    }
    if let change = intent.retries { try retries(change, &json, native.ref) }
    if let change = intent.mirror { try mirror(change, &json, native.ref) }
    if let change = intent.headers { headers(change, &json) }
    return (
      native.json.setting(json, at: rule.pointer.tokens),
      rule.backends.first.map { guarding($0, in: native.json) } ?? []
    )
  }

  private static func guarding(_ backend: Backend, in json: JSONValue) -> [JSONPatch.Operation] {
    ["name", "namespace"].compactMap { member in
      let place = backend.pointer.appending(member)
      return json[place].map { .test(place, $0) }
    }
  }

  private static func timeout(_ change: RuleIntent.Change<Double>, _ rule: inout JSONValue) throws(MeshError) {
    var timeouts = rule.child("timeouts")
    switch change {
    case .remove: timeouts["request"] = nil
    case .set(let seconds):
      if timeouts["request"]?.string.flatMap(GoDuration.seconds) == seconds { return }
      timeouts["request"] = .string(try duration(seconds))
    }
    rule["timeouts"] = timeouts.object?.isEmpty ?? true ? nil : timeouts
  }

  /// A duration as the Gateway API spells it: up to five digits before each of `h`, `m`, `s`, `ms` (GEP-2257).
  static func duration(_ seconds: Double) throws(MeshError) -> String {
    let total = (seconds * 1000).rounded()
    guard total >= 0, total <= 99_999 * 3_600_000 else {
      throw MeshError(.refused, "\(seconds) seconds is no duration", remedy: "Durations are 0s to 99999h")
    }
    var left = Int(total)
    var text = ""
    for (unit, length) in [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] where left >= length {
      // What fits in five digits of a smaller unit is said in it: `90s`, not `1m30s`.
      if unit == "h" || unit == "m", left % 1000 == 0, left / 1000 <= 99_999 { continue }
      text += "\(left / length)\(unit)"
      left %= length
    }
    return text.isEmpty ? "0s" : text
  }

  private static func retries(
    _ change: RuleIntent.Change<RetrySetting>, _ rule: inout JSONValue, _ ref: ObjectRef
  ) throws(MeshError) {
    guard case .set(let setting) = change else {
      rule["retry"] = nil
      return
    }
    guard setting.attempts >= 0, setting.perTryTimeout == nil else {
      throw MeshError(.refused, "retries here are a number of attempts, 0 or more, and status codes", object: ref)
    }
    var retry = rule.child("retry")
    retry.keep(number: Double(setting.attempts), at: "attempts")
    let codes = setting.retryOn.split(separator: ",").compactMap { Int($0) }
    retry["codes"] = codes.isEmpty ? nil : .array(codes.map { .int($0) })
    rule["retry"] = retry
  }

  private static func mirror(
    _ change: RuleIntent.Change<MirrorSetting>, _ rule: inout JSONValue, _ ref: ObjectRef
  ) throws(MeshError) {
    var filters = rule["filters"]?.array ?? []
    guard case .set(let setting) = change else {
      filters.removeAll { $0["type"]?.string == "RequestMirror" }
      rule["filters"] = filters.isEmpty ? nil : .array(filters)
      return
    }
    guard setting.percent >= 0, setting.percent <= 100 else {
      throw MeshError(.refused, "\(setting.percent) % is no share of requests", object: ref, remedy: "0 to 100")
    }
    let parts = setting.host.split(separator: ".").map(String.init)
    guard let name = parts.first, let port = setting.port else {
      throw MeshError(.refused, "a mirror needs a Service and its port", object: ref, remedy: "Say HOST:PORT")
    }
    let place = filters.firstIndex { $0["type"]?.string == "RequestMirror" }
    var filter: JSONValue = place.map { filters[$0] } ?? ["type": "RequestMirror"]
    var mirror = filter.child("requestMirror")
    var backend = mirror.child("backendRef")
    backend["name"] = .string(name)
    if parts.count > 1, parts[1] != ref.namespace { backend["namespace"] = .string(parts[1]) }
    backend["port"] = .int(port)
    mirror["backendRef"] = backend
    mirror["percent"] = nil
    mirror["fraction"] = nil
    if setting.percent == setting.percent.rounded() {
      if setting.percent != 100 { mirror["percent"] = .double(setting.percent) }
    } else {
      mirror["fraction"] = ["numerator": .double((setting.percent * 1000).rounded()), "denominator": 100_000]
    }
    filter["requestMirror"] = mirror
    if let place { filters[place] = filter } else { filters.append(filter) }
    rule["filters"] = .array(filters)
  }

  private static func headers(_ change: RuleIntent.Change<HeaderSetting>, _ rule: inout JSONValue) {
    var setting = HeaderSetting()
    if case .set(let wanted) = change { setting = wanted }
    var filters = rule["filters"]?.array ?? []
    for (type, member, changes) in [
      ("RequestHeaderModifier", "requestHeaderModifier", setting.request),
      ("ResponseHeaderModifier", "responseHeaderModifier", setting.response),
    ] {
      let place = filters.firstIndex { $0["type"]?.string == type }
      if let place, GatewayRouteReader.changes(filters[place][member] ?? [:]) == changes { continue }
      guard !changes.isEmpty else {
        if let place { filters.remove(at: place) }
        continue
      }
      func list(_ map: [String: String]) -> JSONValue? {
        map.isEmpty
          ? nil
          : .array(map.sorted { $0.key < $1.key }.map { ["name": .string($0.key), "value": .string($0.value)] })
      }
      var modifier: JSONValue = [:]
      modifier["set"] = list(changes.overwritten)
      modifier["add"] = list(changes.added)
      modifier["remove"] = changes.removed.isEmpty ? nil : .array(changes.removed.map { .string($0) })
      var filter: JSONValue = place.map { filters[$0] } ?? ["type": .string(type)]
      filter[member] = modifier
      if let place { filters[place] = filter } else { filters.append(filter) }
    }
    rule["filters"] = filters.isEmpty ? nil : .array(filters)
  }
}
