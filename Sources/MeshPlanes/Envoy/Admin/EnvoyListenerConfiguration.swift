import MeshModel

/// A listener as one proxy has it.
struct EnvoyListenerConfiguration: Sendable, Hashable {
  var name: String
  var address: String
  var port: Int?
  var version = ""
  var isStatic: Bool
  /// `HTTP`, `TCP`, `TLS`, …: what the first filter chain speaks.
  var transport: String
  /// The server names of its filter chains.
  var serverNames: [String]
  /// What it demands of callers: ``MTLSMode/disable`` without TLS, strict where a certificate is required.
  var mode: MTLSMode
  var tls: String?
  /// The route configurations that its chains use by name.
  var routeTables: [String]
  /// The weights of its TCP chains.
  var tcp: [EnvoyRouteTable.Entry]
}

/// A reader of listeners.
enum EnvoyListenerReader {
  /// The listeners of a dump, those of the bootstrap first; a dynamic one as it is active, or as it warms.
  static func listeners(_ dump: JSONValue) -> [EnvoyListenerConfiguration] {
    let fixed = dump.list("static_listeners").compactMap { item in
      item["listener"].map { listener($0, version: "", isStatic: true) }
    }
    let dynamic = dump.list("dynamic_listeners").compactMap { item -> EnvoyListenerConfiguration? in
      guard let state = item["active_state"] ?? item["warming_state"], let json = state["listener"] else { return nil }
      return listener(json, version: state["version_info"]?.string ?? "", isStatic: false)
    }
    return fixed + dynamic
  }

  /// The HTTP connection managers of a listener, those of an API listener too.
  static func connectionManagers(_ json: JSONValue) -> [JSONValue] {
    let chains = json.list("filter_chains") + (json["default_filter_chain"].map { [$0] } ?? [])
    let api = json["api_listener"]?["api_listener"].map { [$0] } ?? []
    return (chains.flatMap { $0.list("filters") }.compactMap { $0["typed_config"] } + api)
      .filter { $0.protoType == "HttpConnectionManager" }
  }

  private static func listener(_ json: JSONValue, version: String, isStatic: Bool) -> EnvoyListenerConfiguration {
    let socket = json["address"]?["socket_address"]
    var result = EnvoyListenerConfiguration(
      name: json["name"]?.string ?? json["address"]?.protoAddress ?? "",
      address: json["address"]?.protoAddress ?? "", port: socket?["port_value"]?.protoInt, version: version,
      isStatic: isStatic, transport: "TCP", serverNames: [], mode: .disable, tls: nil, routeTables: [], tcp: [])
    var chains = json.list("filter_chains")
    if let standby = json["default_filter_chain"] { chains.append(standby) }
    var modes: Set<MTLSMode> = []
    for chain in chains {
      result.serverNames += chain["filter_chain_match"]?.list("server_names").compactMap(\.string) ?? []
      modes.insert(mode(chain))
      for filter in chain.list("filters") {
        guard let config = filter["typed_config"], config.protoType == "TcpProxy" else { continue }
        let pointer = JSONPointer(["filter_chains", "filters", "typed_config"])
        var entry = EnvoyRouteTable.Entry(
          name: config["stat_prefix"]?.string ?? "", match: RuleMatch(),
          weights: EnvoyRouteReader.weights(config, pointer), timeout: nil, retries: nil, action: nil, mirrors: [],
          pointer: pointer)
        entry.layer = .tcp
        if !entry.weights.clusters.isEmpty { result.tcp.append(entry) }
      }
    }
    let managers = connectionManagers(json)
    if !managers.isEmpty { result.transport = "HTTP" }
    result.routeTables = managers.compactMap { manager in
      manager["rds"]?["route_config_name"]?.string ?? manager["route_config"]?["name"]?.string
    }
    modes.remove(.unset)
    // Chains that differ let some callers in that others keep out: that is what permissive means.
    result.mode = modes.count == 1 ? modes.first ?? .disable : modes.isEmpty ? .disable : .permissive
    switch result.mode {
    case .strict: result.tls = "MUTUAL"
    case .permissive: result.tls = modes.contains(.disable) ? "OPTIONAL" : "SIMPLE"
    case .disable, .unset: result.tls = nil
    }
    return result
  }

  /// What a filter chain demands of its callers.
  private static func mode(_ chain: JSONValue) -> MTLSMode {
    guard let config = chain["transport_socket"]?["typed_config"] else { return .disable }
    let type = config.protoType
    let context = type == "QuicDownstreamTransport" ? config["downstream_tls_context"] ?? .null : config
    guard type == "DownstreamTlsContext" || type == "QuicDownstreamTransport" else { return .disable }
    return context["require_client_certificate"]?.bool == true ? .strict : .permissive
  }
}
