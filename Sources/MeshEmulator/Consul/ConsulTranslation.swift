import MeshModel

/// The Istio objects that have the same consequence as a Consul's configuration entries.
struct ConsulTranslation {
  /// The namespace in which a Consul's services run in the simulation.
  static let namespace = "default"

  private let entries: ConsulEntries
  private let services: [String]

  init(_ entries: ConsulEntries, services: [String]) {
    self.entries = entries
    self.services = services
  }

  var objects: [JSONValue] {
    services.compactMap(routes) + services.compactMap(subsets) + mutualTLS + services.compactMap(callers)
      + ConsulGateways(entries).objects { kind, name, spec in object("networking", kind, name, spec) }
  }

  private func object(_ group: String, _ kind: String, _ name: String, _ spec: JSONValue) -> JSONValue {
    [
      "apiVersion": .string("\(group).istio.io/v1"), "kind": .string(kind),
      "metadata": ["name": .string(name), "namespace": .string(Self.namespace)], "spec": spec,
    ]
  }

  /// Router, splitters and resolvers of a service as one virtual service.
  private func routes(_ service: String) -> JSONValue? {
    guard ["service-router", "service-splitter", "service-resolver"].contains(where: { entries[$0, service] != nil })
    else { return nil }
    let chain = ConsulChain(service, entries)
    var rules = chain.routes.compactMap { route -> JSONValue? in
      guard var rule = destinations(try? chain.shares(route["Destination"])) else { return nil }
      let condition = Self.condition(route["Match"]?["HTTP"])
      if condition.object?.isEmpty == false { rule["match"] = [condition] }
      let destination = route["Destination"]
      if let timeout = destination?["RequestTimeout"]?.string, timeout != "0s" { rule["timeout"] = .string(timeout) }
      if let retries = destination?["NumRetries"]?.int, retries > 0 {
        var reasons = (destination?["RetryOn"]?.array ?? []).compactMap(\.string)
        if destination?["RetryOnConnectFailure"]?.bool == true { reasons.append("connect-failure") }
        reasons += (destination?["RetryOnStatusCodes"]?.array ?? []).compactMap { $0.int.map(String.init) }
        rule["retries"] = ["attempts": .int(retries), "retryOn": .string(reasons.joined(separator: ","))]
      }
      if let prefix = destination?["PrefixRewrite"]?.string, !prefix.isEmpty {
        rule["rewrite"] = ["uri": .string(prefix)]
      }
      return rule
    }
    if let rest = destinations(try? chain.shares(nil)) { rules.append(rest) }
    return object(
      "networking", "VirtualService", service, ["hosts": [.string(service)], "http": .array(rules)])
  }

  private func destinations(_ shares: [ConsulChain.Share]?) -> JSONValue? {
    guard let shares, !shares.isEmpty else { return nil }
    let routes = shares.map { share -> JSONValue in
      var destination: JSONValue = ["host": .string(share.target.service)]
      if !share.target.subset.isEmpty { destination["subset"] = .string(share.target.subset) }
      return ["destination": destination, "weight": .int(ProxyView.whole((share.share * 1_000_000).rounded()))]
    }
    return ["route": .array(routes)]
  }

  private static func condition(_ match: JSONValue?) -> JSONValue {
    func given(_ name: String) -> JSONValue? { match?[name].flatMap { $0.string?.isEmpty == false ? $0 : nil } }
    var condition: JSONValue = [:]
    if let path = given("PathExact") { condition["uri"] = ["exact": path] }
    if let path = given("PathPrefix") { condition["uri"] = ["prefix": path] }
    if let path = given("PathRegex") { condition["uri"] = ["regex": path] }
    let methods = (match?["Methods"]?.array ?? []).compactMap(\.string)
    if !methods.isEmpty { condition["method"] = ["regex": .string(methods.joined(separator: "|"))] }
    var headers = JSONObject()
    for header in match?["Header"]?.array ?? [] {
      guard let name = header["Name"]?.string else { continue }
      for (field, word) in [("Exact", "exact"), ("Prefix", "prefix"), ("Regex", "regex")] {
        if let value = header[field]?.string, !value.isEmpty { headers[name.lowercased()] = [word: .string(value)] }
      }
      if header["Present"]?.bool == true { headers[name.lowercased()] = ["regex": ".+"] }
    }
    if !headers.isEmpty { condition["headers"] = .object(headers) }
    return condition
  }

  /// The subsets of a resolver by what their filters ask of a service's metadata.
  private func subsets(_ service: String) -> JSONValue? {
    guard let subsets = entries["service-resolver", service]?["Subsets"]?.object, !subsets.isEmpty else { return nil }
    let list = subsets.members.map { subset -> JSONValue in
      let labels = ConsulFilter(subset.value["Filter"]?.string ?? "").labels
      return [
        "name": .string(subset.name),
        "labels": .object(JSONObject(labels.map { .init(name: $0.key, value: .string($0.value)) })),
      ]
    }
    return object(
      "networking", "DestinationRule", service, ["host": .string(service), "subsets": .array(list)])
  }

  /// The mTLS modes: that of all proxies, and those of services that have their own.
  private var mutualTLS: [JSONValue] {
    func mode(_ entry: JSONValue?) -> JSONValue? {
      switch entry?["MutualTLSMode"]?.string {
      case "permissive": "PERMISSIVE"
      case "strict": "STRICT"
      default: nil
      }
    }
    let general: JSONValue = mode(entries["proxy-defaults", "global"]) ?? "STRICT"
    return [object("security", "PeerAuthentication", "default", ["mtls": ["mode": general]])]
      + services.compactMap { service in
        mode(entries["service-defaults", service]).map {
          object(
            "security", "PeerAuthentication", service,
            ["selector": ["matchLabels": ["app": .string(service)]], "mtls": ["mode": $0]])
        }
      }
  }

  /// Who may call a service, where its intentions or the wildcard's say anything: everybody who is allowed, by name.
  private func callers(_ service: String) -> JSONValue? {
    let intentions = ConsulIntentions(entries)
    guard intentions.govern(service) else { return nil }
    let rules = services.flatMap { caller -> [JSONValue] in
      let principal: JSONValue = [
        "source": ["principals": [.string("cluster.local/ns/\(Self.namespace)/sa/\(caller)")]]
      ]
      switch intentions.decision(caller, service) {
      case .deny: return []
      case .allow: return [["from": [principal]]]
      case .permissions(let operations):
        return operations.map { operation in
          operation.object?.isEmpty == true
            ? ["from": [principal]] : ["from": [principal], "to": [["operation": operation]]]
        }
      }
    }
    return object(
      "security", "AuthorizationPolicy", service,
      ["selector": ["matchLabels": ["app": .string(service)]], "action": "ALLOW", "rules": .array(rules)])
  }
}
