import MeshModel

/// Edits of the rules of an http-route: its filters as they would be, with every one that is not named left as it is.
///
/// Source: hashicorp/consul, `api/config_entry_routes.go`, `HTTPFilters` and `HTTPResponseFilters`; a time is a number of
/// nanoseconds there.
enum ConsulRouteEdit {
  /// New timeouts, retries and header changes of a rule.
  static func rule(_ native: NativeObject, _ intent: RuleIntent) throws(MeshError) -> Step? {
    for (name, isAsked) in [("faults", intent.fault != nil), ("mirrors", intent.mirror != nil)] where isAsked {
      throw MeshError(.refused, "Consul's http-routes have no \(name)", object: native.ref)
    }
    let route = try ConsulEdit.route(native)
    let rule = route.rules[try RouteLookup.settingsRule(intent.rule, of: route)]
    guard var whole = native.json[rule.pointer] else {
      throw MeshError(.malformed, "the rule is not where it was read", object: native.ref)
    }
    var filters = whole.child("Filters")
    if let change = intent.timeout {
      var filter = filters.child("TimeoutFilter")
      filter["RequestTimeout"] = try time(change, native.ref)
      put(filter, at: "TimeoutFilter", in: &filters)
    }
    if let change = intent.retries {
      var filter = filters.child("RetryFilter")
      try ConsulEdit.retries(change, &filter, native.ref)
      put(filter, at: "RetryFilter", in: &filters)
    }
    if let change = intent.headers {
      let setting: HeaderSetting = if case .set(let setting) = change { setting } else { HeaderSetting() }
      filters["Headers"] = headers(setting.request)
      var response = whole.child("ResponseFilters")
      response["Headers"] = headers(setting.response)
      put(response, at: "ResponseFilters", in: &whole)
    }
    put(filters, at: "Filters", in: &whole)
    return ConsulEdit.step(native, to: native.json.setting(whole, at: rule.pointer.tokens))
  }

  /// Nanoseconds; none where the time is taken away.
  private static func time(_ change: RuleIntent.Change<Double>, _ ref: ObjectRef) throws(MeshError) -> JSONValue? {
    guard case .set(let seconds) = change else { return nil }
    guard seconds > 0, seconds < 1e9, let nanoseconds = Int(exactly: (seconds * 1e9).rounded()) else {
      throw MeshError(.refused, "a time of \(seconds) s is none that Consul takes", object: ref)
    }
    return .int(nanoseconds)
  }

  /// The one filter that changes come to; none where nothing is changed.
  private static func headers(_ changes: HeaderSetting.Changes) -> JSONValue? {
    guard changes != HeaderSetting.Changes() else { return nil }
    func object(_ pairs: [String: String]) -> JSONValue {
      .object(JSONObject(pairs.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) }))
    }
    return [
      [
        "Add": object(changes.added), "Remove": .array(changes.removed.map { .string($0) }),
        "Set": object(changes.overwritten),
      ]
    ]
  }

  /// Sets a filter; one that says nothing is taken away.
  private static func put(_ filter: JSONValue, at name: String, in value: inout JSONValue) {
    value[name] = filter.object?.isEmpty == true ? JSONValue?.none : filter
  }
}
