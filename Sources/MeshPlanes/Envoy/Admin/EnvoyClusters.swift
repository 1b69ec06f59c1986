import MeshModel

/// A cluster as one proxy has it: where requests for a name go.
struct EnvoyCluster: Sendable, Hashable {
  var name: String
  /// The name its counters are filed under.
  var statName: String
  /// The kind of discovery, such as `STATIC`, `STRICT_DNS` or `EDS`.
  var discovery: String
  /// The version the control plane gave it; empty for a static one.
  var version = ""
  var isStatic: Bool
  var tls: ClientTLSMode
  var serverName: String?
  var loadBalancer: String
  var outlierDetection: String?
  var circuitBreakers: String?
  var isHTTP2 = false
  var hosts: [Host] = []

  /// One host of a cluster.
  struct Host: Sendable, Hashable {
    var address: String
    var port: Int?
    /// Why it takes no requests; empty where it does.
    var faults: [String]
    var weight: Int
  }
}

/// A reader of clusters: what was configured, and what `/clusters` says of their hosts.
enum EnvoyClusterReader {
  /// The clusters of a dump, by name.
  static func clusters(_ dump: JSONValue) -> [String: EnvoyCluster] {
    var result: [String: EnvoyCluster] = [:]
    for member in ["static_clusters", "dynamic_active_clusters"] {
      for item in dump.list(member) {
        guard let json = item["cluster"], let name = json["name"]?.string else { continue }
        var cluster = cluster(json, name: name, isStatic: member == "static_clusters")
        cluster.version = item["version_info"]?.string ?? ""
        result[name] = cluster
      }
    }
    return result
  }

  /// Adds the hosts that `/clusters?format=json` tells of.
  static func addHosts(_ status: JSONValue, to clusters: inout [String: EnvoyCluster]) {
    for item in status.list("cluster_statuses") {
      guard let name = item["name"]?.string, clusters[name] != nil else { continue }
      if let shown = item["observability_name"]?.string, !shown.isEmpty { clusters[name]?.statName = shown }
      clusters[name]?.hosts = hosts(item)
    }
  }

  /// The hosts of one cluster's status.
  static func hosts(_ status: JSONValue) -> [EnvoyCluster.Host] {
    status.list("host_statuses").map { host in
      let socket = host["address"]?["socket_address"]
      return EnvoyCluster.Host(
        address: socket?["address"]?.string ?? host["address"]?.protoAddress ?? "",
        port: socket?["port_value"]?.protoInt, faults: faults(host["health_status"] ?? .null),
        weight: host["weight"]?.protoInt ?? 0)
    }
  }

  /// What keeps a host from taking requests. Source: Envoy admin API, `HostHealthStatus`.
  private static func faults(_ health: JSONValue) -> [String] {
    var faults: [String] = []
    for (member, words) in [
      ("failed_active_health_check", "fails its health check"),
      ("failed_outlier_check", "ejected as an outlier"),
      ("pending_dynamic_removal", "about to be removed"),
      ("pending_active_hc", "not checked yet"),
      ("excluded_via_immediate_hc_fail", "says itself it is failing"),
    ] where health[member]?.bool == true { faults.append(words) }
    switch health["eds_health_status"]?.string {
    case nil, "HEALTHY", "UNKNOWN", "DEGRADED": break
    case let status?: faults.append("\(status) by discovery")
    }
    return faults
  }

  private static func cluster(_ json: JSONValue, name: String, isStatic: Bool) -> EnvoyCluster {
    let socket = tlsContext(json)
    let common = socket?["common_tls_context"]
    let hasIdentity =
      common?["tls_certificates"] != nil || common?["tls_certificate_sds_secret_configs"] != nil
      || common?["tls_certificate_provider_instance"] != nil
    let isIstio =
      common?.list("tls_certificate_sds_secret_configs").contains { $0["name"]?.string == "default" } == true
      && common?["combined_validation_context"] != nil
    return EnvoyCluster(
      name: name, statName: json["alt_stat_name"]?.string ?? name,
      discovery: json["type"]?.string ?? json["cluster_type"]?["name"]?.string ?? "STATIC", isStatic: isStatic,
      tls: socket == nil ? .disable : isIstio ? .istioMutual : hasIdentity ? .mutual : .simple,
      serverName: socket?["sni"]?.string, loadBalancer: json["lb_policy"]?.string ?? "ROUND_ROBIN",
      outlierDetection: json["outlier_detection"].map(words), circuitBreakers: breakers(json["circuit_breakers"]),
      isHTTP2: json["http2_protocol_options"] != nil
        || json["typed_extension_protocol_options"]?.object?.members.contains {
          $0.value["explicit_http_config"]?["http2_protocol_options"] != nil
        } == true)
  }

  /// The TLS context of a cluster: its own, or that of the first match that encrypts.
  private static func tlsContext(_ json: JSONValue) -> JSONValue? {
    let own = json["transport_socket"]?["typed_config"]
    if let own, own.protoType == "UpstreamTlsContext" { return own }
    return json.list("transport_socket_matches").lazy
      .compactMap { $0["transport_socket"]?["typed_config"] }.first { $0.protoType == "UpstreamTlsContext" }
  }

  /// The limits of the default priority, in one line; `nil` where there are none.
  static func breakers(_ json: JSONValue?) -> String? {
    guard let threshold = json?.list("thresholds").first else { return nil }
    let limits = [
      ("max_connections", "connections"), ("max_pending_requests", "pending"), ("max_requests", "requests"),
      ("max_retries", "retries"),
    ].compactMap { member, word in
      threshold[member]?.protoInt.flatMap { $0 >= Int(UInt32.max) ? nil : "\($0) \(word)" }
    }
    return limits.isEmpty ? nil : limits.joined(separator: ", ")
  }

  /// The settings of an object in one line.
  private static func words(_ json: JSONValue) -> String {
    let parts = (json.object?.members ?? []).compactMap { member -> String? in
      let text = member.value.string ?? member.value.protoInt.map { String($0) }
      return text.map { "\(member.name.replacing("_", with: " ")) \($0)" }
    }
    return parts.isEmpty ? "defaults" : parts.joined(separator: ", ")
  }
}
