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
      return CallOutcome(seen: [Outcome(share: 1, code: 502, latency: .about(0.5))])
    }
    guard ["HTTP", "HTTP2", "GRPC"].contains(port.protocol),
      let route = linkerd.routes.virtualService(for: host, client: caller.namespace, gateway: "mesh"),
      !route.http.isEmpty
    else { return direct(service, port, call, caller, rule: nil) }
    let request = RequestShape(
      method: call.method, path: call.path, authority: call.to, headers: call.headers, port: port.number)
    let rule = route.http.first { rule in
      rule.matches.isEmpty
        || rule.matches.contains {
          $0.matches(request, source: caller.labels, namespace: caller.namespace, gateway: "mesh")
        }
    }
    // A profile's classes of requests name no backend: the service itself serves them, as it does what no class names.
    guard let rule else {
      return route.origin?.kind == "ServiceProfile"
        ? direct(service, port, call, caller, rule: nil)
        : CallOutcome(
          seen: [Outcome(share: 1, code: 404, latency: .about(0.3))], service: service, port: port.number)
    }
    guard !rule.routes.isEmpty else { return direct(service, port, call, caller, rule: rule) }
    var result = CallOutcome()
    for (destination, share) in RouteDestination.shares(rule.routes) {
      guard let backend = registry.services[destination.host],
        let target = backend.port(destination.port ?? (backend.ports.count == 1 ? nil : port.number))
      else {
        result.add(
          CallOutcome(seen: [Outcome(share: 1, code: 500, latency: .about(0.3))], service: service, port: port.number),
          share: share)
        continue
      }
      var part = direct(backend, target, call, caller, rule: rule)
      for index in part.seen.indices { part.seen[index].origin = route.origin }
      result.add(part, share: share)
    }
    result.parent = service
    return result
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
