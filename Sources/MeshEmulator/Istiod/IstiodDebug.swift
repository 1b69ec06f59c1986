import MeshModel

/// istiod's debug interface and version, in the shapes of `recordings/istiod` with the fields newer versions add.
struct IstiodDebug {
  let state: Simulation.State
  let simulation: Simulation
  let store: ObjectStore
  let time: Double

  private var mesh: Scenario.Mesh { simulation.scenario.mesh }

  /// The proxies that are connected, in order of namespace and name.
  private var proxies: [Instance] { state.registry.sortedInstances.filter { $0.hasProxy && $0.isReady } }

  /// The answer to one request, or `nil` where there is no such path.
  func answer(_ request: PlainRequest) -> PlainAnswer {
    if request.method != "GET" { return .text("Method Not Allowed\n", status: 405) }
    switch request.path {
    case "/version": return .text("\(mesh.version)-emulated-Clean")
    case "/ready": return .text("")
    case "/debug", "/debug/", "/debug/list":
      return .json([
        "adsz", "config_dump", "configz", "connections", "endpointShardz", "endpointz", "mesh", "push_status",
        "registryz", "syncz",
      ])
    case "/debug/syncz": return .json(.array(proxies.map(syncStatus)))
    case "/debug/adsz": return adsz(request["proxyID"])
    case "/debug/connections": return .json(clients(isDetailed: false))
    case "/debug/configz": return .json(configuration)
    case "/debug/registryz":
      return .json(.array(state.registry.services.values.sorted { $0.host < $1.host }.map(registered)))
    case "/debug/endpointShardz", "/debug/endpointz": return .json(endpointShards)
    case "/debug/mesh": return .json(meshConfiguration)
    case "/debug/push_status": return .json([:], indent: 4)
    case "/debug/clusterz": return .json(.null)
    case "/debug/networkz": return .json([])
    case "/debug/config_dump": return configDump(request["proxyID"])
    case "/metrics":
      return .text("# TYPE pilot_xds gauge\npilot_xds{version=\"\(mesh.version)\"} \(proxies.count)\n")
    default: return .text("404 page not found\n", status: 404)
    }
  }

  // MARK: Synchronization

  /// The types istiod distributes by their short name in syncz, and their type URL.
  private static let types = [
    ("cluster", "type.googleapis.com/envoy.config.cluster.v3.Cluster"),
    ("listener", "type.googleapis.com/envoy.config.listener.v3.Listener"),
    ("route", "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"),
    ("endpoint", "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"),
  ]

  private func syncStatus(_ proxy: Instance) -> JSONValue {
    let distribution = state.distribution
    guard let sent = distribution.latest else { return [:] }
    let delay = distribution.delay(proxy)
    /// The last push the proxy took of a type; only routes are ever refused.
    func acknowledged(_ type: String) -> ConfigPush {
      if type == "route" { return distribution.acknowledged(by: proxy, at: time) ?? sent }
      return distribution.pushes.last { $0.id == 0 || $0.time + delay <= time } ?? sent
    }
    var value: JSONValue = [
      "cluster_id": .string(mesh.cluster), "proxy": .string(proxy.proxyID),
      "proxy_type": proxy.proxy == .gateway ? "router" : "sidecar", "istio_version": .string(mesh.version),
    ]
    var resources: JSONValue = [:]
    let rejection = distribution.rejection(by: proxy, at: time)
    for (name, url) in Self.types {
      // Endpoints are pushed when endpoints change, not when routes do.
      let current = name == "endpoint" ? distribution.pushes.first ?? sent : sent
      let taken = name == "endpoint" ? current : acknowledged(name)
      let sentNonce = distribution.nonce(current, proxy.proxyID, name)
      let takenNonce = distribution.nonce(taken, proxy.proxyID, name)
      value["\(name)_sent"] = .string(sentNonce)
      value["\(name)_acked"] = .string(takenNonce)
      var resource: JSONValue = [
        "sent": .string(sentNonce), "acked": .string(takenNonce),
        "sentTime": .string(ProxyView.timestamp(current.time)),
      ]
      if name == "route", let rejection { resource["lastError"] = .string(rejection.text) }
      resources[url] = resource
    }
    value["resources"] = resources
    return value
  }

  private func adsz(_ id: String?) -> PlainAnswer {
    guard let id else { return .json(clients(isDetailed: true)) }
    guard let proxy = proxies.first(where: { $0.proxyID == id }) else { return notConnected }
    return .json(clients(isDetailed: true, of: [proxy]))
  }

  private var notConnected: PlainAnswer {
    .text("Proxy not connected to this Pilot instance. It may be connected to another instance.\n", status: 404)
  }

  private func clients(isDetailed: Bool, of only: [Instance]? = nil) -> JSONValue {
    let proxies = only ?? proxies
    let connected = JSONValue.string(ProxyView.timestamp(simulation.start))
    var routes: Set<Int> = []
    var clusters: [JSONValue] = []
    if isDetailed {
      for service in state.registry.services.values.sorted(by: { $0.host < $1.host }) {
        for port in service.ports {
          if ProxyView.isHTTP(port) { routes.insert(port.number) }
          clusters.append(.string("outbound|\(port.number)||\(service.host)"))
        }
      }
    }
    // All proxies see the same services here, so the lists are written once and shared.
    let watches: JSONValue = [
      Self.types[0].1: [], Self.types[3].1: .array(clusters), Self.types[1].1: [],
      Self.types[2].1: .array(routes.sorted().map { .string(String($0)) }),
    ]
    let clients = proxies.enumerated().map { index, proxy -> JSONValue in
      var client: JSONValue = [
        "connectionId": .string("\(proxy.proxyID)-\(index + 1)"), "connectedAt": connected,
        "address": .string("\(proxy.address):\(32_768 + index % 28_000)"),
      ]
      if isDetailed {
        if let push = state.distribution.latest {
          client["metadata"] =
            ProxyView(proxy: proxy, push: push, registry: state.registry, mesh: mesh, updated: time).metadata
        }
        // One client's watches can be megabytes in a large mesh; the lists of more than 200 are left out.
        if proxies.count <= 200 { client["watches"] = watches }
      }
      return client
    }
    return ["totalClients": .int(clients.count), "clients": .array(clients)]
  }

  // MARK: Configuration

  private static let kinds = [
    "DestinationRule", "Gateway", "ServiceEntry", "Sidecar", "VirtualService", "WorkloadEntry", "WorkloadGroup",
    "AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication",
  ]

  private var configuration: JSONValue {
    let types = Self.kinds.compactMap { kind in store.types.all.first { $0.kind == kind && $0.isCustom } }
    return .array(
      types.flatMap { type -> [JSONValue] in
        let version = type.versions.last ?? "v1"
        return store.list(type.id).map { object in
          let json = object.json
          var metadata: JSONValue = [
            "name": .string(object.name), "namespace": .string(object.namespace),
            "resourceVersion": .string(String(object.resourceVersion)),
          ]
          for name in ["creationTimestamp", "labels", "annotations"] { metadata[name] = json["metadata"]?[name] }
          return [
            "kind": .string(type.kind), "apiVersion": .string(type.apiVersion(version)), "metadata": metadata,
            "spec": json["spec"] ?? [:],
          ]
        }
      })
  }

  private func registered(_ service: RegistryService) -> JSONValue {
    func map(_ values: [String: String]) -> JSONValue {
      guard !values.isEmpty else { return .null }
      return .object(
        JSONObject(values.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) }))
    }
    return [
      "Attributes": [
        "ServiceRegistry": service.isServiceEntry ? "External" : "Kubernetes", "Name": .string(service.name),
        "Namespace": .string(service.namespace), "Labels": map(service.labels), "ExportTo": .null,
        "LabelSelectors": map(service.selector), "ClusterExternalAddresses": ["Addresses": .null],
        "ClusterExternalPorts": .null,
      ],
      "ports": .array(
        service.ports.map {
          ["name": .string($0.name), "port": .int($0.number), "protocol": .string($0.protocol)]
        }),
      "creationTime": .string(service.created), "hostname": .string(service.host),
      "clusterVIPs": [
        "Addresses": service.isServiceEntry ? .null : ["Kubernetes": [.string(service.address)]]
      ],
      "defaultAddress": .string(service.address), "Resolution": .int(service.resolution),
      "MeshExternal": .bool(service.isExternal),
      "ResourceVersion": .string(service.isServiceEntry ? "" : String(service.resourceVersion)),
    ]
  }

  private var meshConfiguration: JSONValue {
    [
      "proxyListenPort": 15_001, "connectTimeout": "10s", "protocolDetectionTimeout": "0s", "ingressClass": "istio",
      "ingressService": "istio-ingressgateway", "ingressControllerMode": "OFF", "enableTracing": true,
      "defaultConfig": [
        "configPath": "./etc/istio/proxy", "binaryPath": "/usr/local/bin/envoy", "serviceCluster": "istio-proxy",
        "drainDuration": "45s", "discoveryAddress": .string("istiod.\(mesh.rootNamespace).svc:15012"),
        "proxyAdminPort": 15_000, "controlPlaneAuthPolicy": "MUTUAL_TLS", "statNameLength": 189, "concurrency": 2,
        "statusPort": 15_020, "terminationDrainDuration": "5s",
      ],
      "outboundTrafficPolicy": ["mode": "ALLOW_ANY"], "enableAutoMtls": .bool(mesh.autoMTLS),
      "trustDomain": .string(mesh.trustDomain), "defaultServiceExportTo": ["*"],
      "defaultVirtualServiceExportTo": ["*"], "defaultDestinationRuleExportTo": ["*"],
      "rootNamespace": .string(mesh.rootNamespace), "localityLbSetting": ["enabled": true], "dnsRefreshRate": "60s",
      "extensionProviders": [["name": "prometheus", "prometheus": [:]]], "defaultProviders": [:],
    ]
  }

  private func configDump(_ id: String?) -> PlainAnswer {
    guard let id else { return .text("You must provide a proxyID in the query string", status: 400) }
    guard let proxy = proxies.first(where: { $0.proxyID == id }), let push = state.distribution.latest else {
      return notConnected
    }
    // istiod shows what it would send now, not what the proxy took.
    let view = ProxyView(proxy: proxy, push: push, registry: state.registry, mesh: mesh, updated: push.time)
    do throws(ConfigDump.Refusal) {
      return .json(
        ConfigDump.camelCased(
          try ConfigDump(view: view).answer(resource: nil, mask: nil, namePattern: nil, includesEndpoints: false)))
    } catch {
      return .text(error.text, status: error.status)
    }
  }
}
