import MeshModel

/// A table of routes as one proxy has it.
struct EnvoyRouteTable: Sendable, Hashable {
  /// The name of the route configuration.
  var name: String
  /// The version the control plane gave it; empty for a static one.
  var version: String
  /// Whether it came with the bootstrap configuration.
  var isStatic: Bool
  /// The virtual hosts in order.
  var hosts: [VirtualHost]

  /// The routes for some domains.
  struct VirtualHost: Sendable, Hashable {
    var name: String
    var domains: [String]
    var entries: [Entry]
    /// The virtual host as the proxy shows it.
    var json: JSONValue
  }

  /// One route, or several that are one decision: routes with the same match apart from a share of requests.
  struct Entry: Sendable, Hashable {
    var name: String
    var match: RuleMatch
    var weights: Weights
    var timeout: Double?
    var retries: RetrySetting?
    var action: String?
    var mirrors: [MirrorSetting]
    var layer = Rule.Layer.http
    /// The place in the virtual host.
    var pointer: JSONPointer
  }

  /// Where requests go and how the shares can be overridden at runtime.
  struct Weights: Sendable, Hashable {
    /// The clusters with their configured weights, in order.
    var clusters: [Target]
    /// How the runtime may override them.
    var override: Override

    /// A cluster and its configured weight.
    struct Target: Sendable, Hashable {
      var cluster: String
      var weight: Int
      var pointer: JSONPointer
    }

    /// How the runtime may override weights. Source: Envoy API, `WeightedCluster.runtime_key_prefix` and
    /// `RouteMatch.runtime_fraction`.
    enum Override: Sendable, Hashable {
      case none
      /// The key of each cluster is the prefix, a dot and the cluster's name.
      case prefix(String)
      /// One key holds the per cent of requests that go to the first cluster.
      case fraction(key: String)
    }

    /// The runtime key of the weight of a cluster.
    func key(of index: Int) -> String? {
      guard clusters.indices.contains(index) else { return nil }
      switch override {
      case .none: return nil
      case .prefix(let prefix): return "\(prefix).\(clusters[index].cluster)"
      case .fraction(let key): return index == 0 ? key : nil
      }
    }

    /// The weights that hold with the values of a runtime.
    func effective(_ runtime: [String: String]) -> [Int] {
      switch override {
      case .none: return clusters.map(\.weight)
      case .prefix:
        return clusters.indices.map { index in
          key(of: index).flatMap { runtime[$0] }.flatMap { Int($0) }.map(EnvoyFields.weight) ?? clusters[index].weight
        }
      case .fraction(let key):
        // An integer in the runtime is per cent, whatever the denominator of the configured share.
        guard let percent = runtime[key].flatMap({ Int($0) }) else { return clusters.map(\.weight) }
        let share = min(max(percent, 0), 100)
        return [share, 100 - share]
      }
    }
  }
}

/// A reader of route configurations.
enum EnvoyRouteReader {
  /// The tables of a dump of routes, those of the bootstrap first.
  static func tables(_ dump: JSONValue) -> [EnvoyRouteTable] {
    dump.list("static_route_configs").compactMap { table($0, isStatic: true) }
      + dump.list("dynamic_route_configs").compactMap { table($0, isStatic: false) }
  }

  private static func table(_ item: JSONValue, isStatic: Bool) -> EnvoyRouteTable? {
    guard let config = item["route_config"] else { return nil }
    return EnvoyRouteTable(
      name: config["name"]?.string ?? "", version: item["version_info"]?.string ?? "", isStatic: isStatic,
      hosts: config.list("virtual_hosts").map(host))
  }

  static func host(_ json: JSONValue) -> EnvoyRouteTable.VirtualHost {
    var entries: [EnvoyRouteTable.Entry] = []
    let routes = json.list("routes")
    var index = 0
    while index < routes.count {
      if let merged = fraction(routes, index) {
        entries.append(merged)
        index += 2
      } else {
        entries.append(entry(routes[index], index))
        index += 1
      }
    }
    return EnvoyRouteTable.VirtualHost(
      name: json["name"]?.string ?? "", domains: json.list("domains").compactMap(\.string), entries: entries, json: json
    )
  }

  /// Two routes that share a match, the first for a share of the requests by runtime key: one decision.
  private static func fraction(_ routes: [JSONValue], _ index: Int) -> EnvoyRouteTable.Entry? {
    guard routes.indices.contains(index + 1), let match = routes[index]["match"], let rest = routes[index + 1]["match"],
      let setting = match["runtime_fraction"], let key = setting["runtime_key"]?.string, !key.isEmpty,
      let first = routes[index]["route"]?["cluster"]?.string,
      let second = routes[index + 1]["route"]?["cluster"]?.string
    else { return nil }
    var plain = match
    plain["runtime_fraction"] = nil
    guard plain.isEquivalent(to: rest) else { return nil }
    let share = setting["default_value"]
    let scale =
      switch share?["denominator"]?.string {
      case "TEN_THOUSAND": 10_000
      case "MILLION": 1_000_000
      default: 100
      }
    // More than the whole is the whole.
    let numerator = min(max(share?["numerator"]?.protoInt ?? 0, 0), scale)
    var entry = entry(routes[index], index)
    entry.match = self.match(plain)
    entry.weights = EnvoyRouteTable.Weights(
      clusters: [
        .init(
          cluster: first, weight: numerator,
          pointer: place(index).appending("match").appending("runtime_fraction")),
        .init(cluster: second, weight: scale - numerator, pointer: place(index + 1).appending("route")),
      ], override: .fraction(key: key))
    return entry
  }

  private static func place(_ index: Int) -> JSONPointer { JSONPointer(["routes", String(index)]) }

  private static func entry(_ json: JSONValue, _ index: Int) -> EnvoyRouteTable.Entry {
    let place = place(index)
    var entry = EnvoyRouteTable.Entry(
      name: json["name"]?.string ?? "", match: match(json["match"] ?? .null),
      weights: EnvoyRouteTable.Weights(clusters: [], override: .none), timeout: nil, retries: nil, action: nil,
      mirrors: [], pointer: place)
    if let route = json["route"] {
      entry.weights = weights(route, place.appending("route"))
      entry.timeout = route["timeout"]?.protoSeconds
      if let retry = route["retry_policy"] {
        entry.retries = RetrySetting(
          attempts: retry["num_retries"]?.protoInt ?? 1, perTryTimeout: retry["per_try_timeout"]?.protoSeconds,
          retryOn: retry["retry_on"]?.string ?? "")
      }
      entry.mirrors = route.list("request_mirror_policies").compactMap { policy in
        policy["cluster"]?.string.map { cluster in
          let share = policy["runtime_fraction"]?["default_value"]
          return MirrorSetting(
            host: cluster, percent: share.map { Double($0["numerator"]?.protoInt ?? 0) } ?? 100)
        }
      }
      for (member, word) in [("prefix_rewrite", "rewrite to"), ("host_rewrite_literal", "host becomes")] {
        if let text = route[member]?.string { entry.action = "\(word) \(text)" }
      }
      if let header = route["cluster_header"]?.string { entry.action = "to the cluster named in header \(header)" }
    } else if let redirect = json["redirect"] {
      let target = redirect["host_redirect"]?.string ?? redirect["path_redirect"]?.string ?? "HTTPS"
      entry.action = "redirect to \(target)"
    } else if let direct = json["direct_response"] {
      entry.action = "answer \(direct["status"]?.protoInt ?? 200)"
    } else {
      entry.action = json.object?.names.first { !["name", "match", "metadata", "decorator"].contains($0) }
    }
    return entry
  }

  static func weights(_ route: JSONValue, _ pointer: JSONPointer) -> EnvoyRouteTable.Weights {
    if let cluster = route["cluster"]?.string {
      let target = EnvoyRouteTable.Weights.Target(cluster: cluster, weight: 100, pointer: pointer.appending("cluster"))
      return EnvoyRouteTable.Weights(clusters: [target], override: .none)
    }
    let weighted = route["weighted_clusters"] ?? .null
    let place = pointer.appending("weighted_clusters").appending("clusters")
    let targets = weighted.list("clusters").enumerated().map { number, item in
      EnvoyRouteTable.Weights.Target(
        cluster: item["name"]?.string ?? item["cluster_header"]?.string ?? "",
        weight: EnvoyFields.weight(item["weight"]?.protoInt ?? 0),
        pointer: place.appending(number))
    }
    let prefix = weighted["runtime_key_prefix"]?.string ?? ""
    return EnvoyRouteTable.Weights(clusters: targets, override: prefix.isEmpty ? .none : .prefix(prefix))
  }

  private static func match(_ json: JSONValue) -> RuleMatch {
    var match = RuleMatch()
    for member in json.object?.members ?? [] {
      switch member.name {
      case "prefix":
        if let text = member.value.string, text != "/" { match.uri = .prefix(text) }
      case "path_separated_prefix": match.uri = member.value.string.map { .prefix($0) }
      case "path": match.uri = member.value.string.map { .exact($0) }
      case "safe_regex": match.uri = member.value["regex"]?.string.map { .regex($0) }
      case "case_sensitive": match.ignoreUriCase = member.value.bool == false
      case "headers":
        for header in member.value.array ?? [] {
          guard let name = header["name"]?.string else { continue }
          let text = textMatch(header["string_match"] ?? header)
          if header["invert_match"]?.bool == true {
            match.withoutHeaders[name.lowercased()] = text
          } else if name == ":method" {
            match.method = text
          } else if name == ":authority" {
            match.authority = text
          } else {
            match.headers[name.lowercased()] = text
          }
        }
      case "query_parameters":
        for parameter in member.value.array ?? [] {
          guard let name = parameter["name"]?.string else { continue }
          match.queryParams[name] = textMatch(parameter["string_match"] ?? parameter)
        }
      case "runtime_fraction":
        let share = member.value["default_value"]
        match.others.append("\(share?["numerator"]?.protoInt ?? 0) of requests by runtime")
      default: match.others.append(member.name)
      }
    }
    return match
  }

  private static func textMatch(_ json: JSONValue) -> TextMatch {
    if let text = json["exact"]?.string ?? json["exact_match"]?.string { return .exact(text) }
    if let text = json["prefix"]?.string ?? json["prefix_match"]?.string { return .prefix(text) }
    if let text = json["safe_regex"]?["regex"]?.string ?? json["safe_regex_match"]?["regex"]?.string {
      return .regex(text)
    }
    return .present
  }
}
