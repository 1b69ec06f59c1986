import MeshModel

/// API gateways of a Consul and the routes bound to them: what is stored of them, refused of them, reported of them, and what
/// they do.
///
/// Source: hashicorp/consul, `agent/structs/config_entry_routes.go` and `config_entry_gateways.go` (`Normalize`, `Validate`),
/// `agent/consul/gateways/controller_gateways.go` (conditions).
struct ConsulGateways {
  private let entries: ConsulEntries

  init(_ entries: ConsulEntries) { self.entries = entries }

  /// An entry as it is stored: without a status, which is the controller's; a service of an http-route has a weight of 1 at
  /// least, and a condition a path.
  static func normalized(_ entry: JSONValue) -> JSONValue {
    var entry = entry
    entry["Status"] = nil
    if let parents = entry["Parents"]?.array {
      entry["Parents"] = .array(
        parents.map { parent in
          var parent = parent
          if (parent["Kind"]?.string ?? "").isEmpty { parent["Kind"] = "api-gateway" }
          return parent
        })
    }
    guard entry["Kind"]?.string == "http-route", let rules = entry["Rules"]?.array else { return entry }
    entry["Rules"] = .array(rules.map(rule))
    return entry
  }

  private static func rule(_ rule: JSONValue) -> JSONValue {
    var rule = rule
    if let services = rule["Services"]?.array {
      rule["Services"] = .array(
        services.map { service in
          var service = service
          if (service["Weight"]?.int ?? 0) <= 0 { service["Weight"] = 1 }
          return service
        })
    }
    if let matches = rule["Matches"]?.array {
      rule["Matches"] = .array(
        matches.map { match in
          var match = match
          if (match["Path"]?["Match"]?.string ?? "").isEmpty { match["Path"] = ["Match": "prefix", "Value": "/"] }
          return match
        })
    }
    return rule
  }

  /// Checks an entry that is to be written.
  static func check(_ entry: JSONValue) throws(ConsulFailure) {
    for parent in entry["Parents"]?.array ?? [] where parent["Kind"]?.string != "api-gateway" {
      throw ConsulFailure(
        500, "unsupported parent kind: \"\(parent["Kind"]?.string ?? "")\", must be 'api-gateway'")
    }
    switch entry["Kind"]?.string {
    case "api-gateway":
      guard entry["Listeners"]?.array?.isEmpty == false else {
        throw ConsulFailure(500, "api gateway must have at least one listener")
      }
    case "tcp-route":
      guard (entry["Services"]?.array?.count ?? 0) <= 1 else {
        throw ConsulFailure(500, "tcp-route currently only supports one service")
      }
    default:
      for (number, rule) in (entry["Rules"]?.array ?? []).enumerated() {
        for (place, match) in (rule["Matches"]?.array ?? []).enumerated() {
          let path = match["Path"]
          let isPlain = ["exact", "prefix"].contains(path?["Match"]?.string ?? "")
          guard !isPlain || path?["Value"]?.string?.hasPrefix("/") == true else {
            throw ConsulFailure(
              500,
              "Rule[\(number)], Match[\(place)], Path, \(path?["Match"]?.string ?? "") type match doesn't start with "
                + "'/': \"\(path?["Value"]?.string ?? "")\"")
          }
        }
      }
    }
  }

  /// What the controller reports of an entry; `nil` for one that it does not look at.
  func status(_ entry: JSONValue) -> JSONValue? {
    switch entry["Kind"]?.string {
    case "api-gateway":
      return ["Conditions": [Self.condition("Accepted", true, "Accepted", "gateway is valid")]]
    case "http-route", "tcp-route":
      var conditions = [Self.condition("Accepted", true, "Accepted", "route is valid")]
      for parent in entry["Parents"]?.array ?? [] {
        let name = parent["Name"]?.string ?? ""
        let section = parent["SectionName"]?.string ?? ""
        let listeners = entries["api-gateway", name]?["Listeners"]?.array ?? []
        let isBound = listeners.contains { section.isEmpty || $0["Name"]?.string == section }
        var condition =
          isBound
          ? Self.condition("Bound", true, "Bound", "successfully bound route")
          : Self.condition("Bound", false, "GatewayNotFound", "gateway was not found")
        condition["Resource"] = ["Kind": "api-gateway", "Name": .string(name), "SectionName": .string(section)]
        conditions.append(condition)
      }
      return ["Conditions": .array(conditions)]
    default: return nil
    }
  }

  private static func condition(_ type: String, _ holds: Bool, _ reason: String, _ message: String) -> JSONValue {
    [
      "Type": .string(type), "Status": holds ? "True" : "False", "Reason": .string(reason),
      "Message": .string(message), "Resource": ["Kind": "", "Name": "", "SectionName": ""],
    ]
  }

  /// The Istio objects that have the same consequence: a gateway each, and a virtual service for each route.
  func objects(_ object: (_ kind: String, _ name: String, _ spec: JSONValue) -> JSONValue) -> [JSONValue] {
    let gateways = entries.all("api-gateway").map { name, entry -> JSONValue in
      object(
        "Gateway", name,
        [
          "selector": ["app": .string(name)],
          "servers": .array(
            (entry["Listeners"]?.array ?? []).map { listener -> JSONValue in
              let isTCP = listener["Protocol"]?.string?.lowercased() == "tcp"
              let host = listener["Hostname"]?.string ?? ""
              return [
                "port": [
                  "number": listener["Port"] ?? 80, "name": listener["Name"] ?? "", "protocol": isTCP ? "TCP" : "HTTP",
                ], "hosts": [.string(host.isEmpty ? "*" : host)],
              ]
            }),
        ])
    }
    let requests = entries.all("http-route").map { name, entry -> JSONValue in routes(name, entry, object) }
    let connections = entries.all("tcp-route").map { name, entry -> JSONValue in
      let services = (entry["Services"]?.array ?? []).compactMap { $0["Name"]?.string }
      let routes = services.map { ["destination": ["host": .string($0)]] as JSONValue }
      return object(
        "VirtualService", "route-\(name)",
        ["hosts": ["*"], "gateways": Self.parents(entry), "tcp": [["route": .array(routes)]]])
    }
    return gateways + requests + connections
  }

  private static func parents(_ entry: JSONValue) -> JSONValue {
    .array((entry["Parents"]?.array ?? []).compactMap { $0["Name"] })
  }

  private func routes(
    _ name: String, _ entry: JSONValue, _ object: (String, String, JSONValue) -> JSONValue
  ) -> JSONValue {
    let rules = (entry["Rules"]?.array ?? []).map { rule -> JSONValue in
      let services = rule["Services"]?.array ?? []
      let total = Double(services.reduce(0) { $0 + ($1["Weight"]?.int ?? 1) })
      let targets = services.flatMap { service -> [JSONValue] in
        let share = Double(service["Weight"]?.int ?? 1) / max(total, 1)
        let ends = (try? ConsulChain(service["Name"]?.string ?? "", entries).shares(nil)) ?? []
        return ends.map { end -> JSONValue in
          var destination: JSONValue = ["host": .string(end.target.service)]
          if !end.target.subset.isEmpty { destination["subset"] = .string(end.target.subset) }
          return [
            "destination": destination, "weight": .int(ProxyView.whole((share * end.share * 1_000_000).rounded())),
          ]
        }
      }
      var result: JSONValue = ["route": .array(targets)]
      let matches = (rule["Matches"]?.array ?? []).map(Self.match).filter { $0.object?.isEmpty == false }
      if !matches.isEmpty { result["match"] = .array(matches) }
      return result
    }
    let hosts: JSONValue = (entry["Hostnames"]?.array ?? []).isEmpty ? ["*"] : entry["Hostnames"] ?? ["*"]
    return object(
      "VirtualService", "route-\(name)",
      ["hosts": hosts, "gateways": Self.parents(entry), "http": .array(rules)])
  }

  private static func match(_ match: JSONValue) -> JSONValue {
    var condition: JSONValue = [:]
    if let way = match["Path"]?["Match"]?.string, let path = match["Path"]?["Value"], path != "/" {
      condition["uri"] = [way: path]
    }
    if let method = match["Method"]?.string, !method.isEmpty { condition["method"] = ["exact": .string(method)] }
    var headers = JSONObject()
    for header in match["Headers"]?.array ?? [] {
      guard let name = header["Name"]?.string?.lowercased(), let way = header["Match"]?.string else { continue }
      headers[name] =
        ["exact", "prefix", "regex"].contains(way) ? [way: header["Value"] ?? ""] : ["regex": ".+"]
    }
    if !headers.isEmpty { condition["headers"] = .object(headers) }
    return condition
  }
}
