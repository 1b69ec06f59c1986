public import MeshModel

/// The rules of Envoy's own configuration: weights are proportions of their sum, and the first route that matches wins.
public struct EnvoyRules: DialectRules {
  /// Whether the routes are those of whoever configures the proxies, so that their weights are what is wanted.
  private let knowsDesired: Bool

  /// Creates the rules; those of proxies, which know what they run, unless said otherwise.
  public init(knowsDesired: Bool = false) { self.knowsDesired = knowsDesired }

  /// Envoy.
  public var dialect: Dialect { .envoy }

  /// The routing over a snapshot.
  public func routing(in snapshot: MeshSnapshot, plane: PlaneName) -> any RoutingRules {
    EnvoyRouting(snapshot, plane: plane)
  }

  /// Proportions of the sum of the weights.
  public func shares(of rule: Rule) -> [Double] { IstioWeights.shares(rule.backends) }

  /// Why the desired weights are not known: they are with whoever configures the proxy.
  public func desiredGap(of route: Route) -> String? {
    knowsDesired
      ? nil
      : "a proxy knows what it runs; what is wanted is with \(route.owners.first?.evidence ?? "whoever configures it")"
  }

  /// The rules behind one that matches everything for its virtual host.
  public func unreachableRules(of route: Route) -> [Int: String] {
    guard
      let index = route.rules.firstIndex(where: { rule in
        rule.layer == .http && (rule.matches.isEmpty || rule.matches.contains(where: \.isEmpty))
      })
    else { return [:] }
    let name = route.rules[index].name
    let words = "rule \(name.isEmpty ? String(index) : name) before it takes every request"
    return Dictionary(uniqueKeysWithValues: route.rules.indices.dropFirst(index + 1).map { ($0, words) })
  }

  /// Hosts that take no requests, circuit breakers that are open, and routes that nothing reaches.
  public func findings(in snapshot: MeshSnapshot, plane: PlaneName) -> [Finding] {
    EnvoyFindings(rules: self, snapshot: snapshot, plane: plane).all()
  }

  /// What listeners demand and clusters send.
  public func mtls(in snapshot: MeshSnapshot, plane: PlaneName) -> any MTLSRules { EnvoyMTLS(snapshot, plane: plane) }

  /// None: the objects of a plan are runtime overrides, which stand for no entity.
  public func entities(from object: JSONValue, plane: PlaneName) throws(MeshError) -> [Entity] { [] }

  /// The identity of a rule in a report of what proxies run.
  static func origin(group: String, route: String, rule: Int) -> String { "\(group)/\(route)#\(rule)" }
}

/// The routing of a fleet over one snapshot.
struct EnvoyRouting: RoutingRules {
  private let snapshot: MeshSnapshot
  /// How many rules lead to a cluster, by its identity.
  private var uses: [ObjectRef: Int] = [:]

  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    self.snapshot = snapshot
    for route in snapshot.routes.values where route.ref.plane == plane {
      for rule in route.rules {
        for target in Set(rule.backends.map { Self.workload($0, in: route) }) { uses[target, default: 0] += 1 }
      }
    }
  }

  private static func workload(_ backend: Backend, in route: Route) -> ObjectRef {
    ObjectRef(
      plane: route.ref.plane, namespace: route.ref.namespace, kind: "workload", name: EnvoyReader.name(backend.host))
  }

  func target(of backend: Backend, in route: Route) -> BackendTarget {
    let workload = Self.workload(backend, in: route)
    var service = workload
    service.kind = "service"
    return BackendTarget(
      host: backend.host, service: snapshot.services[service] == nil ? nil : service,
      workloads: snapshot.workloads[workload] == nil ? [] : [workload])
  }

  func isAlone(_ rule: Rule, of route: Route) -> Bool? {
    rule.backends.allSatisfy { (uses[Self.workload($0, in: route)] ?? 0) <= 1 }
  }

  func programmed(_ rule: Rule, of route: Route, in report: ProgrammedReport) -> [Known<ProgrammedWeight>] {
    func unknown(_ reason: String) -> [Known<ProgrammedWeight>] { rule.backends.map { _ in .unknown(reason) } }
    guard let index = route.rules.firstIndex(where: { $0.pointer == rule.pointer }) else {
      return unknown("this rule is not of this route")
    }
    let origin = EnvoyRules.origin(group: route.ref.namespace, route: route.ref.name, rule: index)
    var votes: [[Int]: Int] = [:]
    var asked = 0
    var since: Instant? = Instant(seconds: 0)
    for programmed in report.routes where programmed.origin == origin && programmed.proxy.plane == route.ref.plane {
      asked += 1
      since = since.flatMap { last in programmed.updatedAt.map { max(last, $0) } }
      votes[
        rule.backends.map { backend in programmed.clusters.first { $0.host == backend.host }?.weight ?? 0 }, default: 0] +=
        1
    }
    guard let winner = votes.max(by: { ($0.value, $1.key.description) < ($1.value, $0.key.description) })?.key else {
      return unknown(report.gaps.first ?? "no proxy that answers has this route")
    }
    let shares = IstioWeights.shares(winner)
    return rule.backends.indices.map { place in
      var spread: [Double: Int] = [:]
      if votes.count > 1 {
        for (weights, count) in votes { spread[IstioWeights.shares(weights)[place], default: 0] += count }
      }
      return .known(
        ProgrammedWeight(
          weight: winner[place], share: shares[place], proxies: asked, acknowledged: votes[winner] ?? 0, spread: spread,
          since: since),
        source: "config_dump and runtime of \(asked) prox\(asked == 1 ? "y" : "ies")", at: report.at)
    }
  }
}

/// TLS between a fleet and what it calls, as its listeners and clusters have it.
struct EnvoyMTLS: MTLSRules {
  private let snapshot: MeshSnapshot
  private let plane: PlaneName

  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    self.snapshot = snapshot
    self.plane = plane
  }

  func accepted(by workload: Workload, port: Int?) -> (mode: MTLSMode, reasons: [Reason]) {
    guard let group = workload.labels["envoy.group"] else {
      return (.unset, [Reason("what a cluster's hosts accept is not known to the proxies that call them")])
    }
    let listeners = snapshot.gateways.values.filter {
      $0.ref.plane == plane && $0.ref.namespace == workload.ref.namespace && $0.selector["envoy.group"] == group
        && (port == nil || $0.listeners.contains { $0.port == port })
    }.sorted { $0.ref < $1.ref }
    guard !listeners.isEmpty else { return (.unset, [Reason("the proxies have no listener there")]) }
    let modes = Set(listeners.flatMap(\.listeners).map { Self.mode($0.tls) })
    let reasons = listeners.flatMap { gateway in
      gateway.listeners.map { listener in
        Reason(
          "port \(listener.port): \(Self.words(listener.tls))",
          source: ValuePointer(object: gateway.ref, pointer: listener.pointer))
      }
    }
    return (modes.count == 1 ? modes.first ?? .unset : .permissive, reasons)
  }

  func verdict(client: Workload, server: Workload, service: Service, port: Int) -> MTLSVerdict {
    let ref = ObjectRef(plane: plane, namespace: service.ref.namespace, kind: "cluster", name: service.ref.name)
    let accepted = accepted(by: server, port: port)
    guard let policy = snapshot.destinations[ref], let mode = policy.settings.tls else {
      return MTLSVerdict(
        server: accepted.mode, client: "unknown", outcome: .unknown,
        reasons: [Reason("no proxy that was read has the cluster \(service.ref.name)")])
    }
    let source = ValuePointer(object: ref, pointer: "/transport_socket")
    let (outcome, words): (MTLSVerdict.Outcome, String) =
      switch mode {
      case .disable: (.plaintext, "the cluster has no TLS context")
      case .simple: (.applicationTLS, "the cluster's TLS context has no certificate of its own")
      case .mutual, .istioMutual: (.mtls, "the cluster presents a certificate of its own")
      }
    return MTLSVerdict(
      server: accepted.mode, client: mode.rawValue, outcome: outcome, reasons: [Reason(words, source: source)])
  }

  private static func mode(_ tls: String?) -> MTLSMode {
    switch tls {
    case nil: .disable
    case "MUTUAL": .strict
    default: .permissive
    }
  }

  private static func words(_ tls: String?) -> String {
    switch tls {
    case nil: "plaintext"
    case "MUTUAL": "TLS, and a client certificate is required"
    case "SIMPLE": "TLS without a client certificate"
    default: "TLS on some filter chains, plaintext on others"
    }
  }
}
