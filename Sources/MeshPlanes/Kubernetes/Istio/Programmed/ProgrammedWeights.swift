public import MeshModel

/// The weights that proxies were programmed with for one rule, over all proxies that were asked.
public struct ProgrammedWeights: Sendable, Hashable {
  /// The weight and share of each backend in most of the proxies, in the order of the rule's backends.
  public var backends: [Backend]
  /// The proxies that have exactly these weights.
  public var agreeing: [ObjectRef]
  /// The proxies that have other weights.
  public var disagreeing: [ObjectRef]
  /// The proxies that were asked.
  public var asked: Int
  /// The proxies connected to the control plane that acknowledged their routes, clusters and endpoints.
  public var acknowledged: Int
  /// The proxies connected to the control plane.
  public var connected: Int
  /// The proxies that rejected something, with their words.
  public var rejections: [ObjectRef: String]
  /// When the last of the proxies took it; `nil` where one does not tell.
  public var since: Instant?

  /// One backend as programmed.
  public struct Backend: Sendable, Hashable {
    /// The name, as the rule's.
    public var name: String
    /// The weight; 0 where the proxies have no such destination.
    public var weight: Int
    /// The share of requests, 0–1.
    public var share: Double

    /// Creates a backend.
    public init(name: String, weight: Int, share: Double) {
      self.name = name
      self.weight = weight
      self.share = share
    }
  }

  /// What a report says of a rule; unknown with the reason where it says nothing.
  ///
  /// Routes are told by the object in the proxy's metadata, or by their domains; rules by their name
  /// (Istio names a proxy's route `rule` or `rule.match`), or, where they have none, by their destinations. A delegate is
  /// told by its roots.
  ///
  /// - Parameter isNamed: Whether proxies name the route itself; else it is told by its domains alone.
  public static func of(
    _ route: Route, rule: Rule, in report: ProgrammedReport, settings: MeshSettings = MeshSettings(),
    roots: [DelegateRoot] = [], isNamed: Bool = true
  ) -> Known<ProgrammedWeights> {
    guard !report.asked.isEmpty else {
      return .unknown(report.gaps.first ?? "no proxy was asked")
    }
    let isStream = rule.layer == .tcp || rule.layer == .tls
    let hosts = route.hosts.map { IstioHost.resolved($0, namespace: route.ref.namespace, domain: settings.domain) }
    let candidates =
      isNamed
      ? report.routes(
        madeFrom: [route.ref.shortName] + roots.map(\.ref.shortName), answeringFor: hosts + roots.flatMap(\.hosts))
      : report.routes(answeringFor: hosts)
    let own = candidates.filter {
      guard $0.isStream == isStream else { return false }
      if isNamed ? belongs($0, to: route.ref, hosts: hosts) : $0.domains.contains(where: hosts.contains) {
        return fits($0, rule, of: route, settings)
      }
      for root in roots where belongs($0, to: root.ref, hosts: root.hosts) {
        if fits($0, rule, of: route, from: root, settings) { return true }
      }
      return false
    }
    guard !own.isEmpty else { return .unknown("none of \(report.asked.count) proxies asked has this rule") }
    var byProxy: [ObjectRef: [Int]] = [:]
    for programmed in own where byProxy[programmed.proxy] == nil {
      byProxy[programmed.proxy] = weights(programmed, rule, of: route, settings)
    }
    let votes = Dictionary(grouping: byProxy, by: \.value).mapValues(\.count)
    guard let winner = votes.max(by: { ($0.value, $1.key.description) < ($1.value, $0.key.description) })?.key else {
      return .unknown("no proxy has this rule")
    }
    let shares = IstioWeights.shares(winner)
    let backends = rule.backends.indices.map {
      Backend(name: rule.backends[$0].name, weight: winner[$0], share: shares[$0])
    }
    var result = ProgrammedWeights(
      backends: backends, agreeing: byProxy.filter { $0.value == winner }.map(\.key).sorted(),
      disagreeing: byProxy.filter { $0.value != winner }.map(\.key).sorted(), asked: report.asked.count,
      acknowledged: report.counts.acknowledged, connected: report.counts.connected,
      rejections: report.counts.rejections)
    let times = own.compactMap(\.updatedAt)
    result.since = times.count == own.count ? times.max() : nil
    return .known(result, source: source(of: byProxy.keys, in: report), at: report.at)
  }

  /// Whose word the weights are: the proxies' own, or istiod's for those it alone tells of.
  private static func source(of proxies: some Collection<ObjectRef>, in report: ProgrammedReport) -> String {
    let words = "config_dump of \(proxies.count) of \(report.asked.count) proxies"
    let sent = report.sent.count { proxies.contains($0) }
    if sent == 0 { return words }
    return sent == proxies.count
      ? "istiod's \(words), acknowledged by them" : "\(words), \(sent) by istiod and acknowledged"
  }

  /// Creates programmed weights.
  public init(
    backends: [Backend], agreeing: [ObjectRef], disagreeing: [ObjectRef], asked: Int, acknowledged: Int, connected: Int,
    rejections: [ObjectRef: String]
  ) {
    self.backends = backends
    self.agreeing = agreeing
    self.disagreeing = disagreeing
    self.asked = asked
    self.acknowledged = acknowledged
    self.connected = connected
    self.rejections = rejections
  }

  private static func belongs(_ programmed: ProgrammedRoute, to ref: ObjectRef, hosts: [String]) -> Bool {
    programmed.origin.isEmpty
      ? programmed.domains.contains { hosts.contains($0) } : programmed.place == ref.shortName
  }

  private static func fits(_ programmed: ProgrammedRoute, _ rule: Rule, of route: Route, _ settings: MeshSettings)
    -> Bool
  {
    if programmed.isStream {
      // Streams have no names: they are told by where they lead and, among those, by the names in TLS's greeting.
      let names = rule.matches.flatMap(\.sniHosts)
      guard names.isEmpty || programmed.domains.isEmpty || !Set(names).isDisjoint(with: programmed.domains) else {
        return false
      }
      return leads(programmed, by: rule, of: route, settings)
    }
    if !rule.name.isEmpty { return programmed.name == rule.name || programmed.name.hasPrefix(rule.name + ".") }
    if !programmed.name.isEmpty, route.rules.contains(where: { !$0.name.isEmpty && programmed.name.hasPrefix($0.name) })
    {
      return false
    }
    return leads(programmed, by: rule, of: route, settings)
  }

  /// Whether a proxy's route is a delegate's rule as its root runs it: rules without names of their own have the root's.
  private static func fits(
    _ programmed: ProgrammedRoute, _ rule: Rule, of route: Route, from root: DelegateRoot, _ settings: MeshSettings
  ) -> Bool {
    func hasName(_ rule: Rule) -> Bool {
      let name = root.name(of: rule)
      return programmed.name == name || programmed.name.hasPrefix(name + ".")
    }
    guard hasName(rule) else { return false }
    if !rule.name.isEmpty { return true }
    return !route.rules.contains { !$0.name.isEmpty && hasName($0) } && leads(programmed, by: rule, of: route, settings)
  }

  /// Whether a proxy's route leads to a rule's destinations alone.
  private static func leads(
    _ programmed: ProgrammedRoute, by rule: Rule, of route: Route, _ settings: MeshSettings
  ) -> Bool {
    programmed.clusters.allSatisfy { cluster in
      rule.backends.contains { matches(cluster, $0, of: route, settings) }
    }
  }

  private static func matches(
    _ cluster: ProgrammedRoute.Cluster, _ backend: MeshModel.Backend, of route: Route, _ settings: MeshSettings
  ) -> Bool {
    cluster.subset == backend.subset
      && cluster.host == IstioHost.resolved(backend.host, namespace: route.ref.namespace, domain: settings.domain)
      && (backend.port == nil || cluster.port == nil || backend.port == cluster.port)
  }

  private static func weights(
    _ programmed: ProgrammedRoute, _ rule: Rule, of route: Route, _ settings: MeshSettings
  ) -> [Int] {
    rule.backends.map { backend in
      programmed.clusters.filter { matches($0, backend, of: route, settings) }.reduce(0) { $0 + $1.weight }
    }
  }
}
