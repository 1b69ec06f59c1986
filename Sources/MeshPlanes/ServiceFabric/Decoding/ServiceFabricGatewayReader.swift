import MeshModel

/// Where a gateway's rule leads: an endpoint of a service of an application.
struct ServiceFabricDestination: Sendable, Hashable {
  var application: String
  var service: String
  var endpoint: String

  /// A destination as a gateway writes it; missing parts are empty.
  init(_ json: JSONValue?) {
    application = ServiceFabricReader.resourceName(json?["applicationName"]?.string ?? "")
    service = json?["serviceName"]?.string ?? ""
    endpoint = json?["endpointName"]?.string ?? ""
  }

  init(application: String, service: String, endpoint: String) {
    self.application = application
    self.service = service
    self.endpoint = endpoint
  }

  /// The host a backend is written with, and back.
  var host: String { "\(service).\(application)" }
}

/// A gateway as an entrance, and its routing as one neutral route: each route of each host a rule, each TCP port one too.
struct ServiceFabricGatewayReader {
  let json: JSONValue
  let name: ServiceFabricName
  let plane: PlaneName
  let port: (ServiceFabricDestination) -> Int?

  private var properties: JSONValue? { json["properties"] }

  func gateway() -> Gateway {
    let http = listeners("http", "HTTP") { ($0["hosts"]?.array ?? []).compactMap { $0["name"]?.string } }
    let tcp = listeners("tcp", "TCP") { _ in ["*"] }
    return Gateway(ref: name.ref(plane: plane), selector: [:], listeners: http + tcp, status: status())
  }

  private func listeners(
    _ member: String, _ transport: String, hosts: (JSONValue) -> [String]
  ) -> [Gateway.Listener] {
    (properties?[member]?.array ?? []).enumerated().compactMap { index, listener in
      listener["port"]?.int.map {
        Gateway.Listener(
          port: $0, transport: transport, hosts: hosts(listener), tls: nil,
          pointer: JSONPointer(["properties", member, String(index)]))
      }
    }
  }

  func route() -> Route {
    let rules = httpRules() + tcpRules()
    let hosts = rules.compactMap { rule in rule.layer == .http ? rule.matches.first?.authority?.description ?? "*" : nil
    }
    return Route(
      ref: name.ref(plane: plane, as: ServiceFabricReader.routeKind), dialect: .serviceFabric,
      apiVersion: "servicefabricmesh/2018-09-01-preview",
      hosts: hosts.reduce(into: []) { if !$0.contains($1) { $0.append($1) } },
      attachedTo: ["gateway/\(name.name)"], rules: rules,
      version: Fingerprint.text(JSONWriter.bytes(ServiceFabricBody.writable(json))), status: status())
  }

  private func httpRules() -> [Rule] {
    var rules: [(host: String, rule: Rule)] = []
    for (number, listener) in (properties?["http"]?.array ?? []).enumerated() {
      for (place, host) in (listener["hosts"]?.array ?? []).enumerated() {
        for (index, route) in (host["routes"]?.array ?? []).enumerated() {
          let pointer = JSONPointer(
            ["properties", "http", String(number), "hosts", String(place), "routes", String(index)])
          let host = host["name"]?.string ?? ""
          let match = condition(route["match"], host: host, port: listener["port"]?.int)
          rules.append(
            (
              host,
              Rule(
                name: route["name"]?.string ?? "", matches: match.isEmpty ? [] : [match],
                backends: [backend(route["destination"], pointer)],
                action: route["match"]?["path"]?["rewrite"]?.string.map { "rewrite to \($0)" }, pointer: pointer)
            ))
        }
      }
    }
    // A name is one of its host; where two hosts use the same, the host says which is meant.
    return rules.map { host, rule in
      guard rules.count(where: { $0.rule.name == rule.name }) > 1 else { return rule }
      var rule = rule
      rule.name = "\(host)/\(rule.name)"
      return rule
    }
  }

  private func tcpRules() -> [Rule] {
    (properties?["tcp"]?.array ?? []).enumerated().map { index, listener in
      let pointer = JSONPointer(["properties", "tcp", String(index)])
      let match = RuleMatch(port: listener["port"]?.int)
      return Rule(
        name: listener["name"]?.string ?? "", layer: .tcp, matches: match.isEmpty ? [] : [match],
        backends: [backend(listener["destination"], pointer)], pointer: pointer)
    }
  }

  private func condition(_ match: JSONValue?, host: String, port: Int?) -> RuleMatch {
    var result = RuleMatch(port: port)
    if !host.isEmpty, host != "*" { result.authority = .exact(host) }
    if let path = match?["path"] {
      let value = path["value"]?.string ?? ""
      let type = path["type"]?.string ?? "prefix"
      if type.lowercased() == "prefix" {
        result.uri = .prefix(value)
      } else {
        result.others.append("path \(type) \(value)")
      }
    }
    for header in match?["headers"]?.array ?? [] {
      guard let name = header["name"]?.string?.lowercased() else { continue }
      let type = header["type"]?.string ?? "exact"
      switch header["value"]?.string {
      case let value? where type.lowercased() == "exact": result.headers[name] = .exact(value)
      case let value?: result.others.append("\(name) \(type) \(value)")
      case nil: result.headers[name] = .present
      }
    }
    return result
  }

  private func backend(_ json: JSONValue?, _ pointer: JSONPointer) -> Backend {
    let destination = ServiceFabricDestination(json)
    return Backend(
      name: destination.service, host: destination.host, subset: destination.endpoint, port: port(destination),
      weight: nil, pointer: pointer.appending("destination"))
  }

  /// What Service Fabric reports of the gateway. Source: azure-servicefabric `ResourceStatus`.
  private func status() -> [StatusReport] {
    guard let word = properties?["status"]?.string else { return [] }
    let holds: Bool? =
      switch word {
      case "Ready": true
      case "Failed", "Deleting": false
      default: nil
      }
    let condition = StatusReport.Condition(
      type: "Ready", holds: holds, reason: word, message: properties?["statusDetails"]?.string ?? "")
    return [StatusReport(controller: "Service Fabric", conditions: [condition], isCurrent: true)]
  }
}
