import MeshModel

/// The admin interface of every sidecar and gateway of the embedded mesh, as of Envoy 1.40.
struct EnvoyAdmin {
  let proxy: Instance
  let state: Simulation.State
  let simulation: Simulation
  let time: Double

  private var push: ConfigPush? { state.distribution.acknowledged(by: proxy, at: time) }

  /// The proxy's configuration, or `nil` before the first push.
  var view: ProxyView? {
    push.map { push in
      let taken = push.id == 0 ? push.time : push.time + state.distribution.delay(proxy)
      return ProxyView(
        proxy: proxy, push: push, registry: state.registry, mesh: simulation.scenario.mesh, updated: taken)
    }
  }

  /// The answer to one request.
  func answer(_ request: PlainRequest) -> PlainAnswer {
    let isMutating: Set = [
      "/quitquitquit", "/reset_counters", "/drain_listeners", "/healthcheck/fail", "/healthcheck/ok", "/logging",
      "/runtime_modify", "/cpuprofiler", "/heapprofiler",
    ]
    if isMutating.contains(request.path) {
      return request.method == "POST"
        ? .text("OK\n") : .text("Method Not Allowed: use POST\n", status: 405)
    }
    guard let view else { return .text("PRE_INITIALIZING\n", status: 503) }
    switch request.path {
    case "/config_dump":
      do throws(ConfigDump.Refusal) {
        return .json(
          try ConfigDump(view: view).answer(
            resource: request["resource"], mask: request["mask"], namePattern: request["name_regex"],
            includesEndpoints: request["include_eds"] != nil), indent: 1)
      } catch {
        return .text(error.text, status: error.status)
      }
    case "/clusters": return .json(clusters(view), indent: 1)
    case "/listeners": return .json(listeners(view), indent: 1)
    case "/certs": return .json(certificates, indent: 1)
    case "/server_info": return .json(serverInfo(view), indent: 1)
    case "/ready": return .text("LIVE\n")
    case "/stats" where request["format"] != "prometheus": return stats(view, request)
    case "/stats", "/stats/prometheus": return .text(Exposition(state: state, simulation: simulation).text(of: proxy))
    case "/", "/help":
      return .text("/certs\n/clusters\n/config_dump\n/listeners\n/ready\n/server_info\n/stats\n/stats/prometheus\n")
    default: return .text("invalid path. admin commands are:\n", status: 404)
    }
  }

  // MARK: Clusters

  private func clusters(_ view: ProxyView) -> JSONValue {
    let totals = state.upstreamTotals[proxy.workloadID] ?? [:]
    var byCluster: [String: [UpstreamKey: Double]] = [:]
    for (key, value) in totals { byCluster[key.cluster, default: [:]][key] = value }
    let proxies = max(
      1, (state.registry.instances[proxy.namespace] ?? [:]).values.filter { $0.workload == proxy.workload }.count)
    let statuses = view.clusterSpecs.map { spec -> JSONValue in
      let endpoints = view.endpoints(spec)
      let counted = byCluster[spec.name] ?? [:]
      let hosts = endpoints.map { endpoint -> JSONValue in
        let peers = Double(endpoints.filter { $0.workload == endpoint.workload && $0.isReady }.count)
        func total(_ isError: Bool) -> Int {
          let key = UpstreamKey(cluster: spec.name, workload: endpoint.workloadID, isError: isError)
          guard endpoint.isReady, peers > 0 else { return 0 }
          return ProxyView.whole((counted[key] ?? 0) / peers / Double(proxies))
        }
        let (good, bad) = (total(false), total(true))
        return [
          "address": ProxyView.address(endpoint.address, spec.port.target),
          "stats": [
            Self.counter("cx_connect_fail", 0), Self.counter("cx_total", min(good + bad, 4)),
            Self.counter("rq_error", bad), Self.counter("rq_success", good), Self.counter("rq_timeout", 0),
            Self.counter("rq_total", good + bad), Self.gauge("cx_active", min(good + bad, 2)),
            Self.gauge("rq_active", 0), Self.gauge("rq_pending_active", 0),
          ],
          "health_status": endpoint.isReady
            ? ["eds_health_status": "HEALTHY"] : ["eds_health_status": "UNHEALTHY"],
          "weight": 1, "locality": [:],
        ]
      }
      let unlimited: JSONValue = 4_294_967_295
      var status: JSONValue = ["name": .string(spec.name), "added_via_api": true]
      if !hosts.isEmpty { status["host_statuses"] = .array(hosts) }
      status["circuit_breakers"] = [
        "thresholds": [
          [
            "max_connections": unlimited, "max_pending_requests": unlimited, "max_requests": unlimited,
            "max_retries": unlimited,
          ],
          [
            "priority": "HIGH", "max_connections": 1_024, "max_pending_requests": 1_024, "max_requests": 1_024,
            "max_retries": 3,
          ],
        ]
      ]
      status["observability_name"] = .string(spec.name)
      if !spec.service.isExternal { status["eds_service_name"] = .string(spec.name) }
      return status
    }
    return ["cluster_statuses": .array(statuses)]
  }

  /// A counter in proto3 JSON: 64-bit numbers are text, a zero is left out.
  private static func counter(_ name: String, _ value: Int) -> JSONValue {
    value == 0 ? ["name": .string(name)] : ["value": .string(String(value)), "name": .string(name)]
  }

  private static func gauge(_ name: String, _ value: Int) -> JSONValue {
    value == 0
      ? ["type": "GAUGE", "name": .string(name)]
      : ["type": "GAUGE", "value": .string(String(value)), "name": .string(name)]
  }

  // MARK: Listeners, certificates, server

  private func listeners(_ view: ProxyView) -> JSONValue {
    var statuses: [JSONValue] = view.listenerPorts.map { name, port in
      ["name": .string(name), "local_address": ProxyView.address("0.0.0.0", port)]
    }
    if proxy.proxy == .sidecar {
      statuses.append(["name": "virtualInbound", "local_address": ProxyView.address("0.0.0.0", 15_006)])
    }
    return ["listener_statuses": .array(statuses)]
  }

  /// The root and the workload's certificate, which is rotated twice a day: it has 0 days left, which proto3 leaves out.
  private var certificates: JSONValue {
    let mesh = simulation.scenario.mesh
    let age = (time - simulation.start).truncatingRemainder(dividingBy: 43_200)
    let issued = time - max(0, age)
    let root = simulation.start - 100 * 86_400
    func certificate(_ path: String, _ serial: UInt64, _ names: [JSONValue], from: Double, to: Double) -> JSONValue {
      var value: JSONValue = [
        "path": .string(path), "serial_number": .string(StableNames.hex(serial, 32)),
        "subject_alt_names": .array(names),
      ]
      let days = ProxyView.whole((to - time) / 86_400)
      if days > 0 { value["days_until_expiration"] = .string(String(days)) }
      value["valid_from"] = .string(Timestamp.text(ProxyView.whole(from)))
      value["expiration_time"] = .string(Timestamp.text(ProxyView.whole(to)))
      return value
    }
    let uri = "spiffe://\(mesh.trustDomain)/ns/\(proxy.namespace)/sa/\(proxy.serviceAccount)"
    return [
      "certificates": [
        [
          "ca_cert": [
            certificate(
              "<inline>", simulation.names.hash("root"), [], from: root, to: root + 3_650 * 86_400)
          ],
          "cert_chain": [
            certificate(
              "<inline>", simulation.names.hash(proxy.proxyID), [["uri": .string(uri)]], from: issued,
              to: issued + 86_400)
          ],
        ]
      ]
    ]
  }

  private func serverInfo(_ view: ProxyView) -> JSONValue {
    let uptime = JSONValue.string("\(max(0, ProxyView.whole(time - simulation.start)))s")
    var node = view.node
    node["user_agent_name"] = "envoy"
    node["user_agent_build_version"] = ["version": ["major_number": 1, "minor_number": 40, "patch": 0]]
    return [
      "version": "9e5580933739775e8bce696a57a2e1bc99368f23/1.40.0/Clean/RELEASE/BoringSSL", "state": "LIVE",
      "uptime_current_epoch": uptime, "uptime_all_epochs": uptime, "hot_restart_version": "11.104",
      "command_line_options": [
        "base_id": "0", "concurrency": 2, "config_path": "etc/istio/proxy/envoy-rev.json", "log_level": "warning",
        "service_cluster": .string("\(proxy.labels["app"] ?? proxy.workload).\(proxy.namespace)"),
        "service_node": .string(view.nodeID), "drain_time": "45s", "parent_shutdown_time": "60s", "mode": "Serve",
      ],
      "node": node, "hot_restart_initializing": false,
    ]
  }

  // MARK: Statistics

  private func stats(_ view: ProxyView, _ request: PlainRequest) -> PlainAnswer {
    let pattern = request["filter"].flatMap { try? Regex($0) }
    var values = counters(view)
    values = values.filter { stat in pattern.map { stat.name.contains($0) } ?? true }
    if request["usedonly"] != nil { values = values.filter { $0.value > 0 } }
    if request["format"] == "json" {
      return .json(["stats": .array(values.map { ["name": .string($0.name), "value": .int($0.value)] })])
    }
    return .text(values.map { "\($0.name): \($0.value)\n" }.joined())
  }

  private func counters(_ view: ProxyView) -> [(name: String, value: Int)] {
    let rejected = state.distribution.pushes.filter {
      $0.id > 0 && $0.time + state.distribution.delay(proxy) <= time && state.distribution.fault($0, proxy) != nil
    }.count
    let peers = (state.registry.instances[proxy.namespace] ?? [:]).values.filter { $0.workload == proxy.workload }.count
    let refused = ProxyView.whole((state.refusedTotals[proxy.workloadID] ?? 0) / Double(max(1, peers)))
    var values: [(name: String, value: Int)] = [
      ("cluster_manager.cds.update_rejected", 0), ("cluster_manager.cds.update_success", view.push.id + 1),
      ("control_plane.connected_state", 1), ("listener_manager.lds.update_rejected", 0),
      ("listener.0.0.0.0_15006.no_filter_chain_match", refused), ("server.days_until_first_cert_expiring", 0),
      ("server.live", 1), ("server.uptime", max(0, ProxyView.whole(time - simulation.start))),
    ]
    for name in view.routeConfigurations.map(\.name) {
      values.append(("http.outbound_0.0.0.0_\(name).rds.\(name).update_rejected", rejected))
      values.append(("http.outbound_0.0.0.0_\(name).rds.\(name).update_success", view.push.id + 1))
    }
    for (key, total) in state.upstreamTotals[proxy.workloadID] ?? [:] {
      let suffix = key.isError ? "upstream_rq_5xx" : "upstream_rq_2xx"
      values.append(("cluster.\(key.cluster).\(suffix)", ProxyView.whole(total / Double(max(1, peers)))))
    }
    return values.sorted { $0.name < $1.name }
  }
}

extension PlainAnswer {
  /// A JSON answer.
  static func json(_ value: JSONValue, indent: Int? = nil, status: Int = 200) -> PlainAnswer {
    PlainAnswer(status: status, body: JSONWriter.bytes(value, indent: indent) + [0x0A])
  }

  /// A plain text answer.
  static func text(_ text: String, status: Int = 200) -> PlainAnswer {
    PlainAnswer(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
  }
}
