import MeshModel

extension ProxyView {
  /// `dynamic_listeners`: the inbound one, whose filter chains say what each port accepts, and the outbound ones.
  var listeners: [Resource] {
    func item(
      _ name: String, _ address: JSONValue, _ members: @autoclosure @escaping () -> JSONValue
    ) -> Resource {
      Resource(name: name) {
        var listener = Self.typed(
          "envoy.config.listener.v3.Listener", ["name": .string(name), "address": address])
        for member in members().object?.members ?? [] { listener[member.name] = member.value }
        return [
          "name": .string(name),
          "active_state": [
            "version_info": .string(version), "listener": listener, "last_updated": .string(lastUpdated),
          ],
        ]
      }
    }
    var result: [Resource] = []
    if proxy.proxy == .sidecar {
      result.append(
        item(
          "virtualInbound", Self.address("0.0.0.0", 15_006),
          [
            "filter_chains": .array(Set(inboundPorts).sorted().flatMap(inboundChains)),
            "traffic_direction": "INBOUND",
          ]))
    }
    for (name, port) in listenerPorts {
      result.append(
        item(
          name, Self.address("0.0.0.0", port),
          [
            "filter_chains": [["filters": [Self.connectionManager("outbound_\(name)", routes: String(port))]]],
            "traffic_direction": "OUTBOUND",
          ]))
    }
    for listener in streamListeners {
      result.append(
        item(
          listener.name, Self.address(listener.address, listener.port),
          ["filter_chains": .array(listener.chains), "traffic_direction": "OUTBOUND"]))
    }
    return result
  }

  /// The outbound listeners of HTTP ports by name.
  var listenerPorts: [(String, Int)] {
    if proxy.proxy == .gateway { return [("0.0.0.0_443", 443)] }
    let ports = Set(services.flatMap { $0.ports.filter(Self.isHTTP).map(\.number) })
    return ports.sorted().map { ("0.0.0.0_\($0)", $0) }
  }

  private func inboundChains(_ port: Int) -> [JSONValue] {
    let accepted = MutualTLS(configuration: push.configuration, mesh: mesh, registry: registry)
      .accepted(by: proxy, port: port)
    var chains: [JSONValue] = []
    if accepted != .disable {
      chains.append([
        "filter_chain_match": ["destination_port": .int(port), "transport_protocol": "tls"],
        "filters": [inboundFilter(port)],
        "transport_socket": [
          "name": "envoy.transport_sockets.tls",
          "typed_config": Self.typed(
            "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            [
              "common_tls_context": [
                "tls_certificate_sds_secret_configs": [["name": "default"]],
                "alpn_protocols": ["istio-peer-exchange", "h2", "http/1.1"],
              ],
              "require_client_certificate": true,
            ]),
        ],
        "name": .string("0.0.0.0_\(port)"),
      ])
    }
    if accepted != .strict {
      chains.append([
        "filter_chain_match": ["destination_port": .int(port), "transport_protocol": "raw_buffer"],
        "filters": [inboundFilter(port)],
        "name": .string("0.0.0.0_\(port)"),
      ])
    }
    return chains
  }

  private static func connectionManager(_ prefix: String, routes: String?) -> JSONValue {
    var members: JSONValue = ["stat_prefix": .string(prefix)]
    if let routes {
      members["rds"] = [
        "config_source": ["ads": [:], "initial_fetch_timeout": "0s", "resource_api_version": "V3"],
        "route_config_name": .string(routes),
      ]
    }
    return [
      "name": "envoy.filters.network.http_connection_manager",
      "typed_config": typed(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", members),
    ]
  }

  /// The filter behind an inbound port: of HTTP a connection manager, of anything else a stream to the application.
  private func inboundFilter(_ port: Int) -> JSONValue {
    let isHTTP = services.contains { service in
      service.namespace == proxy.namespace && !service.selector.isEmpty && proxy.matches(service.selector)
        && service.ports.contains { $0.target == port && Self.isHTTP($0) }
    }
    return isHTTP
      ? Self.connectionManager("inbound_0.0.0.0_\(port)", routes: nil)
      : Self.streamProxy("inbound|\(port)||", ["cluster": .string("inbound|\(port)||")])
  }

  // MARK: Streams

  /// A listener of streams: its name, where it listens, and its chains.
  struct StreamListener {
    var name: String
    var address: String
    var port: Int
    var chains: [JSONValue]
  }

  /// The outbound listeners of TCP and TLS ports: one an address and port, with a chain a rule.
  var streamListeners: [StreamListener] {
    guard proxy.proxy != .gateway else { return [] }
    var result: [StreamListener] = []
    for service in services {
      for port in service.ports where !Self.isHTTP(port) {
        let hasAddress = !service.address.isEmpty && service.address != "None" && service.address != "0.0.0.0"
        let address = hasAddress ? service.address : "0.0.0.0"
        let name = "\(address)_\(port.number)"
        // Services without an address of their own share a listener and are told apart by the name in TLS's greeting.
        let chains = streamChains(service, port, named: !hasAddress)
        if let index = result.firstIndex(where: { $0.name == name }) {
          result[index].chains += chains
        } else {
          result.append(StreamListener(name: name, address: address, port: port.number, chains: chains))
        }
      }
    }
    return result
  }

  private func streamChains(_ service: RegistryService, _ port: RegistryService.Port, named: Bool) -> [JSONValue] {
    let bound = push.configuration.virtualService(for: service.host, client: proxy.namespace, gateway: "mesh")
    var chains: [JSONValue] = []
    let rules = (bound.map { $0.tls + $0.tcp } ?? []).filter { $0.matches(port: port.number, source: proxy.labels) }
    for rule in rules {
      let shares = RouteDestination.shares(rule.routes)
      guard let first = shares.first, let bound else { continue }
      let target: JSONValue =
        shares.count == 1
        ? ["cluster": .string(cluster(first.destination, port: port.number))]
        : [
          "weighted_clusters": [
            "clusters": .array(
              shares.map {
                [
                  "name": .string(cluster($0.destination, port: port.number)), "weight": .int($0.destination.weight),
                ]
              })
          ]
        ]
      let prefix =
        shares.count == 1 ? cluster(first.destination, port: port.number) : "\(bound.name).\(bound.namespace)"
      let names = rule.sniHosts.isEmpty && named ? [service.host] : rule.sniHosts
      chains.append(
        Self.chain(
          Self.streamProxy(prefix, target), names: names,
          metadata: Self.metadata(bound.namespace, "virtual-service", bound.name)))
    }
    if rules.allSatisfy({ !$0.sniHosts.isEmpty }) {
      let name = "outbound|\(port.number)||\(service.host)"
      chains.append(Self.chain(Self.streamProxy(name, ["cluster": .string(name)]), names: named ? [service.host] : []))
    }
    return chains
  }

  private static func chain(_ filter: JSONValue, names: [String], metadata: JSONValue? = nil) -> JSONValue {
    var chain: JSONValue = [:]
    if !names.isEmpty { chain["filter_chain_match"] = ["server_names": .array(names.map(JSONValue.string))] }
    chain["filters"] = [filter]
    if let metadata { chain["metadata"] = metadata }
    return chain
  }

  private static func streamProxy(_ prefix: String, _ target: JSONValue) -> JSONValue {
    var members: JSONValue = ["stat_prefix": .string(prefix)]
    for member in target.object?.members ?? [] { members[member.name] = member.value }
    return [
      "name": "envoy.filters.network.tcp_proxy",
      "typed_config": typed("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", members),
    ]
  }
}
