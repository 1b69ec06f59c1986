import MeshModel

/// A route of Traffic Director as a neutral route; its rules have no names and are known by their numbers.
struct TrafficDirectorRouteReader {
  let json: JSONValue
  let name: TrafficDirectorName
  let layer: Rule.Layer
  let plane: PlaneName
  /// The project the plane is for; empty where it is not known, as offline.
  let project: String

  func route() -> Route {
    func ids(_ member: String, _ kind: ObjectKind) -> [String] {
      (json[member]?.array ?? []).compactMap(\.string).map { "\(kind)/\(TrafficDirectorReference($0)?.id ?? $0)" }
    }
    let rules = (json["rules"]?.array ?? []).enumerated().map {
      rule($0.element, JSONPointer(["rules", "\($0.offset)"]))
    }
    return Route(
      ref: name.ref(plane: plane), dialect: .trafficDirector,
      apiVersion: "\(name.kind.api.name)/v1", hosts: hosts(rules),
      attachedTo: ids("meshes", "mesh") + ids("gateways", "gateway") + ids("targetProxies", "targettcpproxy"),
      rules: rules, version: json["updateTime"]?.string ?? "",
      createdAt: json["createTime"]?.string.flatMap(RFC3339.parse) ?? Instant(seconds: 0),
      owners: TrafficDirectorOwner.owner(of: json).map { [$0] } ?? [])
  }

  /// The hosts it is for: TCP and TLS routes name them in their conditions.
  private func hosts(_ rules: [Rule]) -> [String] {
    let names = (json["hostnames"]?.array ?? []).compactMap(\.string)
    if !names.isEmpty { return names }
    var hosts: [String] = []
    for host in rules.flatMap(\.matches).flatMap({ $0.sniHosts }) where !hosts.contains(host) { hosts.append(host) }
    return hosts
  }

  private func rule(_ value: JSONValue, _ pointer: JSONPointer) -> Rule {
    let action = value["action"] ?? .null
    let place = pointer.appending("action")
    return Rule(
      layer: layer,
      matches: (value["matches"]?.array ?? []).compactMap {
        TrafficDirectorMatchReader(match: $0, layer: layer).condition()
      },
      backends: backends(action, place), timeout: action["timeout"]?.string.flatMap(GoDuration.seconds),
      retries: retries(action["retryPolicy"]), fault: fault(action["faultInjectionPolicy"]),
      mirrors: mirrors(action["requestMirrorPolicy"]), headers: headers(action), action: words(action),
      pointer: pointer)
  }

  private func backends(_ action: JSONValue, _ place: JSONPointer) -> [Backend] {
    let destinations = action["destinations"]?.array ?? []
    let hosts = destinations.map { host($0["serviceName"]?.string ?? "") }
    return destinations.enumerated().map { index, destination in
      let isTwice = hosts.count { $0 == hosts[index] } > 1
      return Backend(
        name: isTwice ? "\(hosts[index]):\(index)" : hosts[index], host: hosts[index],
        weight: destination["weight"]?.int, pointer: place.appending("destinations").appending(index))
    }
  }

  /// A backend service by its name, with the project before it where that is another one.
  private func host(_ text: String) -> String {
    guard let reference = TrafficDirectorReference(text) else { return text }
    return project.isEmpty || reference.isIn(project) ? reference.id : "\(reference.project)/\(reference.id)"
  }

  private func retries(_ policy: JSONValue?) -> RetrySetting? {
    guard let policy, policy.object != nil else { return nil }
    // Where no number is given it is 1 (network services, RetryPolicy.num_retries).
    return RetrySetting(
      attempts: policy["numRetries"]?.int ?? 1,
      perTryTimeout: policy["perTryTimeout"]?.string.flatMap(GoDuration.seconds),
      retryOn: (policy["retryConditions"]?.array ?? []).compactMap(\.string).joined(separator: ","))
  }

  private func fault(_ policy: JSONValue?) -> FaultSetting? {
    guard let policy, policy.object?.isEmpty == false else { return nil }
    // A percentage that is not written is 0 (proto3).
    return FaultSetting(
      delay: policy["delay"]?["fixedDelay"]?.string.flatMap(GoDuration.seconds),
      delayPercent: policy["delay"]?["percentage"]?.double ?? 0, abortStatus: policy["abort"]?["httpStatus"]?.int,
      abortPercent: policy["abort"]?["percentage"]?.double ?? 0)
  }

  private func mirrors(_ policy: JSONValue?) -> [MirrorSetting] {
    guard let service = policy?["destination"]?["serviceName"]?.string else { return [] }
    return [MirrorSetting(host: host(service), percent: policy?["mirrorPercent"]?.double ?? 100)]
  }

  private func headers(_ action: JSONValue) -> HeaderSetting? {
    func changes(_ value: JSONValue?) -> HeaderSetting.Changes {
      func texts(_ member: String) -> [String: String] {
        Dictionary((value?[member]?.object?.members ?? []).map { ($0.name, $0.value.string ?? "") }) { $1 }
      }
      return HeaderSetting.Changes(
        overwritten: texts("set"), added: texts("add"),
        removed: (value?["remove"]?.array ?? []).compactMap(\.string))
    }
    let setting = HeaderSetting(
      request: changes(action["requestHeaderModifier"]), response: changes(action["responseHeaderModifier"]))
    return setting.request.isEmpty && setting.response.isEmpty ? nil : setting
  }

  private func words(_ action: JSONValue) -> String? {
    var words: [String] = []
    if let redirect = action["redirect"], redirect.object != nil {
      let parts = ["hostRedirect", "pathRedirect", "prefixRewrite"].compactMap { redirect[$0]?.string }
      words.append("redirect" + (parts.isEmpty ? "" : " to " + parts.joined(separator: " ")))
    }
    if let rewrite = action["urlRewrite"], rewrite.object != nil {
      let parts = ["hostRewrite", "pathPrefixRewrite"].compactMap { rewrite[$0]?.string }
      words.append("rewrite" + (parts.isEmpty ? "" : " to " + parts.joined(separator: " ")))
    }
    if let status = action["directResponse"]?["status"]?.int { words.append("answer \(status)") }
    if action["originalDestination"]?.bool == true { words.append("to the original destination") }
    return words.isEmpty ? nil : words.joined(separator: ", ")
  }
}

/// A condition of a route; what the neutral condition has no word for stands in its `others`.
struct TrafficDirectorMatchReader {
  let match: JSONValue
  let layer: Rule.Layer

  /// The condition; `nil` where everything matches.
  func condition() -> RuleMatch? {
    guard match.object?.isEmpty == false else { return nil }
    var result = RuleMatch()
    switch layer {
    case .http: http(&result)
    case .grpc: grpc(&result)
    case .tcp:
      result.port = match["port"]?.string.flatMap(Int.init) ?? match["port"]?.int
      if let address = match["address"]?.string { result.others.append("address \(address)") }
    case .tls:
      result.sniHosts = (match["sniHost"]?.array ?? []).compactMap(\.string)
      let protocols = (match["alpn"]?.array ?? []).compactMap(\.string)
      if !protocols.isEmpty { result.others.append("ALPN \(protocols.joined(separator: ", "))") }
    }
    return result
  }

  private func http(_ result: inout RuleMatch) {
    result.uri =
      match["fullPathMatch"]?.string.map { .exact($0) } ?? match["prefixMatch"]?.string.map { .prefix($0) }
      ?? match["regexMatch"]?.string.map { .regex($0) }
    if match["ignoreCase"]?.bool == true { result.ignoreUriCase = true }
    for header in match["headers"]?.array ?? [] { add(header, to: &result) }
    for parameter in match["queryParameters"]?.array ?? [] {
      guard let name = parameter["queryParameter"]?.string else { continue }
      result.queryParams[name] =
        parameter["exactMatch"]?.string.map { .exact($0) } ?? parameter["regexMatch"]?.string.map { .regex($0) }
        ?? .present
    }
  }

  private func add(_ header: JSONValue, to result: inout RuleMatch) {
    guard let name = header["header"]?.string.map({ $0.lowercased() }) else { return }
    let isInverted = header["invertMatch"]?.bool ?? false
    let text: TextMatch
    if let exact = header["exactMatch"]?.string {
      text = .exact(exact)
    } else if let prefix = header["prefixMatch"]?.string {
      text = .prefix(prefix)
    } else if let regex = header["regexMatch"]?.string {
      text = .regex(regex)
    } else if let suffix = header["suffixMatch"]?.string {
      result.others.append("\(name) \(isInverted ? "not " : "")*\(suffix)")
      return
    } else if let range = header["rangeMatch"], range.object != nil {
      result.others.append(
        "\(name) \(isInverted ? "not " : "")\(range["start"]?.int ?? 0)..<\(range["end"]?.int ?? 0)")
      return
    } else {
      text = .present
    }
    if isInverted { result.withoutHeaders[name] = text } else { result.headers[name] = text }
  }

  private func grpc(_ result: inout RuleMatch) {
    if let method = match["method"], method.object != nil {
      let service = method["grpcService"]?.string ?? ""
      let name = method["grpcMethod"]?.string ?? ""
      let isRegex = method["type"]?.string == "REGULAR_EXPRESSION"
      switch (service.isEmpty, name.isEmpty) {
      case (true, true): break
      case (false, true): result.uri = isRegex ? .regex("/\(service)/.*") : .prefix("/\(service)/")
      case (false, false): result.uri = isRegex ? .regex("/\(service)/\(name)") : .exact("/\(service)/\(name)")
      case (true, false): result.others.append("method \(isRegex ? "~" : "")\(name) of any service")
      }
      if method["caseSensitive"]?.bool == false { result.ignoreUriCase = true }
    }
    for header in match["headers"]?.array ?? [] {
      guard let name = header["key"]?.string.map({ $0.lowercased() }), let value = header["value"]?.string else {
        continue
      }
      result.headers[name] = header["type"]?.string == "REGULAR_EXPRESSION" ? .regex(value) : .exact(value)
    }
  }
}
