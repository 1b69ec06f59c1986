import MeshModel

extension IstioProgrammed {
  /// What is asked of each proxy of the sample.
  struct Question: Sendable, Hashable {
    /// The hosts whose routes are wanted.
    var domains: Set<String>
    /// The names of the weighted rules by the place of their object, where all of these have names: what other rules lead to
    /// tells no weight.
    var rules: [String: [String]]
    /// The hosts of routes of other APIs, which are told by their domains alone.
    var others: Set<String> = []
    /// Whether routes of streams are wanted.
    var streams: Bool
    var rootNamespace: String

    func isWanted(_ hosts: [String]) -> Bool {
      hosts.contains { host in domains.contains(host) || domains.contains(String(host.prefix { $0 != ":" })) }
    }

    /// Whether a route of a host that is wanted may be that of a weighted rule: one with a single destination may have lost
    /// the others to a weight of 0.
    func isWanted(route name: String, madeFrom place: String, destinations: Int) -> Bool {
      guard destinations == 1, let names = rules[place] else { return true }
      return names.contains { name == $0 || name.hasPrefix($0 + ".") }
    }

    /// What is kept of a route. One that says which VirtualService it was made from is told by that, and needs no domains,
    /// which are most of it.
    func kept(_ route: EnvoyConfigDump.Found) -> EnvoyConfigDump.Found? {
      guard isWanted(route: route.name, madeFrom: route.place, destinations: route.clusters.count) else { return nil }
      var route = route
      if rules[route.place] != nil, !route.domains.contains(where: others.contains) {
        route.domains = []
      }
      return route
    }

    /// What of a proxy's routes is read.
    var wanted: RoutesReader.Wanted { RoutesReader.Wanted(hosts: { isWanted($0) }, route: { kept($0) }) }

    /// The names of weighted rules by the place of their object, but for objects that hand on to others or have weighted rules
    /// without names.
    static func rules(of routes: [Route], roots: [ObjectRef: [DelegateRoot]]) -> [String: [String]] {
      let others = Set(roots.values.joined().map(\.ref.shortName))
      var rules: [String: [String]] = [:]
      for route in routes
      where route.dialect == .istio && !route.hosts.isEmpty && !others.contains(route.ref.shortName) {
        let names = route.rules.filter { $0.backends.count > 1 }.map(\.name)
        if !names.contains("") { rules[route.ref.shortName] = names }
      }
      return rules
    }

    /// The full hosts of routes that are no VirtualServices.
    static func others(of routes: [Route], _ settings: MeshSettings) -> Set<String> {
      Set(
        routes.lazy.filter { $0.dialect != .istio }.flatMap { route in
          route.hosts.map { IstioHost.resolved($0, namespace: route.ref.namespace, domain: settings.domain) }
        })
    }
  }
}

extension IstioProgrammed.Question {
  /// The question of routes.
  ///
  /// - Parameter called: The routes under whose hosts they are run.
  init(of routes: [Route], called: [Route], roots: [ObjectRef: [DelegateRoot]], _ settings: MeshSettings) {
    self.init(
      domains: Set(
        called.lazy.flatMap { route in
          route.hosts.map { IstioHost.resolved($0, namespace: route.ref.namespace, domain: settings.domain) }
        }),
      rules: Self.rules(of: routes, roots: roots), others: Self.others(of: routes, settings),
      streams: routes.contains { route in route.rules.contains { $0.layer == .tcp || $0.layer == .tls } },
      rootNamespace: settings.rootNamespace)
  }
}
