import MeshModel

extension ProxyView {
  /// The clusters of the proxy: one a service port, one more a subset, and Istio's own.
  struct ClusterSpec {
    var name: String
    var service: RegistryService
    var port: RegistryService.Port
    var subset: DestinationRule.Subset?
    var rule: DestinationRule?
  }

  var clusterSpecs: [ClusterSpec] {
    services.flatMap { service in
      service.ports.flatMap { port -> [ClusterSpec] in
        let rule = rule(service)
        let base = ClusterSpec(
          name: "outbound|\(port.number)||\(service.host)", service: service, port: port, subset: nil, rule: rule)
        let subsets = (rule?.subsets ?? []).map { subset in
          ClusterSpec(
            name: "outbound|\(port.number)|\(subset.name)|\(service.host)", service: service, port: port,
            subset: subset, rule: rule)
        }
        return [base] + subsets
      }
    }
  }

  /// `dynamic_active_clusters`.
  var clusters: [Resource] {
    let (version, lastUpdated) = (JSONValue.string(version), JSONValue.string(lastUpdated))
    func item(_ name: String, _ members: @autoclosure @escaping () -> JSONValue) -> Resource {
      Resource(name: name) {
        var cluster = Self.typed("envoy.config.cluster.v3.Cluster", ["name": .string(name)])
        for member in members().object?.members ?? [] { cluster[member.name] = member.value }
        return ["version_info": version, "cluster": cluster, "last_updated": lastUpdated]
      }
    }
    var result = [item("BlackHoleCluster", ["type": "STATIC", "connect_timeout": "10s"])]
    for port in Set(inboundPorts).sorted() {
      result.append(
        item("inbound|\(port)||", ["type": "ORIGINAL_DST", "connect_timeout": "10s", "lb_policy": "CLUSTER_PROVIDED"]))
    }
    result.append(
      item("PassthroughCluster", ["type": "ORIGINAL_DST", "connect_timeout": "10s", "lb_policy": "CLUSTER_PROVIDED"]))
    return result + clusterSpecs.map { item($0.name, outbound($0)) }
  }

  private func outbound(_ spec: ClusterSpec) -> JSONValue {
    var value: JSONValue = [:]
    if spec.service.isExternal, spec.service.selector.isEmpty {
      value["type"] = "STRICT_DNS"
    } else {
      value["type"] = "EDS"
      value["eds_cluster_config"] = [
        "eds_config": ["ads": [:], "initial_fetch_timeout": "0s", "resource_api_version": "V3"],
        "service_name": .string(spec.name),
      ]
    }
    value["connect_timeout"] = "10s"
    value["lb_policy"] = "LEAST_REQUEST"
    let unlimited: JSONValue = 4_294_967_295
    value["circuit_breakers"] = [
      "thresholds": [
        [
          "max_connections": unlimited, "max_pending_requests": unlimited, "max_requests": unlimited,
          "max_retries": unlimited, "track_remaining": true,
        ]
      ]
    ]
    if let outlier = spec.subset?.policy.json?["outlierDetection"] ?? spec.rule?.policy.json?["outlierDetection"] {
      var detection: JSONValue = [:]
      if let errors = outlier["consecutive5xxErrors"] { detection["consecutive_5xx"] = errors }
      if let interval = outlier["interval"] { detection["interval"] = interval }
      if let ejection = outlier["baseEjectionTime"] { detection["base_ejection_time"] = ejection }
      detection["enforcing_consecutive_5xx"] = 100
      detection["enforcing_success_rate"] = 0
      value["outlier_detection"] = detection
    }
    var istio: JSONValue = ["default_original_port": .int(spec.port.number)]
    if let rule = spec.rule {
      istio["config"] = .string(
        "/apis/networking.istio.io/v1alpha3/namespaces/\(rule.namespace)/destination-rule/\(rule.name)")
    }
    if let subset = spec.subset { istio["subset"] = .string(subset.name) }
    value["metadata"] = ["filter_metadata": ["istio": istio]]
    value["common_lb_config"] = ["locality_weighted_lb_config": [:]]
    security(spec, into: &value)
    return value
  }

  /// The transport sockets by what the client sends (Istio, `cluster_tls.go` and `push_context.go`).
  private func security(_ spec: ClusterSpec, into value: inout JSONValue) {
    let sni = "outbound_.\(spec.port.number)_.\(spec.subset?.name ?? "")_.\(spec.service.host)"
    func tls(_ members: JSONValue) -> JSONValue {
      [
        "name": "envoy.transport_sockets.tls",
        "typed_config": Self.typed("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", members),
      ]
    }
    let meshTLS = tls([
      "common_tls_context": [
        "tls_certificate_sds_secret_configs": [["name": "default"]],
        "alpn_protocols": ["istio-peer-exchange", "istio"],
      ],
      "sni": .string(sni),
    ])
    let sent = MutualTLS(configuration: push.configuration, mesh: mesh, registry: registry)
      .sent(
        by: proxy.proxy, rule: spec.rule, service: spec.service, port: spec.port, subset: spec.subset?.name)
    switch sent {
    case .plaintext, .linkerd: return
    case .mesh: value["transport_socket"] = meshTLS
    case .own: value["transport_socket"] = tls(["sni": .string(spec.service.host)])
    case .automatic:
      value["transport_socket_matches"] = [
        ["name": "tlsMode-istio", "match": ["tlsMode": "istio"], "transport_socket": meshTLS],
        [
          "name": "tlsMode-disabled", "match": [:],
          "transport_socket": [
            "name": "envoy.transport_sockets.raw_buffer",
            "typed_config": Self.typed("envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"),
          ],
        ],
      ]
    }
  }

  /// The endpoints of a cluster.
  func endpoints(_ spec: ClusterSpec) -> [Instance] {
    registry.endpoints(of: spec.service).filter { $0.matches(spec.subset?.labels ?? [:]) }
  }

  /// `dynamic_endpoint_configs`.
  var endpointConfigurations: [Resource] {
    let tls = MutualTLS(configuration: push.configuration, mesh: mesh, registry: registry)
    return clusterSpecs.filter { !$0.service.isExternal || !$0.service.selector.isEmpty }.map { spec in
      Resource(name: spec.name) {
        let endpoints = endpoints(spec).map { endpoint($0, port: spec.port.target, tls) }
        var locality: JSONValue = ["locality": [:], "lb_endpoints": .array(endpoints)]
        if !endpoints.isEmpty { locality["load_balancing_weight"] = .int(endpoints.count) }
        return [
          "endpoint_config": Self.typed(
            "envoy.config.endpoint.v3.ClusterLoadAssignment",
            [
              "cluster_name": .string(spec.name), "endpoints": [locality],
              "policy": ["overprovisioning_factor": 140],
            ])
        ]
      }
    }
  }

  private func endpoint(_ instance: Instance, port: Int, _ tls: MutualTLS) -> JSONValue {
    let service = instance.labels["app"] ?? instance.workload
    let workload =
      "\(instance.workload);\(instance.namespace);\(service);\(instance.labels["version"] ?? "");Kubernetes"
    var metadata: JSONValue = ["istio": ["workload": .string(workload)]]
    if tls.takesMeshTLS(instance, port: port) { metadata["envoy.transport_socket_match"] = ["tlsMode": "istio"] }
    return [
      "endpoint": ["address": Self.address(instance.address, port), "health_check_config": [:]],
      "health_status": instance.isReady ? "HEALTHY" : "UNHEALTHY", "metadata": ["filter_metadata": metadata],
      "load_balancing_weight": 1,
    ]
  }

  static func address(_ address: String, _ port: Int) -> JSONValue {
    ["socket_address": ["address": .string(address), "port_value": .int(port)]]
  }

  /// The ports of the proxy's own workload.
  var inboundPorts: [Int] {
    services.filter { $0.namespace == proxy.namespace && !$0.selector.isEmpty && proxy.matches($0.selector) }
      .flatMap { $0.ports.map(\.target) }
  }
}
