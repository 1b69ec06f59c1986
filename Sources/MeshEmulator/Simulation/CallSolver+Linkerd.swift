/// The route object by which a proxy of Linkerd chose a backend.
struct RouteOrigin: Sendable, Hashable {
  var group: String
  /// As it is written, such as `HTTPRoute`.
  var kind: String
  var namespace: String
  var name: String
}

extension CallSolver {
  /// A call of a workload whose proxy is Linkerd's: by the newest routes, which its proxies are told of at once.
  ///
  /// Source: Linkerd, "HTTPRoute": requests that no rule matches get 404, those of an invalid backend 500; nothing is
  /// retried that no route or profile says.
  mutating func outcomeThroughLinkerd(of call: Scenario.Call, from caller: Instance) -> CallOutcome {
    let host = registry.resolve(call.to, in: caller.namespace)
    guard let service = registry.services[host], let port = service.port(call.port) else {
      return outcomeOutside(of: call, from: caller)
    }
    guard ["HTTP", "HTTP2", "GRPC"].contains(port.protocol),
      let route = linkerd.route(for: host, of: service, client: caller.namespace),
      !route.http.isEmpty
    else { return direct(service, port, call, caller, rule: nil) }
    let rule = Self.rule(of: route, for: call, from: caller, port: port.number)
    // A profile's classes of requests name no backend: the service itself serves them, as it does what no class names.
    guard let rule else {
      return route.origin?.kind == "ServiceProfile"
        ? direct(service, port, call, caller, rule: nil)
        : CallOutcome(
          seen: [Outcome(share: 1, code: 404, latency: .about(0.3))], service: service, port: port.number)
    }
    guard !rule.routes.isEmpty else { return direct(service, port, call, caller, rule: rule) }
    return spread(rule, of: route, from: service, port.number, call, caller)
  }

  private static func rule(
    of route: VirtualService, for call: Scenario.Call, from caller: Instance, port: Int
  ) -> HTTPRule? {
    let request = RequestShape(
      method: call.method, path: call.path, authority: call.to, headers: call.headers, port: port)
    return route.http.first { rule in
      rule.matches.isEmpty
        || rule.matches.contains {
          $0.matches(request, source: caller.labels, namespace: caller.namespace, gateway: "mesh")
        }
    }
  }

  /// A call over the weighted backends of a rule.
  private mutating func spread(
    _ rule: HTTPRule, of route: VirtualService, from parent: RegistryService, _ port: Int, _ call: Scenario.Call,
    _ caller: Instance
  ) -> CallOutcome {
    var result = CallOutcome()
    for (destination, share) in RouteDestination.shares(rule.routes) {
      guard let backend = registry.services[destination.host],
        let target = backend.port(destination.port ?? (backend.ports.count == 1 ? nil : port))
      else {
        result.add(
          CallOutcome(seen: [Outcome(share: 1, code: 500, latency: .about(0.3))], service: parent, port: port),
          share: share)
        continue
      }
      var part = direct(backend, target, call, caller, rule: rule)
      for index in part.seen.indices { part.seen[index].origin = route.origin }
      result.add(part, share: share)
    }
    result.parent = parent
    return result
  }

  /// A call to a host outside the cluster: as the network its address belongs to says, else let out.
  ///
  /// Source: Linkerd, "Managing egress traffic": what no route of a network that denies names is answered 403; a route may
  /// lead back to a Service.
  private mutating func outcomeOutside(of call: Scenario.Call, from caller: Instance) -> CallOutcome {
    guard let outside = behaviours[call.to], let address = outside.address else {
      return CallOutcome(seen: [Outcome(share: 1, code: 502, latency: .about(0.5))])
    }
    let place = RegistryService(outside: call.to, port: call.port ?? 80, address: address)
    if let network = linkerd.egressNetwork(for: address, from: caller.namespace) {
      let route = linkerd.route(for: call.to, through: network, client: caller.namespace)
      let rule = route.flatMap { Self.rule(of: $0, for: call, from: caller, port: place.ports[0].number) }
      if let route, let rule, rule.routes.contains(where: { registry.services[$0.host] != nil }) {
        return spread(rule, of: route, from: place, place.ports[0].number, call, caller)
      }
      if rule == nil, !network.letsOut {
        return CallOutcome(
          seen: [Outcome(share: 1, code: 403, isRefused: true, latency: .about(0.3))], service: place,
          port: place.ports[0].number)
      }
    }
    return answered(by: outside.behaviour, at: place, port: place.ports[0].number)
  }

  private mutating func direct(
    _ service: RegistryService, _ port: RegistryService.Port, _ call: Scenario.Call, _ caller: Instance,
    rule: HTTPRule?
  ) -> CallOutcome {
    let retries = rule?.retries ?? HTTPRule.Retries(attempts: 0, perTryTimeout: nil, retryOn: [])
    return tries(
      Cluster(service: service, port: port, labels: [:]), call: call, caller: caller, sent: .linkerd,
      policy: TryPolicy(retries: retries, timeout: rule?.timeout, configuration: MeshConfiguration()))
  }
}
