import MeshModel

/// The parts of a MOSN's effective configuration in the terms of a fleet's reading.
///
/// Source: MOSN, `pkg/config/v2`: `RouterConfiguration`, `Cluster`, `Listener`, `TLSConfig`.
enum MosnConfiguration {
  /// The members of a part, by name, in order of names.
  private static func parts(_ dump: JSONValue, _ name: String) -> [(name: String, json: JSONValue)] {
    (dump[name]?.object?.members ?? []).map { ($0.name, $0.value) }.sorted { $0.0 < $1.0 }
  }

  /// Whether resources come from a control plane: MOSN does not say which of them do.
  private static func isStatic(_ dump: JSONValue) -> Bool { dump["mosn_config"]?["dynamic_resources"] == nil }

  // MARK: Routes

  /// The tables of routes.
  static func tables(_ dump: JSONValue) -> [EnvoyRouteTable] {
    parts(dump, "routers").map { name, json in
      EnvoyRouteTable(
        name: json["router_config_name"]?.string ?? name, version: "", isStatic: isStatic(dump),
        hosts: json.list("virtual_hosts").map(host))
    }
  }

  static func host(_ json: JSONValue) -> EnvoyRouteTable.VirtualHost {
    EnvoyRouteTable.VirtualHost(
      name: json["name"]?.string ?? "", domains: json.list("domains").compactMap(\.string),
      entries: json.list("routers").enumerated().map { entry($1, JSONPointer(["routers", String($0)])) }, json: json)
  }

  private static func entry(_ json: JSONValue, _ place: JSONPointer) -> EnvoyRouteTable.Entry {
    let route = json["route"]
    var entry = EnvoyRouteTable.Entry(
      name: json["name"]?.string ?? "", match: match(json["match"] ?? .null),
      weights: EnvoyRouteTable.Weights(clusters: [], override: .none), timeout: nil, retries: nil, action: nil,
      mirrors: [], pointer: place)
    if let route {
      entry.weights.clusters = targets(route, place.appending("route"))
      entry.timeout = route["timeout"]?.string.flatMap { GoDuration.seconds($0) }.flatMap { $0 > 0 ? $0 : nil }
      if let retry = route["retry_policy"], retry["retry_on"]?.bool == true {
        entry.retries = RetrySetting(
          attempts: retry["num_retries"]?.protoInt ?? 1,
          perTryTimeout: retry["retry_timeout"]?.string.flatMap { GoDuration.seconds($0) },
          retryOn: retry.list("status_codes").compactMap { $0.protoInt.map(String.init) }.joined(separator: ","))
      }
      for (member, word) in [("prefix_rewrite", "rewrite to"), ("host_rewrite", "host becomes")] {
        if let text = route[member]?.string, !text.isEmpty { entry.action = "\(word) \(text)" }
      }
    }
    if let redirect = json["redirect"], redirect.object != nil {
      entry.action = "redirect to \(redirect["host_redirect"]?.string ?? redirect["path_redirect"]?.string ?? "HTTPS")"
    } else if let direct = json["direct_response"], direct.object != nil {
      entry.action = "answer \(direct["status"]?.protoInt ?? 200)"
    }
    return entry
  }

  private static func targets(_ route: JSONValue, _ place: JSONPointer) -> [EnvoyRouteTable.Weights.Target] {
    let weighted = route.list("weighted_clusters")
    guard weighted.isEmpty else {
      return weighted.enumerated().map { number, item in
        let cluster = item["cluster"]
        return EnvoyRouteTable.Weights.Target(
          cluster: cluster?["name"]?.string ?? "", weight: EnvoyFields.weight(cluster?["weight"]?.protoInt ?? 0),
          pointer: place.appending("weighted_clusters").appending(number).appending("cluster"))
      }
    }
    guard let name = route["cluster_name"]?.string, !name.isEmpty else { return [] }
    return [.init(cluster: name, weight: 100, pointer: place.appending("cluster_name"))]
  }

  private static func match(_ json: JSONValue) -> RuleMatch {
    var match = RuleMatch()
    for member in json.object?.members ?? [] {
      switch member.name {
      case "prefix": if let text = member.value.string, text != "/", !text.isEmpty { match.uri = .prefix(text) }
      case "path": if let text = member.value.string, !text.isEmpty { match.uri = .exact(text) }
      case "regex": if let text = member.value.string, !text.isEmpty { match.uri = .regex(text) }
      case "headers":
        for header in member.value.array ?? [] {
          guard let name = header["name"]?.string else { continue }
          let value = header["value"]?.string ?? ""
          match.headers[name.lowercased()] = header["regex"]?.bool == true ? .regex(value) : .exact(value)
        }
      case "variables":
        for variable in member.value.array ?? [] {
          guard let name = variable["name"]?.string else { continue }
          match.others.append("variable \(name) \(variable["value"]?.string ?? variable["regex"]?.string ?? "")")
        }
      case "dsl_expressions":
        match.others += (member.value.array ?? []).compactMap { $0["expression"]?.string }
      default: match.others.append(member.name)
      }
    }
    return match
  }

  // MARK: Clusters

  /// The clusters by name.
  static func clusters(_ dump: JSONValue) -> [String: EnvoyCluster] {
    let shared = dump["mosn_config"]?["cluster_manager"]?["tls_context"]
    var result: [String: EnvoyCluster] = [:]
    for (key, json) in parts(dump, "cluster") {
      let name = json["name"]?.string ?? key
      let own = json["tls_context"]
      let tls = json["cluster_manager_tls"]?.bool == true ? shared : own
      result[name] = EnvoyCluster(
        name: name, statName: name, discovery: json["type"]?.string ?? "SIMPLE", isStatic: isStatic(dump),
        tls: clientMode(tls), serverName: tls?["server_name"]?.string, loadBalancer: json["lb_type"]?.string ?? "",
        outlierDetection: nil, circuitBreakers: breakers(json), hosts: json.list("hosts").map(host(of:)))
    }
    return result
  }

  private static func host(of json: JSONValue) -> EnvoyCluster.Host {
    let address = json["address"]?.string ?? ""
    let colon = address.lastIndex(of: ":")
    let port = colon.flatMap { Int(address[address.index(after: $0)...]) }
    return EnvoyCluster.Host(
      address: port == nil ? address : colon.map { String(address[..<$0]) } ?? address, port: port, faults: [],
      weight: json["weight"]?.protoInt ?? 1)
  }

  private static func breakers(_ json: JSONValue) -> String? {
    guard let threshold = json.list("circuit_breakers").first ?? json["circuit_breakers"]?.list("thresholds").first
    else {
      return nil
    }
    let limits = [
      ("max_connections", "connections"), ("max_pending_requests", "pending"), ("max_requests", "requests"),
      ("max_retries", "retries"),
    ].compactMap { member, word in threshold[member]?.protoInt.map { "\($0) \(word)" } }
    return limits.isEmpty ? nil : limits.joined(separator: ", ")
  }

  /// What a cluster's TLS context sends: nothing without `status`.
  private static func clientMode(_ tls: JSONValue?) -> ClientTLSMode {
    guard let tls, tls["status"]?.bool == true else { return .disable }
    let hasIdentity = tls["cert_chain"]?.string?.isEmpty == false || tls["sds_source"]?.object != nil
    return hasIdentity ? .mutual : .simple
  }

  // MARK: Listeners

  /// The listeners.
  static func listeners(_ dump: JSONValue) -> [EnvoyListenerConfiguration] {
    parts(dump, "listener").map { key, json in
      let address = json["address"]?.string ?? ""
      var result = EnvoyListenerConfiguration(
        name: json["name"]?.string ?? key, address: address,
        port: address.lastIndex(of: ":").flatMap { Int(address[address.index(after: $0)...]) },
        isStatic: isStatic(dump), transport: "TCP", serverNames: [], mode: .disable, tls: nil, routeTables: [], tcp: [])
      var modes: Set<MTLSMode> = []
      for chain in json.list("filter_chains") {
        let contexts = chain.list("tls_context_set") + [chain["tls_context"]].compactMap(\.self)
        result.serverNames += contexts.compactMap { $0["server_name"]?.string }.filter { !$0.isEmpty }
        let found = Set(contexts.map(serverMode))
        modes.formUnion(found.isEmpty ? [.disable] : found)
        for filter in chain.list("filters") { add(filter, to: &result) }
      }
      result.setModes(modes)
      return result
    }
  }

  private static func add(_ filter: JSONValue, to listener: inout EnvoyListenerConfiguration) {
    let config = filter["config"]
    switch filter["type"]?.string {
    case "proxy":
      listener.transport = config?["downstream_protocol"]?.string ?? "HTTP"
      if let name = config?["router_config_name"]?.string { listener.routeTables.append(name) }
    case "tcp_proxy":
      let pointer = JSONPointer(["filter_chains", "filters", "config"])
      let names = [config?["cluster"]?.string] + (config?.list("routes") ?? []).map { $0["cluster"]?.string }
      guard let cluster = names.compactMap(\.self).first(where: { !$0.isEmpty }) else { return }
      var entry = EnvoyRouteTable.Entry(
        name: config?["stat_prefix"]?.string ?? "", match: RuleMatch(),
        weights: EnvoyRouteTable.Weights(
          clusters: [.init(cluster: cluster, weight: 100, pointer: pointer.appending("cluster"))], override: .none),
        timeout: nil, retries: nil, action: nil, mirrors: [], pointer: pointer)
      entry.layer = .tcp
      listener.tcp.append(entry)
    default: break
    }
  }

  /// What a listener's TLS context demands: TLS with `status`, a certificate with `verify_client` or
  /// `require_client_cert`, and plaintext all the same with `fall_back`.
  static func serverMode(_ tls: JSONValue) -> MTLSMode {
    guard tls["status"]?.bool == true else { return .disable }
    if tls["fall_back"]?.bool == true { return .permissive }
    return tls["verify_client"]?.bool == true || tls["require_client_cert"]?.bool == true ? .strict : .permissive
  }
}
