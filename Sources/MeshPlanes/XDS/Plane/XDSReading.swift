import MeshModel

/// What a control plane sends, in the form in which a proxy that runs it shows it: one reader serves both.
enum XDSReading {
  /// The reading of a proxy that would run all of it.
  static func reading(_ resources: XDSResources, settings: XDSSettings, at: Instant) -> EnvoyReading {
    var clusters = EnvoyClusterReader.clusters(
      dump("dynamic_active_clusters", resources.items(.clusters).map { (versioned($0), "cluster", $0.json) }))
    for item in resources.items(.clusters) { clusters[item.name]?.hosts = hosts(of: item.json, resources) }
    let listeners = resources.items(.listeners)
    let inline = listeners.flatMap { item in
      EnvoyListenerReader.connectionManagers(item.json).compactMap { manager in
        manager["route_config"].map { (versioned(item), "route_config", $0) }
      }
    }
    let scopes = resources.items(.scopedRoutes)
    let routes =
      resources.items(.routes).map { (versioned($0), "route_config", $0.json) } + inline
      + scopes.compactMap { item in
        item.json["route_configuration"].map { (versioned(item), "route_config", $0) }
      }
    return EnvoyReading(
      address: settings.url, node: settings.node.id, group: settings.node.cluster, version: "", state: "LIVE",
      uptime: 0,
      origin: origin(settings, name: resources.controlPlane), clusters: clusters,
      listeners: EnvoyListenerReader.listeners([
        "dynamic_listeners": .array(
          listeners.map { ["active_state": ["version_info": .string($0.version), "listener": $0.json]] })
      ]).map { EnvoyListenerConfiguration($0) }, tables: EnvoyRouteReader.tables(dump("dynamic_route_configs", routes)),
      scopes: scopes.map { EnvoyScopedRoutes($0.json) },
      runtime: EnvoyRuntime(),
      rejections: [:], certificateDaysLeft: nil, isConnected: true, pressure: [:], gaps: [], at: at)
  }

  /// The tables of route configurations of one client, in the same form.
  static func tables(_ configurations: [JSONValue]) -> [EnvoyRouteTable] {
    EnvoyRouteReader.tables(dump("dynamic_route_configs", configurations.map { ("", "route_config", $0) }))
  }

  /// Who owns everything: the control plane.
  static func origin(_ settings: XDSSettings, name: String) -> EnvoyOrigin {
    let form = settings.transport == .rest ? "REST discovery" : "xDS"
    let words = name.isEmpty ? "" : " \(name)"
    return EnvoyOrigin(
      file: "", controlPlane: "the control plane\(words) at \(settings.url) (\(form))", servers: [settings.url])
  }

  private static func versioned(_ item: XDSResources.Item) -> String { item.version }

  private static func dump(_ member: String, _ items: [(version: String, name: String, json: JSONValue)]) -> JSONValue {
    let list = items.map { version, name, json -> JSONValue in
      .object(
        JSONObject([
          JSONObject.Member(name: "version_info", value: .string(version)), JSONObject.Member(name: name, value: json),
        ]))
    }
    return .object(JSONObject([JSONObject.Member(name: member, value: .array(list))]))
  }

  /// The hosts of a cluster: those of discovery where it takes them from there, else those it names itself.
  private static func hosts(of cluster: JSONValue, _ resources: XDSResources) -> [EnvoyCluster.Host] {
    let assignment: JSONValue? =
      if let name = XDSDependencies.endpoints(of: cluster) {
        resources[.endpoints].items[name]?.json
      } else {
        cluster["load_assignment"]
      }
    return (assignment ?? .null).list("endpoints").flatMap { $0.list("lb_endpoints") }.compactMap { item in
      guard let address = item["endpoint"]?["address"] else { return nil }
      let socket = address["socket_address"]
      let health = item["health_status"]?.string ?? "UNKNOWN"
      return EnvoyCluster.Host(
        address: socket?["address"]?.string ?? address.protoAddress ?? "", port: socket?["port_value"]?.protoInt,
        faults: ["HEALTHY", "UNKNOWN", "DEGRADED"].contains(health) ? [] : ["\(health) by discovery"],
        weight: item["load_balancing_weight"]?.protoInt ?? 1)
    }
  }
}
