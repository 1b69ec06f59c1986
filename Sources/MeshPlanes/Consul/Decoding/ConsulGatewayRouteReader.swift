import MeshModel

/// The http-routes and tcp-routes of API gateways as routes.
///
/// Source: hashicorp/consul, `api/config_entry_routes.go`: a route is bound to listeners of gateways (`Parents`); a rule of an
/// http-route leads to services by weight, a tcp-route to one service.
struct ConsulGatewayRouteReader {
  let json: JSONValue
  let name: ConsulName

  func route(_ ref: ObjectRef, version: String) -> Route {
    let hosts = (json["Hostnames"]?.array ?? []).compactMap(\.string)
    let parents = (json["Parents"]?.array ?? []).compactMap { parent -> String? in
      guard let name = ConsulEntryReader.text(parent["Name"]) else { return nil }
      return ConsulEntryReader.text(parent["SectionName"]).map { "\(name)/\($0)" } ?? name
    }
    return Route(
      ref: ref, dialect: .consul, apiVersion: "consul/v1", hosts: hosts.isEmpty ? ["*"] : hosts, attachedTo: parents,
      rules: name.kind == .tcpRoute ? [connections] : requests, version: version,
      status: ConsulStatus.reports(json["Status"]))
  }

  private var connections: Rule {
    let backends = (json["Services"]?.array ?? []).enumerated().map { index, service in
      Backend(
        name: service["Name"]?.string ?? "", host: service["Name"]?.string ?? "", weight: nil,
        pointer: JSONPointer(["Services"]).appending(index))
    }
    return Rule(layer: .tcp, backends: backends, pointer: JSONPointer(["Services"]))
  }

  private var requests: [Rule] {
    (json["Rules"]?.array ?? []).enumerated().map { index, rule in
      let pointer = JSONPointer(["Rules"]).appending(index)
      let filters = rule["Filters"]
      let timeout = ConsulDuration.seconds(filters?["TimeoutFilter"]?["RequestTimeout"])
      let headers = HeaderSetting(
        request: Self.changes(filters?["Headers"]), response: Self.changes(rule["ResponseFilters"]?["Headers"]))
      return Rule(
        layer: .http, matches: (rule["Matches"]?.array ?? []).compactMap(Self.match),
        backends: (rule["Services"]?.array ?? []).enumerated().map { place, service in
          Backend(
            name: service["Name"]?.string ?? "", host: service["Name"]?.string ?? "",
            weight: ConsulRouteWeights.hundredths(service["Weight"]),
            pointer: pointer.appending("Services").appending(place))
        },
        timeout: timeout.flatMap { $0 > 0 ? $0 : nil }, retries: Self.retries(filters?["RetryFilter"]),
        headers: headers == HeaderSetting() ? nil : headers,
        action: ConsulEntryReader.text(filters?["URLRewrite"]?["Path"]).map { "rewrite to \($0)" }, pointer: pointer)
    }
  }

  private static func match(_ json: JSONValue) -> RuleMatch? {
    var match = RuleMatch()
    if let path = text(json["Path"]), path != .prefix("/") { match.uri = path }
    match.method = ConsulEntryReader.text(json["Method"]).map { .exact($0) }
    for header in json["Headers"]?.array ?? [] {
      guard let name = ConsulEntryReader.text(header["Name"])?.lowercased() else { continue }
      let isInverted = header["Invert"]?.bool ?? false
      guard let text = text(header) else {
        match.others.append("\(name) \(isInverted ? "not " : "")*\(header["Value"]?.string ?? "")")
        continue
      }
      if isInverted { match.withoutHeaders[name] = text } else { match.headers[name] = text }
    }
    for parameter in json["Query"]?.array ?? [] {
      guard let name = ConsulEntryReader.text(parameter["Name"]) else { continue }
      match.queryParams[name] = text(parameter) ?? .present
    }
    return match.isEmpty ? nil : match
  }

  /// What a text must be; `nil` for a suffix, which the neutral condition has no word for.
  private static func text(_ json: JSONValue?) -> TextMatch? {
    let value = json?["Value"]?.string ?? ""
    return switch json?["Match"]?.string {
    case "exact": .exact(value)
    case "prefix": .prefix(value)
    case "regex": .regex(value)
    case "present": .present
    default: nil
    }
  }

  private static func retries(_ filter: JSONValue?) -> RetrySetting? {
    var reasons = (filter?["RetryOn"]?.array ?? []).compactMap(\.string)
    if filter?["RetryOnConnectFailure"]?.bool == true { reasons.append("connect-failure") }
    reasons += (filter?["RetryOnStatusCodes"]?.array ?? []).compactMap { $0.int.map(String.init) }
    let attempts = filter?["NumRetries"]?.int ?? 0
    guard attempts > 0 || !reasons.isEmpty else { return nil }
    return RetrySetting(attempts: attempts, retryOn: reasons.joined(separator: ","))
  }

  private static func changes(_ filters: JSONValue?) -> HeaderSetting.Changes {
    var changes = HeaderSetting.Changes()
    for filter in filters?.array ?? [] {
      for pair in filter["Set"]?.object?.members ?? [] { changes.overwritten[pair.name] = pair.value.string }
      for pair in filter["Add"]?.object?.members ?? [] { changes.added[pair.name] = pair.value.string }
      changes.removed += (filter["Remove"]?.array ?? []).compactMap(\.string)
    }
    return changes
  }
}

/// What Consul's gateway controller reports of a gateway or of a route bound to one.
///
/// Source: hashicorp/consul, `agent/structs/config_entry_status.go`: conditions (`Accepted`, `Bound`, `ResolvedRefs`,
/// `Conflicted`), each of the entry itself or of a listener of a gateway.
enum ConsulStatus {
  static func reports(_ status: JSONValue?) -> [StatusReport] {
    var reports: [StatusReport] = []
    for item in status?["Conditions"]?.array ?? [] {
      let place = item["Resource"]
      var subject = ConsulEntryReader.text(place?["Name"]).map { "gateway \($0)" } ?? ""
      if let section = ConsulEntryReader.text(place?["SectionName"]) { subject += ":\(section)" }
      let condition = StatusReport.Condition(
        type: item["Type"]?.string ?? "", holds: ["True": true, "False": false][item["Status"]?.string ?? ""],
        reason: item["Reason"]?.string ?? "", message: item["Message"]?.string ?? "")
      if let index = reports.firstIndex(where: { $0.subject == subject }) {
        reports[index].conditions.append(condition)
      } else {
        reports.append(
          StatusReport(controller: "Consul", subject: subject, conditions: [condition], isCurrent: true))
      }
    }
    return reports
  }
}
