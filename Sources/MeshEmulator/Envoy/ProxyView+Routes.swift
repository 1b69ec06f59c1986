import MeshModel

extension ProxyView {
  /// `dynamic_route_configs`: for a sidecar one a port of HTTP services, for a gateway one a server; a waypoint's stand in
  /// its listeners, which are not emulated.
  var routeConfigurations: [Resource] {
    let configurations = proxy.isWaypoint ? [] : proxy.proxy == .gateway ? gatewayRoutes : sidecarRoutes
    return configurations.map { name, hosts in
      Resource(name: name) {
        [
          "version_info": .string(version),
          "route_config": Self.typed(
            "envoy.config.route.v3.RouteConfiguration",
            ["name": .string(name), "virtual_hosts": .array(hosts()), "validate_clusters": false]),
          "last_updated": .string(lastUpdated),
        ]
      }
    }
  }

  private var sidecarRoutes: [(String, () -> [JSONValue])] {
    var served: [Int: [(RegistryService, RegistryService.Port)]] = [:]
    for service in services {
      for port in service.ports where Self.isHTTP(port) { served[port.number, default: []].append((service, port)) }
    }
    return served.sorted { String($0.key) < String($1.key) }.map { port, served in
      (String(port), { served.map(virtualHost) + [Self.allowAny] })
    }
  }

  private var gatewayRoutes: [(String, () -> [JSONValue])] {
    let bound = push.configuration.virtualServices.values.filter { $0.gateways != ["mesh"] && !$0.http.isEmpty }
      .sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
    guard !bound.isEmpty else { return [] }
    let hosts = bound.flatMap { service in
      service.hosts.map { host -> JSONValue in
        [
          "name": .string("\(host):443"), "domains": [.string(host)],
          "routes": .array(
            push.configuration.rules(of: service).flatMap { rule in
              routes(rule, of: service, port: 443)
            }),
          "include_request_attempt_count": true,
        ]
      }
    }
    let gateway = bound.first?.gateways.first { $0 != "mesh" }?.split(separator: "/").map(String.init) ?? []
    return [("https.443.https.\(gateway.last ?? "gateway").\(gateway.first ?? "")", { hosts })]
  }

  private func virtualHost(_ service: RegistryService, _ port: RegistryService.Port) -> JSONValue {
    let bound = push.configuration.virtualService(for: service.host, client: proxy.namespace, gateway: "mesh")
    var routes: [JSONValue] = []
    if let bound, !bound.http.isEmpty {
      for rule in push.configuration.rules(of: bound) {
        routes += self.routes(rule, of: bound, port: port.number)
      }
    } else {
      routes = [
        [
          "match": ["prefix": "/"],
          "route": [
            "cluster": .string("outbound|\(port.number)||\(service.host)"), "timeout": "0s",
            "retry_policy": Self.retryPolicy(nil),
            "max_stream_duration": ["max_stream_duration": "0s", "grpc_timeout_header_max": "0s"],
          ],
          "decorator": ["operation": .string("\(service.host):\(port.number)/*")], "name": "default",
        ]
      ]
    }
    return [
      "name": .string("\(service.host):\(port.number)"), "domains": .array(domains(service, port.number)),
      "routes": .array(routes), "include_request_attempt_count": true,
    ]
  }

  private func domains(_ service: RegistryService, _ port: Int) -> [JSONValue] {
    var names = [service.host]
    if !service.isServiceEntry {
      let qualified = "\(service.name).\(service.namespace)"
      names +=
        service.namespace == proxy.namespace
        ? [service.name, "\(qualified).svc", qualified] : [qualified, "\(qualified).svc"]
    }
    if !service.address.isEmpty, service.address != "0.0.0.0", service.address != "None" {
      names.append(service.address)
    }
    return names.flatMap { [.string($0), .string("\($0):\(port)")] }
  }

  /// The Envoy routes of one rule: one a set of conditions.
  private func routes(_ rule: HTTPRule, of service: VirtualService, port: Int) -> [JSONValue] {
    let matches: [RequestMatch?] = rule.matches.isEmpty ? [nil] : rule.matches
    return matches.filter { $0?.port == nil || $0?.port == port }.map { match in
      var route: JSONValue = ["match": match.map(Self.match) ?? ["prefix": "/"]]
      if let status = rule.directStatus {
        route["direct_response"] = ["status": .int(status)]
      } else if let redirect = rule.redirect {
        route["redirect"] = ["host_redirect": redirect["authority"] ?? ""]
      } else {
        route["route"] = action(rule, port: port)
      }
      route["metadata"] = Self.metadata(service.namespace, "virtual-service", service.name)
      route["decorator"] = ["operation": .string(operation(route, of: service, match: match?.uri, port: port))]
      if let fault = Self.fault(rule) { route["typed_per_filter_config"] = ["envoy.filters.http.fault": fault] }
      if let name = rule.name { route["name"] = .string(name) }
      return route
    }
  }

  /// The name of a route in traces: the cluster's host where there is one cluster, else the virtual service's name.
  private func operation(_ route: JSONValue, of service: VirtualService, match: StringMatch?, port: Int) -> String {
    let cluster = route["route"]?["cluster"]?.string
    let host = cluster?.split(separator: "|", omittingEmptySubsequences: false).last.map(String.init) ?? service.name
    let path =
      switch match {
      case .exact(let text): text
      case .prefix(let text): "\(text)*"
      case .regex(let text): text
      case .present, nil: "/*"
      }
    return "\(host):\(port)\(path)"
  }

  private func action(_ rule: HTTPRule, port: Int) -> JSONValue {
    var action: JSONValue = [:]
    let shares = RouteDestination.shares(rule.routes)
    if shares.count == 1, let only = shares.first {
      action["cluster"] = .string(cluster(only.destination, port: port))
    } else {
      action["weighted_clusters"] = [
        "clusters": .array(
          shares.map {
            ["name": .string(cluster($0.destination, port: port)), "weight": .int($0.destination.weight)]
          })
      ]
    }
    action["timeout"] = Self.duration(rule.timeout ?? 0)
    action["retry_policy"] = Self.retryPolicy(rule.retries)
    action["max_grpc_timeout"] = Self.duration(rule.timeout ?? 0)
    if !rule.mirrors.isEmpty {
      action["request_mirror_policies"] = .array(
        rule.mirrors.map { mirror in
          var fraction: JSONValue = [:]
          if mirror.share > 0 { fraction["numerator"] = .int(Self.whole((mirror.share * 1_000_000).rounded())) }
          fraction["denominator"] = "MILLION"
          return [
            "cluster": .string(cluster(mirror.destination, port: port)),
            "runtime_fraction": ["default_value": fraction], "trace_sampled": false,
          ]
        })
    }
    return action
  }

  func cluster(_ destination: RouteDestination, port: Int) -> String {
    let host = registry.resolve(destination.host, in: proxy.namespace)
    let ports = registry.services[host]?.ports ?? []
    let number = destination.port ?? (ports.count == 1 ? ports.first?.number : nil) ?? port
    return "outbound|\(number)|\(destination.subset ?? "")|\(host)"
  }

  private static func match(_ match: RequestMatch) -> JSONValue {
    var value: JSONValue = [:]
    switch match.uri {
    case .exact(let text): value["path"] = .string(text)
    case .prefix(let text): value["prefix"] = .string(text)
    case .regex(let text): value["safe_regex"] = ["regex": .string(text)]
    case .present, nil: value["prefix"] = "/"
    }
    value["case_sensitive"] = .bool(!match.ignoresCase)
    var headers: [JSONValue] = match.headers.map { header($0.name, $0.match, inverted: false) }
    headers += match.withoutHeaders.map { header($0.name, $0.match, inverted: true) }
    if let method = match.method { headers.append(header(":method", method, inverted: false)) }
    if let authority = match.authority { headers.append(header(":authority", authority, inverted: false)) }
    if !headers.isEmpty { value["headers"] = .array(headers) }
    return value
  }

  private static func header(_ name: String, _ match: StringMatch, inverted: Bool) -> JSONValue {
    var value: JSONValue = ["name": .string(name)]
    switch match {
    case .exact(let text): value["string_match"] = ["exact": .string(text)]
    case .prefix(let text): value["string_match"] = ["prefix": .string(text)]
    case .regex(let text): value["string_match"] = ["safe_regex": ["regex": .string(text)]]
    case .present: value["present_match"] = true
    }
    if inverted { value["invert_match"] = true }
    return value
  }

  private static func retryPolicy(_ retries: HTTPRule.Retries?) -> JSONValue {
    let conditions = retries?.retryOn ?? HTTPRule.defaultRetryOn
    let codes = conditions.compactMap(Int.init)
    var names = conditions.filter { Int($0) == nil }
    if !codes.isEmpty, !names.contains("retriable-status-codes") { names.append("retriable-status-codes") }
    var policy: JSONValue = ["retry_on": .string(names.joined(separator: ","))]
    let attempts = retries?.attempts ?? 2
    if attempts > 0 { policy["num_retries"] = .int(attempts) }
    if let timeout = retries?.perTryTimeout { policy["per_try_timeout"] = duration(timeout) }
    policy["retry_host_predicate"] = [
      [
        "name": "envoy.retry_host_predicates.previous_hosts",
        "typed_config": typed("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"),
      ]
    ]
    policy["host_selection_retry_max_attempts"] = "5"
    if !codes.isEmpty { policy["retriable_status_codes"] = .array(codes.map { .int($0) }) }
    return policy
  }

  private static func fault(_ rule: HTTPRule) -> JSONValue? {
    guard rule.delay != nil || rule.abort != nil else { return nil }
    func percentage(_ share: Double) -> JSONValue {
      let parts = whole((share * 1_000_000).rounded())
      return parts > 0 ? ["numerator": .int(parts), "denominator": "MILLION"] : ["denominator": "MILLION"]
    }
    var value: JSONValue = [:]
    if let delay = rule.delay {
      value["delay"] = ["fixed_delay": duration(delay.milliseconds), "percentage": percentage(delay.share)]
    }
    if let abort = rule.abort {
      value["abort"] = ["http_status": .int(abort.status), "percentage": percentage(abort.share)]
    }
    return typed("envoy.extensions.filters.http.fault.v3.HTTPFault", value)
  }

  static func metadata(_ namespace: String, _ kind: String, _ name: String) -> JSONValue {
    [
      "filter_metadata": [
        "istio": ["config": .string("/apis/networking.istio.io/v1alpha3/namespaces/\(namespace)/\(kind)/\(name)")]
      ]
    ]
  }

  private static let allowAny: JSONValue = [
    "name": "allow_any", "domains": ["*"],
    "routes": [
      [
        "match": ["prefix": "/"],
        "route": ["cluster": "PassthroughCluster", "timeout": "0s", "max_grpc_timeout": "0s"],
        "name": "allow_any",
      ]
    ],
    "include_request_attempt_count": true,
  ]
}
