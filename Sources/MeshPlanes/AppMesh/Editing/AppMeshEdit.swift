import MeshModel

/// Edits of App Mesh resources: the native object as it would be, with every member that is not named left as it is.
enum AppMeshEdit {
  /// The step from a resource to what is wanted of it; `nil` where its specification would not change.
  ///
  /// Guards are `test` operations that hold the edit to the targets it was meant for. Only `spec` is ever written.
  static func step(_ native: NativeObject, to wanted: JSONValue, guards: [JSONPatch.Operation] = []) -> Step? {
    var target = native.json
    target["spec"] = wanted["spec"]
    let forward = StructuralDiff.changes(from: native.json, to: target)
    guard !forward.isEmpty else { return nil }
    let backward = StructuralDiff.changes(from: target, to: native.json)
    return Step(
      object: native.ref, path: native.path, write: .patch(JSONPatch(guards + forward)),
      precondition: Precondition(version: native.version, uid: native.uid, isAtomic: false),
      inverse: .patch(JSONPatch(guards + backward)), before: native.json, after: target)
  }

  /// New weights for the targets of a route.
  static func weights(_ native: NativeObject, _ intent: WeightsIntent) throws(MeshError) -> Step? {
    let route = try route(native)
    let rule = route.rules[try RouteLookup.weightedRule(intent.rule, of: route)]
    guard route.ref.kind == AppMeshKind.route.rawValue else {
      throw MeshError(.refused, "a gateway route leads to one service and has no weights", object: native.ref)
    }
    let (weights, named) = try RouteLookup.weights(intent, for: rule, of: route, absent: 0)
    if let fault = AppMeshWeights.fault(weights) {
      throw MeshError(
        .refused, fault.description, object: native.ref,
        remedy: "App Mesh wants each weight between 0 and 100 and a total between 1 and 100")
    }
    var json = native.json
    var guards: [JSONPatch.Operation] = []
    for index in named.sorted() where rule.backends[index].weight != weights[index] {
      let backend = rule.backends[index]
      for member in ["virtualNode", "port"] {
        let place = backend.pointer.appending(member)
        if let value = native.json[place] { guards.append(.test(place, value)) }
      }
      json = json.setting(.int(weights[index]), at: backend.pointer.tokens + ["weight"])
    }
    return step(native, to: json, guards: guards)
  }

  /// New timeouts and retries of a route.
  static func rule(_ native: NativeObject, _ intent: RuleIntent) throws(MeshError) -> Step? {
    let route = try route(native)
    let rule = route.rules[try RouteLookup.settingsRule(intent.rule, of: route)]
    for (name, isAsked) in [
      ("faults", intent.fault != nil), ("mirrors", intent.mirror != nil), ("header changes", intent.headers != nil),
    ] where isAsked {
      throw MeshError(.refused, "App Mesh's routes have no \(name)", object: native.ref)
    }
    guard route.ref.kind == AppMeshKind.route.rawValue, rule.layer != .tcp else {
      throw MeshError(
        .refused, "\(rule.layer == .tcp ? "a TCP route" : "a gateway route") has no timeout of requests and no retries",
        object: native.ref)
    }
    guard var json = native.json[rule.pointer] else {
      throw MeshError(.malformed, "the route is not where it was read", object: native.ref)
    }
    if let change = intent.timeout {
      var timeout = json.child("timeout")
      if case .set(let seconds) = change {
        try keep(seconds, at: "perRequest", in: &timeout, native.ref)
      } else {
        timeout["perRequest"] = nil
      }
      json["timeout"] = timeout.object?.isEmpty == true ? nil : timeout
    }
    if let change = intent.retries { try retries(change, rule.layer, &json, native.ref) }
    return step(native, to: native.json.setting(json, at: rule.pointer.tokens))
  }

  /// The TLS mode of the listeners of a node.
  static func mtls(_ native: NativeObject, _ intent: MTLSIntent) throws(MeshError) -> Step? {
    let word: String
    switch intent.mode {
    case .strict: word = "STRICT"
    case .permissive: word = "PERMISSIVE"
    case .disable: word = "DISABLED"
    case .unset:
      throw MeshError(.refused, "a listener of App Mesh inherits no mode", object: native.ref, remedy: "say DISABLE")
    }
    let listeners = native.json["spec"]?["listeners"]?.array ?? []
    var json = native.json
    var found = false
    for (index, listener) in listeners.enumerated() {
      let port = listener["portMapping"]?["port"]?.int
      guard intent.port == nil || intent.port == port else { continue }
      found = true
      guard listener["tls"]?["certificate"]?.object != nil else {
        if intent.mode == .disable { continue }
        throw MeshError(
          .refused, "the listener on port \(port ?? 0) has no certificate, so it cannot do TLS", object: native.ref,
          remedy: "give it tls.certificate first, by `meshdeck apply -f`")
      }
      if intent.mode != .disable, listener["tls"]?["validation"]?.object == nil {
        throw MeshError(
          .refused, "the listener on port \(port ?? 0) validates no clients, so its TLS would not be mutual",
          object: native.ref, remedy: "give it tls.validation first, by `meshdeck apply -f`")
      }
      json = json.setting(.string(word), at: ["spec", "listeners", String(index), "tls", "mode"])
    }
    guard found else {
      throw MeshError(
        .refused, intent.port.map { "no listener is on port \($0)" } ?? "the node has no listener", object: native.ref)
    }
    return step(native, to: json)
  }

  private static func route(_ native: NativeObject) throws(MeshError) -> Route {
    for entity in AppMeshReader.entities(native.json, plane: native.ref.plane) {
      if case .route(let route) = entity, !route.rules.isEmpty { return route }
    }
    throw MeshError(.refused, "this is no route of App Mesh", object: native.ref)
  }

  private static func keep(
    _ seconds: Double, at name: String, in value: inout JSONValue, _ ref: ObjectRef
  ) throws(MeshError) {
    if AppMeshDuration.seconds(value[name]) == seconds { return }
    guard let duration = AppMeshDuration.value(seconds) else {
      throw MeshError(.refused, "\(seconds) seconds is no whole number of milliseconds", object: ref)
    }
    value[name] = duration
  }

  private static func retries(
    _ change: RuleIntent.Change<RetrySetting>, _ layer: Rule.Layer, _ json: inout JSONValue, _ ref: ObjectRef
  ) throws(MeshError) {
    guard case .set(let setting) = change else {
      json["retryPolicy"] = nil
      return
    }
    guard setting.attempts >= 0 else { throw MeshError(.refused, "\(setting.attempts) retries cannot be", object: ref) }
    var policy = json.child("retryPolicy")
    policy.keep(number: Double(setting.attempts), at: "maxRetries")
    guard let perTry = setting.perTryTimeout ?? AppMeshDuration.seconds(policy["perRetryTimeout"]) else {
      throw MeshError(
        .refused, "App Mesh wants a time for each try with the retries", object: ref, remedy: "say the time per try")
    }
    try keep(perTry, at: "perRetryTimeout", in: &policy, ref)
    let words = setting.retryOn.split(separator: ",").map { $0.trimmingPrefix(while: { $0 == " " }) }.map(String.init)
    if !words.isEmpty { try events(words, layer, &policy, ref) }
    guard ["httpRetryEvents", "tcpRetryEvents", "grpcRetryEvents"].contains(where: { policy[$0] != nil }) else {
      throw MeshError(
        .refused, "App Mesh wants to be told what is tried again", object: ref,
        remedy: "name events: \((httpEvents + tcpEvents + grpcEvents).joined(separator: ", "))")
    }
    json["retryPolicy"] = policy
  }

  private static let httpEvents = ["server-error", "gateway-error", "client-error", "stream-error"]
  private static let tcpEvents = ["connection-error"]
  private static let grpcEvents = [
    "cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable",
  ]

  private static func events(
    _ words: [String], _ layer: Rule.Layer, _ policy: inout JSONValue, _ ref: ObjectRef
  ) throws(MeshError) {
    let known = httpEvents + tcpEvents + (layer == .grpc ? grpcEvents : [])
    if let word = words.first(where: { !known.contains($0) }) {
      throw MeshError(
        .refused, "\(word) is nothing that App Mesh tries again on", object: ref,
        remedy: "its events are \(known.joined(separator: ", "))")
    }
    for (member, events) in [
      ("httpRetryEvents", httpEvents), ("tcpRetryEvents", tcpEvents), ("grpcRetryEvents", grpcEvents),
    ] {
      let chosen = words.filter { events.contains($0) }
      if policy[member]?.array?.compactMap(\.string) == chosen { continue }
      policy[member] = chosen.isEmpty ? nil : .array(chosen.map { .string($0) })
    }
  }
}
