public import MeshModel

extension GatewayAPIDialect: DialectRules {
  /// The routing rules over a snapshot.
  public func routing(in snapshot: MeshSnapshot, plane: PlaneName) -> any RoutingRules {
    GatewayRouting(snapshot, plane: plane)
  }

  /// The share of each backend: its weight, 1 where absent, in proportion to the sum.
  public func shares(of rule: Rule) -> [Double] {
    GatewayWeights.shares(rule.backends.map { $0.weight ?? GatewayWeights.absent })
  }

  /// The rules all of whose conditions an earlier rule has too.
  ///
  /// Order tells nothing else here: the most specific condition wins, and only between equal ones the earlier rule.
  public func unreachableRules(of route: Route) -> [Int: String] { GatewayPrecedence.unreachable(route) }

  /// The problems of a plane's routes and gateways.
  public func findings(in snapshot: MeshSnapshot, plane: PlaneName) -> [Finding] {
    GatewayAnalysis(snapshot, plane: plane, dialect: .gatewayAPI).findings()
  }

  /// The Gateway API has no mTLS between workloads: BackendTLSPolicy is TLS of a gateway to its backend.
  public func mtls(in snapshot: MeshSnapshot, plane: PlaneName) -> any MTLSRules {
    NoMTLS(reason: "the Gateway API says nothing of TLS between workloads")
  }

  /// The entities one of its objects stands for.
  public func entities(from object: JSONValue, plane: PlaneName) throws(MeshError) -> [Entity] {
    try entities(fromNative: object, plane: plane)
  }
}

/// The precedence of rules.
enum GatewayPrecedence {
  static func unreachable(_ route: Route) -> [Int: String] {
    var reasons: [Int: String] = [:]
    var seen: [RuleMatch: Int] = [:]
    for (index, rule) in route.rules.enumerated() {
      let matches = rule.matches.isEmpty ? [RuleMatch()] : rule.matches
      let earlier = matches.compactMap { seen[$0] }
      if earlier.count == matches.count, let first = earlier.first {
        reasons[index] = "rule \(first) has the same conditions and comes first"
      }
      for match in matches where seen[match] == nil { seen[match] = index }
    }
    return reasons
  }
}

/// Routing over one snapshot: a backend is a Service.
struct GatewayRouting: RoutingRules {
  let targets: BackendTargets
  let settings: MeshSettings
  /// What Linkerd's proxies follow in place of a route.
  private let profiles: ProfilePrecedence
  /// The Gateways, as the subjects of routes' reports name them, whose controller says that they are not programmed.
  private let unprogrammed: Set<String>

  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    let waiting = snapshot.gateways.values.filter { gateway in
      gateway.ref.plane == plane && gateway.ref.kind == GatewayAPIKind.gateway.rawValue
        && gateway.status.contains { $0.subject.isEmpty && ($0["Programmed"]?.holds == false || !$0.isCurrent) }
    }
    unprogrammed = Set(waiting.map { "\($0.ref.namespace)/\($0.ref.name)" })
    targets = BackendTargets(snapshot, plane: plane)
    profiles = ProfilePrecedence(snapshot, plane: plane)
    settings = snapshot.meshes[plane] ?? MeshSettings()
  }

  func target(of backend: Backend, in route: Route) -> BackendTarget {
    backend.host.contains("/")
      ? BackendTarget(host: backend.host, service: nil, workloads: [])
      : targets.target(backend.host, in: route.ref.namespace)
  }

  /// What the proxies run where they could be asked (Istio's), else what the controllers report of the route.
  func programmed(_ rule: Rule, of route: Route, in report: ProgrammedReport) -> [Known<ProgrammedWeight>] {
    if let found = ProxyWeights.found(rule, of: route, in: report, settings: settings) { return found }
    if let profile = profiles.profile(before: route, targets) {
      return rule.backends.map { _ in
        .unknown("not in effect: Linkerd's proxies follow ServiceProfile \(profile.shortName) instead")
      }
    }
    return Self.reported(rule, of: route, at: report.at, isProgrammed: { isProgrammed($0, of: route) }) {
      GatewayWeights.shares(rule.backends.map { $0.weight ?? GatewayWeights.absent })
    }
  }

  /// Whether the Gateway that a report is about is programmed, as far as is known: a route is in effect no sooner than it.
  private func isProgrammed(_ report: StatusReport, of route: Route) -> Bool {
    guard report.subject.hasPrefix("gateway ") else { return true }
    // `gateway NAME`, or `gateway NAMESPACE/NAME`, then a section or port; a section is written like a namespace.
    let parts = report.subject.dropFirst("gateway ".count).prefix { $0 != ":" }.split(separator: "/").map(String.init)
    let places = parts.first.map { ["\(route.ref.namespace)/\($0)"] } ?? []
    let full = parts.count > 1 ? ["\(parts[0])/\(parts[1])"] : []
    return !(places + full).contains(where: unprogrammed.contains)
  }

  /// What the parents' conditions say: a route is in effect where it is accepted, its references are resolved, and the
  /// controller has seen its present generation.
  static func reported(
    _ rule: Rule, of route: Route, at: Instant, isProgrammed: (StatusReport) -> Bool = { _ in true },
    shares: () -> [Double]
  ) -> [Known<ProgrammedWeight>] {
    guard !route.status.isEmpty else {
      return rule.backends.map { _ in .unknown("no controller has reported on this route") }
    }
    let good = route.status.count { report in
      report.isCurrent && report["Accepted"]?.holds == true && report["ResolvedRefs"]?.holds ?? true
        && isProgrammed(report)
    }
    return zip(rule.backends, shares()).map { backend, share in
      .known(
        ProgrammedWeight(
          weight: backend.weight ?? GatewayWeights.absent, share: share, proxies: route.status.count,
          acknowledged: good),
        source: "status of \(route.status.map(\.controller).joined(separator: ", "))", at: at)
    }
  }
}
