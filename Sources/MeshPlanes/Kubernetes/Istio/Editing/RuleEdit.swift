import MeshModel

/// New settings of one rule of a VirtualService.
///
/// Every member that is not named stays: conditions, unknown fields, the spelling of what has the value already.
enum RuleEdit {
  /// The object as it would be, and the `test` operations that guard the edit against a list that moved.
  static func wanted(
    _ native: NativeObject, _ intent: RuleIntent
  ) throws(MeshError) -> (json: JSONValue, guards: [JSONPatch.Operation]) {
    let route = try VirtualServiceEdit.route(native)
    let rule = route.rules[try RouteLookup.settingsRule(intent.rule, of: route)]
    guard rule.layer == .http || rule.layer == .grpc else {
      throw MeshError(
        .refused, "a \(rule.layer.rawValue) rule has no timeout, retries, fault, mirror or headers", object: native.ref)
    }
    guard var json = native.json[rule.pointer] else {
      throw MeshError(.malformed, "the rule is not where it was read", object: native.ref)
    }
    do throws(MeshError) {
      if let change = intent.timeout { try timeout(change, &json) }
      if let change = intent.retries { try retries(change, &json) }
      if let change = intent.fault { try FaultEdit.apply(change, &json) }
      if let change = intent.mirror { try MirrorEdit.apply(change, &json) }
      if let change = intent.headers { headers(change, &json) }
    } catch {
      var error = error
      error.object = native.ref
      throw error
    }
    var guards = VirtualServiceEdit.nameGuard(rule, in: native.json)
    if guards.isEmpty, let backend = rule.backends.first {
      for member in ["host", "subset"] {
        let place = backend.pointer.appending("destination").appending(member)
        if let value = native.json[place] { guards.append(.test(place, value)) }
      }
    }
    return (native.json.setting(json, at: rule.pointer.tokens), guards)
  }

  private static func timeout(_ change: RuleIntent.Change<Double>, _ rule: inout JSONValue) throws(MeshError) {
    switch change {
    case .set(let seconds): try rule.keep(duration: seconds, at: "timeout")
    case .remove: rule["timeout"] = nil
    }
  }

  private static func retries(_ change: RuleIntent.Change<RetrySetting>, _ rule: inout JSONValue) throws(MeshError) {
    guard case .set(let setting) = change else {
      rule["retries"] = nil
      return
    }
    guard Int32(exactly: setting.attempts) != nil, setting.attempts >= 0 else {
      throw MeshError(.refused, "\(setting.attempts) attempts cannot be", remedy: "Attempts are 0 or more")
    }
    var retries = rule.child("retries")
    retries.keep(number: Double(setting.attempts), at: "attempts")
    try retries.keep(duration: setting.perTryTimeout, at: "perTryTimeout")
    retries.keep(text: setting.retryOn, at: "retryOn")
    rule["retries"] = retries
  }

  private static func headers(_ change: RuleIntent.Change<HeaderSetting>, _ rule: inout JSONValue) {
    // The spellings of Istio 1.1 mean the same and are replaced by those of today once headers are edited.
    for name in [
      "appendHeaders", "appendRequestHeaders", "removeRequestHeaders", "appendResponseHeaders", "removeResponseHeaders",
    ] {
      rule[name] = nil
    }
    guard case .set(let setting) = change, setting != HeaderSetting() else {
      rule["headers"] = nil
      return
    }
    var headers = rule.child("headers")
    for (name, changes) in [("request", setting.request), ("response", setting.response)] {
      var direction = headers.child(name)
      keep(changes.overwritten, at: "set", in: &direction)
      keep(changes.added, at: "add", in: &direction)
      if changes.removed.isEmpty {
        direction["remove"] = nil
      } else if direction["remove"]?.array?.compactMap(\.string) != changes.removed {
        direction["remove"] = .array(changes.removed.map { .string($0) })
      }
      if direction.object?.isEmpty ?? true { headers[name] = nil } else { headers[name] = direction }
    }
    rule["headers"] = headers
  }

  private static func keep(_ wanted: [String: String], at name: String, in direction: inout JSONValue) {
    if wanted.isEmpty {
      direction[name] = nil
      return
    }
    var map = direction.child(name)
    for old in map.object?.names ?? [] where wanted[old] == nil { map[old] = nil }
    for (header, value) in wanted.sorted(by: { $0.key < $1.key }) { map[header] = .string(value) }
    direction[name] = map
  }
}

/// A rule's fault injection, edited.
enum FaultEdit {
  /// Sets both parts. What a setting has no word for, such as an abort by a status of gRPC, stays where its part is not named.
  static func apply(_ change: RuleIntent.Change<FaultSetting>, _ rule: inout JSONValue) throws(MeshError) {
    guard case .set(let setting) = change else {
      rule["fault"] = nil
      return
    }
    for percent in [setting.delayPercent, setting.abortPercent] { try check(percent) }
    var fault = rule.child("fault")
    if let seconds = setting.delay {
      var delay = fault.child("delay")
      try delay.keep(duration: seconds, at: "fixedDelay")
      share(setting.delayPercent, in: &delay)
      fault["delay"] = delay
    } else if fault["delay"]?["fixedDelay"] != nil {
      fault["delay"] = nil
    }
    if let status = setting.abortStatus {
      // Source: Istio, `validateHTTPStatus`.
      guard (200...599).contains(status) else {
        throw MeshError(.refused, "\(status) is no status to answer with", remedy: "Statuses are 200 to 599")
      }
      var abort = fault.child("abort")
      // One of the three at most (Istio API, HTTPFaultInjection.Abort.error_type).
      abort["grpcStatus"] = nil
      abort["http2Error"] = nil
      abort.keep(number: Double(status), at: "httpStatus")
      share(setting.abortPercent, in: &abort)
      fault["abort"] = abort
    } else if fault["abort"]?["httpStatus"] != nil {
      fault["abort"] = nil
    }
    rule["fault"] = fault.object?.isEmpty ?? true ? nil : fault
  }

  static func check(_ percent: Double) throws(MeshError) {
    // Source: Istio, `validatePercentage`: 0 to 100.
    guard percent >= 0, percent <= 100 else {
      throw MeshError(.refused, "\(percent) % is no share of requests", remedy: "Shares are 0 to 100 percent")
    }
  }

  /// Sets the share in the form that is there: `percentage.value`, or the old integer `percent` where it suffices. A share
  /// that is not written hits no request.
  private static func share(_ percent: Double, in part: inout JSONValue) {
    if part["percentage"] == nil, let old = part["percent"], !old.isNull {
      if old.double == percent { return }
      if percent == percent.rounded() {
        part["percent"] = .double(percent)
        return
      }
      part["percent"] = nil
    }
    var percentage = part.child("percentage")
    percentage.keep(number: percent, at: "value")
    part["percentage"] = percentage
  }
}

/// Where copies of a rule's requests go, edited.
enum MirrorEdit {
  static func apply(_ change: RuleIntent.Change<MirrorSetting>, _ rule: inout JSONValue) throws(MeshError) {
    guard case .set(let setting) = change else {
      for name in ["mirror", "mirrors", "mirrorPercentage", "mirrorPercent", "mirror_percent"] { rule[name] = nil }
      return
    }
    try FaultEdit.check(setting.percent)
    guard !setting.host.isEmpty else { throw MeshError(.refused, "a mirror needs a host") }
    if let mirrors = rule["mirrors"]?.array, let first = mirrors.first {
      guard mirrors.count == 1 else {
        throw MeshError(
          .refused, "requests are copied to \(mirrors.count) places", remedy: "Edit the list of mirrors in the object")
      }
      var entry = first
      var destination = entry["destination"] ?? .object(JSONObject())
      self.destination(setting, &destination)
      entry["destination"] = destination
      if entry["percentage"] != nil || setting.percent != 100 {
        var percentage = entry["percentage"] ?? .object(JSONObject())
        percentage.keep(number: setting.percent, at: "value")
        entry["percentage"] = percentage
      }
      rule["mirrors"] = .array([entry])
      return
    }
    var mirror = rule.child("mirror")
    destination(setting, &mirror)
    rule["mirror"] = mirror
    let legacy = ["mirrorPercent", "mirror_percent"].first { rule[$0].map { !$0.isNull } ?? false }
    if rule["mirrorPercentage"] == nil, let legacy {
      if rule[legacy]?.double == setting.percent { return }
      if setting.percent == setting.percent.rounded() {
        rule[legacy] = .double(setting.percent)
        return
      }
      rule[legacy] = nil
    }
    if rule["mirrorPercentage"] == nil, setting.percent == 100 { return }
    var percentage = rule.child("mirrorPercentage")
    percentage.keep(number: setting.percent, at: "value")
    rule["mirrorPercentage"] = percentage
  }

  private static func destination(_ setting: MirrorSetting, _ value: inout JSONValue) {
    value["host"] = .string(setting.host)
    value.keep(text: setting.subset, at: "subset")
    if let port = setting.port {
      var number = value.child("port")
      number.keep(number: Double(port), at: "number")
      value["port"] = number
    } else {
      value["port"] = nil
    }
  }
}
