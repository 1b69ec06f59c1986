import MeshModel
import MeshTelemetry

extension TrafficIndex {
  /// What each backend of a rule got, where proxies count by route or gateways by service; `nil` where none does, and the
  /// workloads' own numbers have to do.
  func counted(_ rule: Rule, _ number: Int, of route: Route) -> [Known<TrafficSum>]? {
    let flows = flows(of: route.ref).filter { ($0.rule ?? number) == number }
    if flows.isEmpty { return byService(rule, of: route) }
    if flows.allSatisfy(\.backend.isEmpty) {
      return rule.backends.map { _ in .unknown("the gateway counts the backends of this rule together") }
    }
    if flows.contains(where: { $0.rule == nil }) {
      // Counted by route alone: two rules with a backend in common cannot be told apart.
      let others = route.rules.enumerated().filter { $0.offset != number }.flatMap { $0.element.backends }
      let isShared = rule.backends.contains { backend in others.contains { $0.host == backend.host } }
      if isShared { return rule.backends.map { _ in .unknown("metrics do not tell the rules of this route apart") } }
    }
    return rule.backends.enumerated().map { place, backend in
      sum(
        flows.filter { flow in
          flow.backend == "#\(place)"
            || (Self.names(flow, backend, in: route)
              && (flow.port == nil || backend.port == nil || flow.port == backend.port))
        })
    }
  }

  /// By service, where no two backends of the route lead to the same.
  private func byService(_ rule: Rule, of route: Route) -> [Known<TrafficSum>]? {
    let flows = rule.backends.map { backend in
      let parts = backend.host.split(separator: ".").map(String.init)
      return self.flows(
        toService: parts.first ?? backend.name, namespace: parts.count > 1 ? parts[1] : route.ref.namespace)
    }
    guard flows.contains(where: { !$0.isEmpty }) else { return nil }
    let hosts = route.rules.flatMap { $0.backends.map(\.host) }
    guard Set(hosts).count == hosts.count else {
      return rule.backends.map { _ in .unknown("the gateway counts by service, and rules of this route share one") }
    }
    return flows.map(sum)
  }

  private func sum(_ flows: [BackendFlow]) -> Known<TrafficSum> {
    .known(
      TrafficSum(flows.map(\.traffic)), source: flows.first?.traffic.query ?? "",
      at: flows.first?.traffic.at ?? Instant(seconds: 0))
  }

  private static func names(_ flow: BackendFlow, _ backend: Backend, in route: Route) -> Bool {
    let parts = backend.host.split(separator: ".").map(String.init)
    guard flow.backend == backend.name || flow.backend == parts.first else { return false }
    let namespace = parts.count > 1 ? parts[1] : route.ref.namespace
    return flow.backendNamespace.isEmpty || flow.backendNamespace == namespace
  }
}
