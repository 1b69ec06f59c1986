import MeshModel

/// The admin interface of every proxy of a SOFAMesh, as of MOSN 1.6.
///
/// Source: MOSN, `pkg/admin/server/apis.go`, `pkg/config/v2` and `pkg/metrics`: `config_dump` is the effective configuration by
/// name, `stats` values as text by type, labels and key.
struct MosnAdmin {
  let proxy: Instance
  let state: Simulation.State
  let simulation: Simulation
  let time: Double

  /// The port of MOSN's own examples.
  static let port = "34901"

  /// The answer to one request.
  func answer(_ request: PlainRequest) -> PlainAnswer {
    let admin = EnvoyAdmin(proxy: proxy, state: state, simulation: simulation, time: time)
    guard let view = admin.view else { return .text("pid=1&state=2\n") }
    switch request.path {
    case "/api/v1/version": return .text("mosn version: \(simulation.scenario.mesh.version)")
    case "/api/v1/states": return .text("pid=1&state=6")
    case "/api/v1/config_dump": return .json(configuration(view), indent: 1)
    case "/api/v1/stats": return .json(statistics)
    case "/": return .text("support apis:\n/api/v1/version\n/api/v1/config_dump\n/api/v1/stats\n/api/v1/states\n")
    default: return .text("404 page not found\n", status: 404)
    }
  }

  // MARK: Configuration

  private func configuration(_ view: ProxyView) -> JSONValue {
    [
      "mosn_config": [
        "node": ["id": .string(view.nodeID), "cluster": .string("\(proxy.labels["app"] ?? proxy.workload)")],
        "dynamic_resources": ["ads_config": ["api_type": "GRPC"]],
      ],
      "routers": named(
        view.routeConfigurations.map { ($0.name, routers($0.name, $0.item()["route_config"] ?? .null)) }),
      "cluster": named(view.clusterSpecs.map { ($0.name, cluster($0, view)) }),
      "listener": named(listeners(view)),
    ]
  }

  private func named(_ parts: [(String, JSONValue)]) -> JSONValue {
    .object(JSONObject(parts.map { JSONObject.Member(name: $0.0, value: $0.1) }))
  }

  private func routers(_ name: String, _ envoy: JSONValue) -> JSONValue {
    let hosts = (envoy["virtual_hosts"]?.array ?? []).map { host -> JSONValue in
      [
        "name": host["name"] ?? "", "domains": host["domains"] ?? [],
        "routers": .array((host["routes"]?.array ?? []).map(router)),
      ]
    }
    return ["router_config_name": .string(name), "virtual_hosts": .array(hosts)]
  }

  /// A route in MOSN's words: the same clusters and weights under other names.
  private func router(_ route: JSONValue) -> JSONValue {
    var match: JSONValue = [:]
    for (theirs, ours) in [("prefix", "prefix"), ("path", "path")] {
      if let text = route["match"]?[theirs] { match[ours] = text }
    }
    if let pattern = route["match"]?["safe_regex"]?["regex"] { match["regex"] = pattern }
    let headers = (route["match"]?["headers"]?.array ?? []).compactMap { header -> JSONValue? in
      guard let name = header["name"], let exact = header["string_match"]?["exact"] ?? header["exact_match"] else {
        return nil
      }
      return ["name": name, "value": exact]
    }
    if !headers.isEmpty { match["headers"] = .array(headers) }
    var action: JSONValue = [:]
    if let weighted = route["route"]?["weighted_clusters"]?["clusters"]?.array {
      action["weighted_clusters"] = .array(
        weighted.map { ["cluster": ["name": $0["name"] ?? "", "weight": $0["weight"] ?? 0]] })
    } else if let name = route["route"]?["cluster"] {
      action["cluster_name"] = name
    }
    if let timeout = route["route"]?["timeout"] { action["timeout"] = timeout }
    return ["match": match, "route": action]
  }

  private func cluster(_ spec: ProxyView.ClusterSpec, _ view: ProxyView) -> JSONValue {
    let sent = MutualTLS(
      configuration: view.push.configuration, mesh: simulation.scenario.mesh, registry: state.registry
    ).sent(by: proxy.proxy, rule: spec.rule, service: spec.service, port: spec.port, subset: spec.subset?.name)
    var value: JSONValue = ["name": .string(spec.name), "type": "EDS", "lb_type": "LB_ROUNDROBIN"]
    switch sent {
    case .plaintext, .linkerd: break
    case .own: value["tls_context"] = ["status": true, "server_name": .string(spec.service.host)]
    case .mesh, .automatic:
      value["tls_context"] = [
        "status": true, "cert_chain": "/etc/certs/cert-chain.pem", "private_key": "[redacted]",
        "ca_cert": "/etc/certs/root-cert.pem",
      ]
    }
    value["hosts"] = .array(
      view.endpoints(spec).map { ["address": .string("\($0.address):\(spec.port.target)"), "weight": 1] })
    return value
  }

  private func listeners(_ view: ProxyView) -> [(String, JSONValue)] {
    func listener(_ name: String, _ address: String, _ type: String, _ chain: JSONValue) -> (String, JSONValue) {
      (
        name,
        [
          "name": .string(name), "address": .string(address), "type": .string(type), "bind_port": true,
          "filter_chains": [chain],
        ]
      )
    }
    func proxyFilter(_ routes: String) -> JSONValue {
      ["type": "proxy", "config": ["downstream_protocol": "Http1", "router_config_name": .string(routes)]]
    }
    var result: [(String, JSONValue)] = []
    if proxy.proxy == .sidecar {
      let tls = MutualTLS(
        configuration: view.push.configuration, mesh: simulation.scenario.mesh, registry: state.registry)
      for port in Set(view.inboundPorts).sorted() {
        var chain: JSONValue = ["filters": [proxyFilter("inbound_\(port)")]]
        let accepted = tls.accepted(by: proxy, port: port)
        if accepted != .disable {
          chain["tls_context"] = [
            "status": true, "verify_client": true, "require_client_cert": .bool(accepted == .strict),
            "fall_back": .bool(accepted == .permissive), "cert_chain": "/etc/certs/cert-chain.pem",
            "private_key": "[redacted]",
          ]
        }
        result.append(listener("\(proxy.address)_\(port)", "\(proxy.address):\(port)", "ingress", chain))
      }
    }
    for (name, port) in view.listenerPorts {
      result.append(
        listener(name, "0.0.0.0:\(port)", "egress", ["filters": [proxyFilter(String(port))]]))
    }
    return result
  }

  // MARK: Statistics

  private var statistics: JSONValue {
    var clusters: [String: (total: Double, failed: Double)] = [:]
    for (key, total) in state.upstreamTotals[proxy.workloadID] ?? [:] {
      clusters[key.cluster, default: (0, 0)].total += total
      if key.isError { clusters[key.cluster, default: (0, 0)].failed += total }
    }
    let peers = Double(
      max(1, (state.registry.instances[proxy.namespace] ?? [:]).values.filter { $0.workload == proxy.workload }.count))
    return [
      "upstream": named(
        clusters.sorted { $0.key < $1.key }.map { name, counted in
          (
            "cluster.\(name)",
            [
              "request_total": .string(String(ProxyView.whole(counted.total / peers))),
              "response_failed": .string(String(ProxyView.whole(counted.failed / peers))),
            ]
          )
        })
    ]
  }
}
