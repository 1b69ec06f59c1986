import MeshModel

/// The configuration problems that Consul stores without a word, or that only show with other entries.
struct ConsulAnalysis {
  private let snapshot: MeshSnapshot
  private let plane: PlaneName
  private let routing: ConsulRouting

  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    self.snapshot = snapshot
    self.plane = plane
    routing = ConsulRouting(snapshot, plane: plane)
  }

  func findings() -> [Finding] {
    let routes = snapshot.routes.values.filter { $0.ref.plane == plane && $0.dialect == .consul }
    let catalogKnown = snapshot.services.keys.contains { $0.plane == plane }
    return routes.flatMap { route in
      sums(route) + subsets(route) + reports(route.status, of: route.ref)
        + (catalogKnown ? services(route) + protocols(route) : [])
    } + gateways() + (catalogKnown ? intentions() : [])
  }

  private func gateways() -> [Finding] {
    snapshot.gateways.values.filter { $0.ref.plane == plane && $0.ref.kind == ConsulKind.apiGateway.rawValue }
      .flatMap { reports($0.status, of: $0.ref) }
  }

  /// What the controller of API gateways finds wrong with one, or with a route of one.
  private func reports(_ status: [StatusReport], of ref: ObjectRef) -> [Finding] {
    status.flatMap { report in
      report.conditions.compactMap { condition -> Finding? in
        guard condition.holds == (condition.type == "Conflicted") else { return nil }
        let place = report.subject.isEmpty ? "" : " at \(report.subject)"
        let words = [condition.reason, condition.message].filter { !$0.isEmpty }.joined(separator: ": ")
        return Finding(
          code: "MD5106", severity: .error, object: ref, pointer: "/Status",
          message:
            "\(condition.type == "Conflicted" ? "it is in conflict" : "not \(condition.type)")\(place): \(words)",
          remedy: "correct what it names; the gateway does not carry this until then")
      }
    }
  }

  private func sums(_ route: Route) -> [Finding] {
    guard route.ref.kind == ConsulKind.splitter.rawValue else { return [] }
    return route.rules.compactMap { rule in
      ConsulWeights.fault(rule.backends.map { $0.weight ?? 0 }).map { fault in
        Finding(
          code: "MD5101", severity: .error, object: route.ref, pointer: rule.pointer, message: fault.description,
          remedy: ConsulWeights.remedy)
      }
    }
  }

  private func subsets(_ route: Route) -> [Finding] {
    route.rules.flatMap(\.backends).compactMap { backend in
      guard let subset = backend.subset else { return nil }
      let resolver = routing.resolver(backend.host, route.ref.namespace)
      guard resolver?.subsets.contains(where: { $0.name == subset }) != true else { return nil }
      return Finding(
        code: "MD5102", severity: .error, object: route.ref, pointer: backend.pointer.appending("ServiceSubset"),
        message: "service \(backend.host) does not have a subset named \(subset)",
        remedy: "define it in the service-resolver of \(backend.host), or take the destination away")
    }
  }

  private func services(_ route: Route) -> [Finding] {
    route.rules.flatMap(\.backends).compactMap { backend in
      let resolver = routing.resolver(backend.host, route.ref.namespace)
      let isElsewhere = resolver?.settings.connectionPool?.contains("redirects to") ?? false
      guard routing.target(of: backend, in: route).service == nil, !isElsewhere else { return nil }
      return Finding(
        code: "MD5103", severity: .warning, object: route.ref, pointer: backend.pointer,
        message: "no service \(backend.host) is registered", remedy: "register it, or take the destination away")
    }
  }

  /// A splitter or router of a service that speaks no HTTP.
  private func protocols(_ route: Route) -> [Finding] {
    let isOfService = [ConsulKind.splitter.rawValue, ConsulKind.router.rawValue].contains(route.ref.kind)
    guard isOfService else { return [] }
    let ref = ObjectRef(plane: plane, namespace: route.ref.namespace, kind: "service", name: route.ref.name)
    guard let spoken = snapshot.services[ref]?.ports.first?.appProtocol,
      !["http", "http2", "grpc"].contains(spoken)
    else { return [] }
    return [
      Finding(
        code: "MD5104", severity: .error, object: route.ref, pointer: "",
        message: "its protocol is \(spoken), which does not permit advanced routing or splitting",
        remedy: "set Protocol: http in the service-defaults of \(route.ref.name)")
    ]
  }

  /// Intentions that turn away whoever is registered as a caller.
  private func intentions() -> [Finding] {
    snapshot.egressScopes.values.filter { $0.ref.plane == plane && $0.ref.kind == "upstreams" }.flatMap { scope in
      scope.hosts.compactMap { host -> Finding? in
        // Who may call a peer's service is decided by the peer's own intentions.
        let called = ObjectRef(
          plane: plane, namespace: scope.ref.namespace, kind: "service", name: ConsulName.encoded(host))
        guard snapshot.services[called]?.remote == nil else { return nil }
        guard let decision = decision(caller: scope.ref.name, service: host, scope.ref.namespace), decision.isDenied
        else { return nil }
        return Finding(
          code: "MD5105", severity: .warning, object: decision.policy, pointer: "/Sources",
          message: "\(scope.ref.name) has \(host) as an upstream, and this intention denies it",
          remedy: "allow \(scope.ref.name), or take the upstream from its proxy")
      }
    }
  }

  /// The intention that decides, by Consul's precedence: a destination by name before the wildcard, then the source.
  private func decision(
    caller: String, service: String, _ namespace: String
  ) -> (policy: ObjectRef, isDenied: Bool)? {
    for destination in [service, "*"] {
      let ref = ConsulName(kind: .intentions, name: destination, namespace: namespace).ref(plane: plane)
      guard let policy = snapshot.accessPolicies[ref] else { continue }
      for source in [caller, "*"] {
        if policy.rules.contains("deny \(source)") { return (ref, true) }
        if policy.principals.contains(source) { return (ref, false) }
      }
    }
    return nil
  }
}
