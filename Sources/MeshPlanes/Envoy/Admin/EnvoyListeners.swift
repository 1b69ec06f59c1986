import MeshModel

/// A listener as one proxy has it, with its filter chains.
struct EnvoyListener: Sendable, Hashable {
  /// One of its filter chains.
  struct Chain: Sendable, Hashable {
    /// The destination port it is for; `nil` for any.
    var port: Int?
    /// `tls`, `raw_buffer`, or empty for any.
    var transport = ""
    /// The names in TLS's greeting it is for; empty for any.
    var serverNames: [String] = []
    /// What it demands of callers: ``MTLSMode/disable`` where it ends no TLS, strict where a certificate is required.
    var mode = MTLSMode.disable
    /// The native object it was made from, where its metadata says.
    var origin = ""
    /// Whether it speaks HTTP.
    var isHTTP = false
    /// The route configuration it uses by name; `nil` where it uses none.
    var table: String?
    /// The scopes it has in itself, each with a route configuration.
    var scopes: [EnvoyScopedRoutes] = []
    /// Whether it takes its scopes by discovery.
    var takesScopes = false
    /// Where streams go; `nil` where it has no `tcp_proxy`.
    var stream: EnvoyRouteTable.Entry?

    /// Whether it ends TLS itself.
    var endsTLS: Bool { mode != .disable }

    /// The destinations of its streams in the control plane's names.
    var clusters: [ProgrammedRoute.Cluster] {
      (stream?.weights.clusters ?? []).compactMap { EnvoyClusterName.parse($0.cluster, weight: $0.weight) }
    }
  }

  var name = ""
  /// `host:port`, or the path of a pipe.
  var address = ""
  var port: Int?
  /// The version the control plane gave it; empty for a static one.
  var version = ""
  var isStatic = false
  var isInbound = false
  /// Whether it does not serve yet.
  var isWarming = false
  var chains: [Chain] = []
}

/// The reader of listeners in Envoy's `/config_dump`, whole, of one kind, or with `?resource=dynamic_listeners`.
///
/// Source: Envoy admin API, `ListenersConfigDump`; listener v3; `tcp_proxy` v3. Zeros are left out of proto3's JSON form.
enum EnvoyListenerReader {
  /// The listeners that serve, of a whole answer.
  static func serving(_ bytes: [UInt8]) throws(JSONError) -> [EnvoyListener] {
    try JSONValue(parsing: bytes).list("configs").flatMap(listeners).filter { !$0.isWarming }
  }

  /// The listeners of an element of `configs`, those of the bootstrap first; a dynamic one as it serves, or as it warms.
  static func listeners(_ dump: JSONValue) -> [EnvoyListener] {
    let fixed = dump.list("static_listeners").compactMap { item in
      item["listener"].map { listener($0, version: "", isStatic: true) }
    }
    // With `resource`, each element is one dynamic listener itself.
    let dynamic = dump["active_state"] == nil && dump["warming_state"] == nil ? dump.list("dynamic_listeners") : [dump]
    return fixed
      + dynamic.compactMap { item in
        guard let state = item["active_state"] ?? item["warming_state"], let json = state["listener"] else {
          return nil
        }
        var one = listener(json, version: state["version_info"]?.string ?? "", isStatic: false)
        one.isWarming = item["active_state"] == nil
        return one
      }
  }

  private static func listener(_ json: JSONValue, version: String, isStatic: Bool) -> EnvoyListener {
    var chains = json.list("filter_chains")
    if let standby = json["default_filter_chain"] { chains.append(standby) }
    let address = json["address"]?.protoAddress ?? ""
    // A listener of an API, as clients without a proxy have it, has a connection manager and no chain.
    let api = json["api_listener"]?["api_listener"].map { manager in
      EnvoyListener.Chain(isHTTP: manager.protoType == "HttpConnectionManager", table: table(manager))
    }
    return EnvoyListener(
      name: json["name"]?.string ?? address, address: address,
      port: json["address"]?["socket_address"]?["port_value"]?.protoInt, version: version, isStatic: isStatic,
      isInbound: json["traffic_direction"]?.string == "INBOUND", chains: chains.map(chain) + [api].compactMap(\.self))
  }

  private static func table(_ manager: JSONValue) -> String? {
    manager["rds"]?["route_config_name"]?.string ?? manager["route_config"]?["name"]?.string
  }

  /// The HTTP connection managers of a listener, those of an API listener too.
  static func connectionManagers(_ json: JSONValue) -> [JSONValue] {
    let chains = json.list("filter_chains") + (json["default_filter_chain"].map { [$0] } ?? [])
    let api = json["api_listener"]?["api_listener"].map { [$0] } ?? []
    return (chains.flatMap { $0.list("filters") }.compactMap { $0["typed_config"] } + api)
      .filter { $0.protoType == "HttpConnectionManager" }
  }

  private static func chain(_ json: JSONValue) -> EnvoyListener.Chain {
    let match = json["filter_chain_match"]
    var chain = EnvoyListener.Chain(
      port: match?["destination_port"]?.protoInt, transport: match?["transport_protocol"]?.string ?? "",
      serverNames: match?.list("server_names").compactMap(\.string) ?? [], mode: mode(json),
      origin: json["metadata"]?["filter_metadata"]?["istio"]?["config"]?.string ?? "")
    for filter in json.list("filters") {
      guard let config = filter["typed_config"] else { continue }
      switch config.protoType {
      case "HttpConnectionManager":
        chain.isHTTP = true
        chain.table = table(config)
        chain.scopes = EnvoyScopedRoutes.inline(config)
        chain.takesScopes = config["scoped_routes"]?["scoped_rds"] != nil
      case "TcpProxy":
        let pointer = JSONPointer(["filter_chains", "filters", "typed_config"])
        var entry = EnvoyRouteTable.Entry(
          name: config["stat_prefix"]?.string ?? "", match: RuleMatch(),
          weights: EnvoyRouteReader.weights(config, pointer), timeout: nil, retries: nil, action: nil, mirrors: [],
          pointer: pointer)
        entry.layer = .tcp
        if !entry.weights.clusters.isEmpty { chain.stream = entry }
      default: break
      }
    }
    return chain
  }

  /// What a filter chain demands of its callers.
  private static func mode(_ chain: JSONValue) -> MTLSMode {
    guard let socket = chain["transport_socket"] else { return .disable }
    let config = socket["typed_config"] ?? .null
    let type = config.protoType
    let context = type == "QuicDownstreamTransport" ? config["downstream_tls_context"] ?? .null : config
    let isTLS = type == "DownstreamTlsContext" || type == "QuicDownstreamTransport"
    guard isTLS || socket["name"]?.string == "envoy.transport_sockets.tls" else { return .disable }
    return context["require_client_certificate"]?.bool == true ? .strict : .permissive
  }
}
