public import MeshModel

/// How Consul's splitters, routers, resolvers, intentions and mTLS modes work out over a snapshot.
public struct ConsulRules: DialectRules {
  /// Consul.
  public var dialect: Dialect { .consul }

  /// The rules.
  public init() {}

  /// The routing rules over a snapshot, indexed once.
  public func routing(in snapshot: MeshSnapshot, plane: PlaneName) -> any RoutingRules {
    ConsulRouting(snapshot, plane: plane)
  }

  /// The share of each split: its percentage; a router's one destination gets everything.
  public func shares(of rule: Rule) -> [Double] {
    if rule.backends.count == 1, rule.backends[0].weight == nil { return [1] }
    let weights = rule.backends.map { $0.weight ?? 0 }
    return ConsulRouteWeights.govern(rule) ? ConsulRouteWeights.shares(weights) : ConsulWeights.shares(weights)
  }

  /// The routes of a router behind one that takes everything.
  public func unreachableRules(of route: Route) -> [Int: String] {
    guard let first = route.rules.firstIndex(where: { $0.matches.isEmpty }) else { return [:] }
    return Dictionary(
      route.rules.indices.filter { $0 > first }.map { ($0, "route \(first) takes every request") },
      uniquingKeysWith: { $1 })
  }

  /// The problems of a plane's configuration.
  public func findings(in snapshot: MeshSnapshot, plane: PlaneName) -> [Finding] {
    ConsulAnalysis(snapshot, plane: plane).findings()
  }

  /// Consul's mTLS modes over a snapshot.
  public func mtls(in snapshot: MeshSnapshot, plane: PlaneName) -> any MTLSRules {
    ConsulMTLS(snapshot, plane: plane)
  }

  /// The things an entry stands for; none for an object of another API.
  public func entities(from object: JSONValue, plane: PlaneName) throws(MeshError) -> [Entity] {
    ConsulEntryReader(json: object, plane: plane).entities()
  }
}

/// Consul's routing over one snapshot: a backend is a service, or a subset of it that its resolver defines.
struct ConsulRouting: RoutingRules {
  private let plane: PlaneName
  private let services: MeshSnapshot.Table<Service>
  private let workloads: [String: [Workload]]
  private let resolvers: [ObjectRef: DestinationPolicy]

  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    self.plane = plane
    services = snapshot.services
    workloads = Dictionary(
      grouping: snapshot.workloads.values.filter { $0.ref.plane == plane }
    ) { "\($0.ref.namespace)/\($0.labels[ConsulReading.serviceLabel] ?? "")" }
    resolvers = Dictionary(
      snapshot.destinations.filter { $0.key.plane == plane && $0.key.kind == ConsulKind.resolver.rawValue }
        .map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
  }

  /// The resolver of a service.
  func resolver(_ service: String, _ namespace: String) -> DestinationPolicy? {
    resolvers[ConsulName(kind: .resolver, name: service, namespace: namespace).ref(plane: plane)]
  }

  func target(of backend: Backend, in route: Route) -> BackendTarget {
    let space = route.ref.namespace
    let ref = ObjectRef(
      plane: plane, namespace: space, kind: "service", name: ConsulName.encoded(backend.host))
    let all = workloads["\(space)/\(backend.host)"] ?? []
    let label = backend.subset.map { ConsulReading.label(subset: $0) }
    let chosen = all.filter { workload in label.map { workload.labels[$0] != nil } ?? true }
    return BackendTarget(
      host: backend.host, service: services[ref] == nil ? nil : ref, workloads: chosen.map(\.ref).sorted())
  }

  /// What the gateways' controller says: a route is in effect at the listeners that it is bound to.
  private static func bound(_ rule: Rule, of route: Route, at: Instant) -> [Known<ProgrammedWeight>] {
    let listeners = route.status.filter { !$0.subject.isEmpty }
    guard !listeners.isEmpty else {
      return rule.backends.map { _ in .unknown("the gateways' controller has not reported on this route") }
    }
    let isAccepted = !route.status.contains { $0.subject.isEmpty && $0["Accepted"]?.holds == false }
    let bound = isAccepted ? listeners.count { $0["Bound"]?.holds == true } : 0
    return zip(rule.backends, ConsulRules().shares(of: rule)).map { backend, share in
      .known(
        ProgrammedWeight(
          weight: backend.weight ?? ConsulWeights.whole, share: share, proxies: listeners.count, acknowledged: bound),
        source: "status of the route", at: at)
    }
  }

  func programmed(_ rule: Rule, of route: Route, in report: ProgrammedReport) -> [Known<ProgrammedWeight>] {
    let kind = ConsulKind(rawValue: route.ref.kind)
    if kind == .httpRoute || kind == .tcpRoute { return Self.bound(rule, of: route, at: report.at) }
    guard kind == .splitter else {
      return rule.backends.map { _ in .unknown("a discovery chain tells the weights of splitters alone") }
    }
    let name = route.hosts.first ?? route.ref.name
    guard let chain = report.routes.first(where: { $0.proxy.plane == plane && $0.domains.contains(name) }) else {
      return rule.backends.map { _ in .unknown(report.gaps.last ?? "the discovery chain has no splitter") }
    }
    return rule.backends.map { backend in
      let cluster =
        chain.clusters.first { $0.host == backend.host && $0.subset == backend.subset }
        ?? chain.clusters.first { $0.host == backend.host && backend.subset == nil }
      guard let cluster else { return .unknown("the discovery chain leads elsewhere: another splitter or a redirect") }
      return .known(
        ProgrammedWeight(
          weight: cluster.weight, share: ConsulWeights.shares([cluster.weight])[0], proxies: 1, acknowledged: 1),
        source: "discovery chain", at: report.at)
    }
  }
}
