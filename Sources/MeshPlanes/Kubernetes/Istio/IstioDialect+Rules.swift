public import MeshModel

extension IstioDialect: DialectRules {
  /// The routing rules over a snapshot, indexed once.
  public func routing(in snapshot: MeshSnapshot, plane: PlaneName) -> any RoutingRules {
    IstioRouting(index: indices.index(of: snapshot, plane: plane))
  }

  /// The share of each backend by Istio's weights: proportions of their sum.
  public func shares(of rule: Rule) -> [Double] { IstioWeights.shares(rule.backends) }

  /// The rules an earlier rule takes everything from.
  public func unreachableRules(of route: Route) -> [Int: String] {
    var findings: [Finding] = []
    UnreachableRules.check(route, into: &findings)
    var reasons: [Int: String] = [:]
    for finding in findings where finding.code == "MD1130" {
      if let index = route.rules.firstIndex(where: { $0.pointer == finding.pointer }) {
        reasons[index] = finding.message
      }
    }
    return reasons
  }

  /// The problems of a plane's Istio configuration.
  public func findings(in snapshot: MeshSnapshot, plane: PlaneName) -> [Finding] {
    IstioAnalysis(snapshot, plane: plane, index: indices.index(of: snapshot, plane: plane)).findings()
  }

  /// Istio's mTLS over a snapshot.
  public func mtls(in snapshot: MeshSnapshot, plane: PlaneName) -> any MTLSRules {
    IstioMTLS(snapshot, plane: plane, index: indices.index(of: snapshot, plane: plane))
  }

  /// The entities an Istio object stands for; none for an object of another API.
  public func entities(from object: JSONValue, plane: PlaneName) throws(MeshError) -> [Entity] {
    do { return try IstioObjects.entities(fromNative: object, plane: plane) } catch {
      throw MeshError(.usage, "this is no Istio object: \(error)", underlying: error)
    }
  }
}

extension IstioMTLS: MTLSRules {
  /// What a workload accepts on a container port, and why.
  public func accepted(by workload: Workload, port: Int?) -> (mode: MTLSMode, reasons: [Reason]) {
    if workload.ref.kind == Service.addressesKind {
      return (.disable, [Reason("these are addresses written for a service: no proxy of the mesh stands before them")])
    }
    // A port of the container that no service leads to has no listener of its own in the older API.
    if let port, let older = servers.older,
      !older.services(leadingTo: workload.labels, in: workload.ref.namespace).contains(where: {
        $0.ports.contains { ($0.targetPort ?? $0.port) == port }
      })
    {
      return serverMode(workload: workload, port: nil)
    }
    return serverMode(workload: workload, port: port)
  }

  /// The container ports that policies of the older API name by their services' ports.
  public var exceptionalPorts: Set<Int> { servers.older?.exceptionalPorts ?? [] }

  /// What happens when a workload calls a port of a service served by another.
  public func verdict(client: Workload, server: Workload, service: Service, port: Int) -> MTLSVerdict {
    verdict(client: client, service: service, port: port, server: server.ref)
  }
}

/// Istio's routing over one snapshot: hosts, subsets and instances indexed once.
struct IstioRouting: RoutingRules {
  let index: IstioIndex

  func target(of backend: Backend, in route: Route) -> BackendTarget {
    let host = index.hosts.resolved(backend.host, in: route.ref.namespace)
    guard let service = index.hosts.service(backend.host, in: route.ref.namespace) else {
      return BackendTarget(host: host, service: nil, workloads: [])
    }
    let subset = backend.subset.flatMap { name in
      index.destinations.subset(
        name, host: host, serviceNamespace: service.ref.namespace, callerNamespace: route.ref.namespace)?.subset
    }
    // An unknown subset leads nowhere (503 NR), not to all instances.
    if backend.subset != nil, subset == nil { return BackendTarget(host: host, service: service.ref, workloads: []) }
    let labels = service.selector.merging(subset?.labels ?? [:]) { $1 }
    var found = Set(index.instances.instances(of: service, subset: subset).map(\.workload))
    if !service.selector.isEmpty {
      found.formUnion(index.workloads.selected(by: labels, in: service.ref.namespace))
    }
    return BackendTarget(host: host, service: service.ref, workloads: found.sorted())
  }

  func programmed(_ rule: Rule, of route: Route, in report: ProgrammedReport) -> [Known<ProgrammedWeight>] {
    let roots = index.roots[route.ref] ?? []
    guard !route.hosts.isEmpty || !roots.isEmpty else {
      return rule.backends.map { _ in .unknown("no VirtualService hands requests on to this one") }
    }
    return switch ProgrammedWeights.of(route, rule: rule, in: report, settings: index.settings, roots: roots) {
    case .unknown(let reason): rule.backends.map { _ in .unknown(reason) }
    case .known(let weights, let source, let at):
      weights.backends.map { backend in
        .known(
          ProgrammedWeight(
            weight: backend.weight, share: backend.share, proxies: weights.agreeing.count + weights.disagreeing.count,
            acknowledged: weights.agreeing.count, since: weights.since),
          source: source, at: at)
      }
    }
  }
}
