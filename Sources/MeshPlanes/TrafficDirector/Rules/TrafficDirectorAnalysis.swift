import MeshModel

/// The configuration problems that Google itself does not tell.
struct TrafficDirectorAnalysis {
  private let snapshot: MeshSnapshot
  private let plane: PlaneName
  private let rules: TrafficDirectorRules

  init(_ snapshot: MeshSnapshot, plane: PlaneName, rules: TrafficDirectorRules) {
    self.snapshot = snapshot
    self.plane = plane
    self.rules = rules
  }

  func findings() -> [Finding] {
    let routes = snapshot.routes.values.filter { $0.ref.plane == plane && $0.dialect == .trafficDirector }
    let servicesKnown = snapshot.services.keys.contains { $0.plane == plane }
    let routing = TrafficDirectorRouting(snapshot, plane: plane)
    return routes.flatMap { route in
      route.rules.flatMap { rule in
        weights(rule, route) + faults(rule, route) + (servicesKnown ? targets(rule, route, routing) : [])
      } + unreachable(route) + attachment(route)
    }
  }

  private func weights(_ rule: Rule, _ route: Route) -> [Finding] {
    // On the wire of all but gRPC routes a weight of 0 and none are the same.
    let written = rule.backends.map(\.weight)
    let isMixed = written.contains { $0 != nil } && written.contains { $0 == nil }
    let weights = isMixed && rule.layer != .grpc ? written.map { $0 ?? 0 } : written
    guard let fault = TrafficDirectorWeights.fault(weights) else { return [] }
    return [
      Finding(
        code: "MD4201", severity: .error, object: route.ref,
        pointer: rule.pointer.appending("action").appending("destinations"), message: fault.description,
        remedy: "give every destination a weight of 0 or more, one of them above 0")
    ]
  }

  private func targets(_ rule: Rule, _ route: Route, _ routing: TrafficDirectorRouting) -> [Finding] {
    // A backend service of another project cannot be looked for here.
    rule.backends.filter { !$0.host.contains("/") && routing.target(of: $0, in: route).service == nil }.map { backend in
      Finding(
        code: "MD4202", severity: .error, object: route.ref, pointer: backend.pointer.appending("serviceName"),
        message: "there is no backend service \(backend.host) for the mesh",
        remedy: "create it with loadBalancingScheme INTERNAL_SELF_MANAGED, or take the destination away")
    }
  }

  /// Source: google-cloud-network-services 0.10.4, `HttpRoute.RouteAction.fault_injection_policy`.
  private func faults(_ rule: Rule, _ route: Route) -> [Finding] {
    guard rule.fault != nil, rule.timeout != nil || rule.retries != nil else { return [] }
    return [
      Finding(
        code: "MD4203", severity: .warning, object: route.ref,
        pointer: rule.pointer.appending("action").appending("faultInjectionPolicy"),
        message: "clients ignore timeout and retries while there is a fault to inject",
        remedy: "take the fault away when the trial is over")
    ]
  }

  private func unreachable(_ route: Route) -> [Finding] {
    rules.unreachableRules(of: route).sorted { $0.key < $1.key }.map { index, reason in
      Finding(
        code: "MD4204", severity: .warning, object: route.ref, pointer: route.rules[index].pointer,
        message: "no request reaches it: \(reason)", remedy: "move it before that rule, or take it away")
    }
  }

  private func attachment(_ route: Route) -> [Finding] {
    guard route.attachedTo.isEmpty else { return [] }
    return [
      Finding(
        code: "MD4205", severity: .warning, object: route.ref, pointer: "/meshes",
        message: "it is attached to no mesh and no gateway, so no proxy gets it",
        remedy: "name a mesh in meshes or a gateway in gateways")
    ]
  }
}
