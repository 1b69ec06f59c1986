import MeshModel

/// Everything one proxy told of itself at one moment.
struct EnvoyReading: Sendable {
  /// The address of its administration interface.
  var address: String
  /// The node's identifier; the address where it has none.
  var node: String
  /// The node's cluster: the group of proxies it belongs to; empty where it has none.
  var group: String
  var version: String
  /// `LIVE`, `DRAINING`, `PRE_INITIALIZING` or `INITIALIZING`.
  var state: String
  /// Seconds since it started.
  var uptime: Int
  /// Where its configuration comes from.
  var origin: EnvoyOrigin
  var clusters: [String: EnvoyCluster]
  var listeners: [EnvoyListenerConfiguration]
  var tables: [EnvoyRouteTable]
  /// The scopes that its listeners take by discovery.
  var scopes: [EnvoyScopedRoutes] = []
  var runtime: EnvoyRuntime
  /// The rejections it still shows, by type, in its own words.
  var rejections: [ProxyState.ConfigType: String]
  /// The updates it counted, by the name of what was updated.
  var updates: [String: EnvoyUpdates] = [:]
  /// Those whose newest update it rejected, as far as counters tell.
  var refused: Set<String> = []
  /// Days until the first certificate of its own expires.
  var certificateDaysLeft: Int?
  /// Whether it is connected to its control plane; `nil` where it has none.
  var isConnected: Bool?
  /// Circuit breakers that are open and hosts ejected, in words by cluster.
  var pressure: [String: String]
  /// What could not be read, in words; the rest holds.
  var gaps: [String]
  var at: Instant
  /// Native objects by kind and name, of proxies that cannot be asked for one kind alone.
  var objects: [ObjectKind: [String: JSONValue]] = [:]

  /// The listeners that use a table: by its name, or by a scope.
  func listeners(using table: String) -> [EnvoyListenerConfiguration] {
    listeners.filter { listener in
      listener.routeTables.contains(table) || listener.scopes.contains { $0.table == table }
        || listener.takesScopes && scopes.contains { $0.table == table }
    }
  }

  /// The keys of the scopes in which alone a table holds, as conditions; empty where it holds for all requests.
  func conditions(of table: String) -> [String] {
    let all = listeners.flatMap(\.scopes) + scopes
    return Set(all.filter { $0.table == table }.map(\.condition)).sorted()
  }

  /// All tables of routes: those of HTTP, and one for each listener with TCP chains.
  var allTables: [EnvoyRouteTable] {
    tables
      + listeners.filter { !$0.tcp.isEmpty }.map { listener in
        EnvoyRouteTable(
          name: listener.name, version: listener.version, isStatic: listener.isStatic,
          hosts: [
            EnvoyRouteTable.VirtualHost(
              name: "tcp", domains: [listener.address], entries: listener.tcp, json: .object(JSONObject()))
          ])
      }
  }
}

/// Who decides what a proxy runs, in the words of its bootstrap configuration.
struct EnvoyOrigin: Sendable, Hashable {
  /// The file the proxy was started with; empty where it was given inline.
  var file: String
  /// The control plane it asks, in words; `nil` for a proxy without one.
  var controlPlane: String?
  /// The clusters behind which its servers are, or the files it watches.
  var servers: [String] = []

  /// Who owns a resource.
  func owner(isStatic: Bool) -> String {
    if !isStatic, let controlPlane { return controlPlane }
    return file.isEmpty ? "the proxy's own bootstrap configuration" : "the proxy's bootstrap file \(file)"
  }

  /// The name of the owner: the file, or the clusters behind which the control plane is.
  func name(isStatic: Bool) -> String {
    if !isStatic, controlPlane != nil { return servers.joined(separator: ", ") }
    return file.isEmpty ? "inline" : file
  }

  /// Reads the sources of dynamic resources. Source: Envoy API, `Bootstrap.DynamicResources` and `ConfigSource`.
  static func read(bootstrap: JSONValue, file: String) -> EnvoyOrigin {
    guard let sources = bootstrap["dynamic_resources"] else { return EnvoyOrigin(file: file, controlPlane: nil) }
    let ads = sources["ads_config"].map { api($0, "ADS") }
    var words: [String] = []
    for (member, name) in [("lds_config", "LDS"), ("cds_config", "CDS")] {
      guard let source = sources[member] else { continue }
      if source["ads"] != nil, let ads {
        words.append(ads)
      } else if let config = source["api_config_source"] {
        words.append(api(config, name))
      } else if let path = source["path_config_source"]?["path"]?.string ?? source["path"]?.string {
        words.append("the file \(path)")
      }
    }
    if words.isEmpty, let ads { words.append(ads) }
    var unique: [String] = []
    for word in words where !unique.contains(word) { unique.append(word) }
    var servers: [String] = []
    let configs = [sources["lds_config"]?["api_config_source"], sources["cds_config"]?["api_config_source"]]
    for name in ([sources["ads_config"]] + configs).compactMap(\.self).flatMap(names) where !servers.contains(name) {
      servers.append(name)
    }
    return EnvoyOrigin(
      file: file, controlPlane: unique.isEmpty ? nil : unique.joined(separator: " and "), servers: servers)
  }

  private static func api(_ config: JSONValue, _ what: String) -> String {
    let kind = config["api_type"]?.string ?? "GRPC"
    let names = names(config)
    let place = names.isEmpty ? "an unnamed server" : names.joined(separator: ", ")
    let maker = names.contains("xds-grpc") ? "istiod, " : ""
    return "\(maker)the control plane behind cluster \(place) (\(kind == "REST" ? "REST \(what)" : what))"
  }

  /// The clusters or addresses of an API's servers.
  private static func names(_ config: JSONValue) -> [String] {
    let services = config.list("grpc_services").compactMap {
      $0["envoy_grpc"]?["cluster_name"]?.string ?? $0["google_grpc"]?["target_uri"]?.string
    }
    return services + config.list("cluster_names").compactMap(\.string)
  }
}

/// The runtime of one proxy: values that override configuration until it restarts.
struct EnvoyRuntime: Sendable, Hashable {
  /// The names of its layers, the last wins.
  var layers: [String] = []
  /// The index of the layer that can be written through the administration interface.
  var adminLayer: Int?
  /// The values that hold.
  var values: [String: String] = [:]
  /// The values of the admin layer.
  var overrides: [String: String] = [:]

  /// Reads `/runtime`; which layer is the admin layer stands in the bootstrap configuration.
  static func read(_ json: JSONValue, bootstrap: JSONValue) -> EnvoyRuntime {
    var runtime = EnvoyRuntime(layers: json.list("layers").compactMap(\.string))
    let admin = bootstrap["layered_runtime"]?.list("layers").first { $0["admin_layer"] != nil }?["name"]?.string
    runtime.adminLayer = admin.flatMap { runtime.layers.firstIndex(of: $0) }
    for member in json["entries"]?.object?.members ?? [] {
      runtime.values[member.name] = member.value["final_value"]?.string
      if let layer = runtime.adminLayer, let text = member.value.list("layer_values")[safe: layer]?.string,
        !text.isEmpty
      {
        runtime.overrides[member.name] = text
      }
    }
    return runtime
  }
}

extension [JSONValue] {
  fileprivate subscript(safe index: Int) -> JSONValue? { indices.contains(index) ? self[index] : nil }
}
