import MeshModel

/// New settings of one rule of a route: timeout, retries, faults, mirror, headers.
///
/// Source: google-cloud-network-services 0.10.4, `HttpRoute.RouteAction` and `GrpcRoute.RouteAction`.
struct TrafficDirectorRuleEdit {
  private let native: NativeObject
  private let rule: Rule
  private var action: JSONValue

  /// The step that carries out an intent; `nil` where nothing would change.
  static func step(_ native: NativeObject, _ intent: RuleIntent, project: String) throws(MeshError) -> Step? {
    let route = try TrafficDirectorEdit.route(native, project)
    let rule = route.rules[try RouteLookup.settingsRule(intent.rule, of: route)]
    var edit = TrafficDirectorRuleEdit(
      native: native, rule: rule, action: (native.json[rule.pointer] ?? .null).child("action"))
    try edit.apply(intent)
    return try TrafficDirectorEdit.step(
      native, to: native.json.setting(edit.action, at: rule.pointer.tokens + ["action"]))
  }

  private mutating func apply(_ intent: RuleIntent) throws(MeshError) {
    let isAsked = [
      ("timeout", intent.timeout != nil), ("retries", intent.retries != nil), ("faults", intent.fault != nil),
      ("mirrors", intent.mirror != nil), ("header changes", intent.headers != nil),
    ]
    let known: Set<String> =
      switch rule.layer {
      case .http: ["timeout", "retries", "faults", "mirrors", "header changes"]
      case .grpc: ["timeout", "retries", "faults"]
      case .tcp, .tls: []
      }
    for (name, isAsked) in isAsked where isAsked && !known.contains(name) {
      throw refused("\(rule.layer.rawValue) routes of Traffic Director have no \(name)")
    }
    if let change = intent.timeout {
      if case .set(let seconds) = change {
        try duration(seconds, at: "timeout", in: &action)
      } else {
        action["timeout"] = nil
      }
    }
    if let change = intent.retries { try retries(change) }
    if let change = intent.fault { try fault(change) }
    if let change = intent.mirror { try mirror(change) }
    if let change = intent.headers { headers(change) }
  }

  private func refused(_ message: String, remedy: String? = nil) -> MeshError {
    MeshError(.refused, message, object: native.ref, remedy: remedy)
  }

  private func duration(_ seconds: Double, at name: String, in value: inout JSONValue) throws(MeshError) {
    guard seconds > 0 else {
      throw refused("a time of \(seconds) s is not above 0", remedy: "take the setting away instead")
    }
    try value.keep(duration: seconds, at: name)
  }

  private mutating func retries(_ change: RuleIntent.Change<RetrySetting>) throws(MeshError) {
    guard case .set(let setting) = change, setting.attempts != 0 else {
      action["retryPolicy"] = nil
      return
    }
    guard setting.attempts > 0 else { throw refused("\(setting.attempts) retries cannot be") }
    var policy = action.child("retryPolicy")
    policy.keep(number: Double(setting.attempts), at: "numRetries")
    if let seconds = setting.perTryTimeout {
      guard rule.layer == .http else { throw refused("gRPC routes of Traffic Director have no time per try") }
      try duration(seconds, at: "perTryTimeout", in: &policy)
    }
    let words = setting.retryOn.split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init)
    let known = rule.layer == .grpc ? Self.grpcConditions : Self.httpConditions
    if let word = words.first(where: { !known.contains($0) }) {
      throw refused(
        "\(word) is nothing that Traffic Director tries again on",
        remedy: "its conditions are \(known.joined(separator: ", "))")
    }
    if !words.isEmpty, policy["retryConditions"]?.array?.compactMap(\.string) != words {
      policy["retryConditions"] = .array(words.map(JSONValue.string))
    }
    guard policy["retryConditions"]?.array?.isEmpty == false else {
      throw refused(
        "Traffic Director wants to be told what is tried again",
        remedy: "name conditions: \(known.joined(separator: ", "))")
    }
    action["retryPolicy"] = policy
  }

  private static let httpConditions = [
    "5xx", "gateway-error", "reset", "connect-failure", "retriable-4xx", "refused-stream",
  ]
  private static let grpcConditions = [
    "connect-failure", "refused-stream", "cancelled", "deadline-exceeded", "resource-exhausted", "unavailable",
  ]

  private mutating func fault(_ change: RuleIntent.Change<FaultSetting>) throws(MeshError) {
    guard case .set(let setting) = change else {
      action["faultInjectionPolicy"] = nil
      return
    }
    var policy = action.child("faultInjectionPolicy")
    if let seconds = setting.delay {
      var delay = policy.child("delay")
      try duration(seconds, at: "fixedDelay", in: &delay)
      delay.keep(number: try percent(setting.delayPercent), at: "percentage")
      policy["delay"] = delay
    } else {
      policy["delay"] = nil
    }
    if let status = setting.abortStatus {
      guard (200...599).contains(status) else { throw refused("status \(status) is not between 200 and 599") }
      var abort = policy.child("abort")
      abort.keep(number: Double(status), at: "httpStatus")
      abort.keep(number: try percent(setting.abortPercent), at: "percentage")
      policy["abort"] = abort
    } else {
      policy["abort"] = nil
    }
    put(policy, at: "faultInjectionPolicy")
  }

  private func percent(_ value: Double) throws(MeshError) -> Double {
    guard (0...100).contains(value), value == value.rounded() else {
      throw refused("\(value) is no whole percentage between 0 and 100, which faults of Traffic Director want")
    }
    return value
  }

  private mutating func mirror(_ change: RuleIntent.Change<MirrorSetting>) throws(MeshError) {
    guard case .set(let setting) = change else {
      action["requestMirrorPolicy"] = nil
      return
    }
    guard setting.subset == nil, setting.port == nil else {
      throw refused("a mirror of Traffic Director is a backend service, without subset and port")
    }
    guard (0...100).contains(setting.percent) else { throw refused("\(setting.percent) is no percentage") }
    var policy = action.child("requestMirrorPolicy")
    var destination = policy.child("destination")
    if setting.host != rule.mirrors.first?.host { destination["serviceName"] = .string(try serviceName(setting.host)) }
    policy["destination"] = destination
    if setting.percent != (policy["mirrorPercent"]?.double ?? 100) {
      policy["mirrorPercent"] = .double(setting.percent)
    }
    action["requestMirrorPolicy"] = policy
  }

  /// A backend service as the rule's own destinations are written, unless the whole name was typed.
  private func serviceName(_ typed: String) throws(MeshError) -> String {
    if typed.contains("/") { return typed }
    guard let sample = action["destinations"]?[0]?["serviceName"]?.string, let slash = sample.lastIndex(of: "/") else {
      throw refused(
        "which project's backend service \(typed) is cannot be told",
        remedy: "say projects/PROJECT/locations/global/backendServices/\(typed)")
    }
    return sample[...slash] + typed
  }

  /// Sets a member of the action; an empty object takes it away.
  private mutating func put(_ value: JSONValue, at name: String) {
    action[name] = nil
    if value.object?.isEmpty == false { action[name] = value }
  }

  private mutating func headers(_ change: RuleIntent.Change<HeaderSetting>) {
    guard case .set(let setting) = change else {
      action["requestHeaderModifier"] = nil
      action["responseHeaderModifier"] = nil
      return
    }
    for (name, changes) in [
      ("requestHeaderModifier", setting.request), ("responseHeaderModifier", setting.response),
    ] {
      var modifier = action.child(name)
      for (member, values) in [("set", changes.overwritten), ("add", changes.added)] {
        let written = modifier[member]?.object?.members.map { ($0.name, $0.value.string ?? "") } ?? []
        if Dictionary(written, uniquingKeysWith: { $1 }) == values { continue }
        modifier[member] = nil
        if values.isEmpty { continue }
        modifier[member] = .object(
          JSONObject(values.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) }))
      }
      if modifier["remove"]?.array?.compactMap(\.string) ?? [] != changes.removed {
        modifier["remove"] = nil
        if !changes.removed.isEmpty { modifier["remove"] = .array(changes.removed.map(JSONValue.string)) }
      }
      put(modifier, at: name)
    }
  }
}
