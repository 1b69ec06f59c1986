public import MeshModel

extension Intent {
  /// The intent as a file states it; see ``init(json:)``.
  public var json: JSONValue {
    switch self {
    case .weights(let intent):
      var value: JSONValue = ["set": "weights", "route": .string(intent.route.description)]
      if let rule = intent.rule { value["rule"] = .string(rule) }
      value["weights"] = .object(
        JSONObject(intent.weights.map { .init(name: $0.backend, value: .number(intent.text(of: $0))) }))
      return value
    case .rule(let intent): return intent.json
    case .mtls(let intent):
      var value: JSONValue = ["set": "mtls", "plane": .string(intent.plane), "scope": .string(intent.scope.rawValue)]
      value["namespace"] = .string(intent.namespace)
      value["workload"] = .string(intent.workload)
      if let port = intent.port { value["port"] = .int(port) }
      value["mode"] = .string(intent.mode.rawValue)
      return value
    case .object(let intent):
      var value: JSONValue = ["set": "object", "id": .string(intent.ref.description), "object": intent.json]
      if intent.isStatus { value["part"] = "status" }
      if let version = intent.baseVersion { value["baseVersion"] = .string(version) }
      return value
    case .delete(let ref): return ["set": "delete", "id": .string(ref.description)]
    }
  }

  /// An intent from a file: an object whose `set` says `weights`, `rule`, `mtls`, `object` or `delete`.
  public init(json: JSONValue) throws(MeshError) {
    func ref(_ name: String) throws(MeshError) -> ObjectRef {
      guard let text = json[name]?.string, let ref = ObjectRef(text) else {
        throw MeshError(.usage, "the intent needs \(name) as plane/namespace/kind/name")
      }
      return ref
    }
    switch json["set"]?.string {
    case "weights":
      guard let members = json["weights"]?.object?.members, !members.isEmpty else {
        throw MeshError(.usage, "the intent names no weights", remedy: #"write "weights": {"v1": 70, "v2": 30}"#)
      }
      let typed = members.map { member in
        (backend: member.name, weight: member.value.int.map(String.init) ?? JSONWriter.text(member.value))
      }
      guard let intent = WeightsIntent(route: try ref("route"), rule: json["rule"]?.string, typed: typed) else {
        throw MeshError(
          .usage, "a weight is no number of at most two decimals", remedy: #"write "weights": {"v1": 70, "v2": 30}"#)
      }
      self = .weights(intent)
    case "rule": self = .rule(try RuleIntent(json: json, route: try ref("route")))
    case "mtls":
      guard let scope = json["scope"]?.string.flatMap(MTLSScope.init(rawValue:)),
        let mode = json["mode"]?.string.flatMap(MTLSMode.init(rawValue:)), let plane = json["plane"]?.string
      else { throw MeshError(.usage, "an mtls intent needs plane, scope and mode") }
      self = .mtls(
        MTLSIntent(
          plane: plane, scope: scope, namespace: json["namespace"]?.string ?? "",
          workload: json["workload"]?.string ?? "", port: json["port"]?.int, mode: mode))
    case "object":
      guard let object = json["object"] else { throw MeshError(.usage, "the intent holds no object") }
      self = .object(
        ObjectIntent(
          ref: try ref("id"), json: object, baseVersion: json["baseVersion"]?.string,
          isStatus: json["part"]?.string == "status"))
    case "delete": self = .delete(try ref("id"))
    default:
      throw MeshError(.usage, "the intent says not what to set", remedy: "set: weights, rule, mtls, object or delete")
    }
  }
}

extension RuleIntent {
  var json: JSONValue {
    var value: JSONValue = ["set": "rule", "route": .string(route.description)]
    if let rule { value["rule"] = .string(rule) }
    func put<Value>(_ name: String, _ change: Change<Value>?, _ encode: (Value) -> JSONValue) {
      switch change {
      case nil: break
      case .remove: value[name] = .null
      case .set(let setting): value[name] = encode(setting)
      }
    }
    put("timeout", timeout, JSONValue.double)
    put("retries", retries) { $0.json }
    put("fault", fault) { $0.json }
    put("mirror", mirror) { $0.json }
    put("headers", headers) { $0.json }
    return value
  }

  init(json: JSONValue, route: ObjectRef) throws(MeshError) {
    func change<Value>(_ name: String, _ decode: (JSONValue) -> Value?) throws(MeshError) -> Change<Value>? {
      guard let value = json[name] else { return nil }
      if value.isNull { return .remove }
      guard let decoded = decode(value) else { throw MeshError(.usage, "the rule's \(name) cannot be read") }
      return .set(decoded)
    }
    self.init(
      route: route, rule: json["rule"]?.string, timeout: try change("timeout", \.double),
      retries: try change("retries", RetrySetting.init(json:)), fault: try change("fault", FaultSetting.init(json:)),
      mirror: try change("mirror", MirrorSetting.init(json:)),
      headers: try change("headers", HeaderSetting.init(json:)))
  }
}

extension RetrySetting {
  var json: JSONValue {
    var value: JSONValue = ["attempts": .int(attempts)]
    if let perTryTimeout { value["perTryTimeout"] = .double(perTryTimeout) }
    value["retryOn"] = .string(retryOn)
    return value
  }

  /// Writes what ``json`` is: a long list of routes has one of them a rule.
  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("attempts", attempts)
      writer.member("perTryTimeout", perTryTimeout)
      writer.member("retryOn", retryOn)
    }
  }

  init?(json: JSONValue) {
    guard let attempts = json["attempts"]?.int else { return nil }
    self.init(
      attempts: attempts, perTryTimeout: json["perTryTimeout"]?.double, retryOn: json["retryOn"]?.string ?? "")
  }
}

extension FaultSetting {
  var json: JSONValue {
    var value = JSONValue.object(JSONObject())
    if let delay {
      value["delay"] = .double(delay)
      value["delayPercent"] = .double(delayPercent)
    }
    if let abortStatus {
      value["abortStatus"] = .int(abortStatus)
      value["abortPercent"] = .double(abortPercent)
    }
    return value
  }

  init?(json: JSONValue) {
    guard json.object != nil else { return nil }
    self.init(
      delay: json["delay"]?.double, delayPercent: json["delayPercent"]?.double ?? 100,
      abortStatus: json["abortStatus"]?.int, abortPercent: json["abortPercent"]?.double ?? 100)
  }
}

extension MirrorSetting {
  var json: JSONValue {
    var value: JSONValue = ["host": .string(host)]
    if let subset { value["subset"] = .string(subset) }
    if let port { value["port"] = .int(port) }
    value["percent"] = .double(percent)
    return value
  }

  init?(json: JSONValue) {
    guard let host = json["host"]?.string else { return nil }
    self.init(
      host: host, subset: json["subset"]?.string, port: json["port"]?.int, percent: json["percent"]?.double ?? 100)
  }
}

extension HeaderSetting {
  var json: JSONValue { ["request": request.json, "response": response.json] }

  init?(json: JSONValue) {
    guard json.object != nil else { return nil }
    self.init(request: Changes(json: json["request"]), response: Changes(json: json["response"]))
  }
}

extension HeaderSetting.Changes {
  var json: JSONValue {
    func map(_ values: [String: String]) -> JSONValue {
      .object(JSONObject(values.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) }))
    }
    return ["set": map(overwritten), "add": map(added), "remove": .array(removed.map(JSONValue.string))]
  }

  init(json: JSONValue?) {
    func map(_ value: JSONValue?) -> [String: String] {
      Dictionary(
        (value?.object?.members ?? []).compactMap { member in member.value.string.map { (member.name, $0) } },
        uniquingKeysWith: { $1 })
    }
    self.init(
      overwritten: map(json?["set"]), added: map(json?["add"]),
      removed: (json?["remove"]?.array ?? []).compactMap(\.string))
  }
}
