public import MeshModel
import MeshPlanes
import MeshTelemetry

extension MeshView {
  /// Every rule with more than one backend, those that need attention first.
  public func splits(plane: PlaneName? = nil, namespace: String? = nil) -> [Split] {
    Self.inOrder(
      splits(
        of: snapshot.routes.values.filter { route in
          route.ref.isIn(plane: plane, namespace: namespace) && route.hasWeights
        }))
  }

  /// Every rule with more than one backend that needs attention, and the first of the others, up to a number.
  ///
  /// Only routes with traffic, routes without a ready backend and routes that proxies run otherwise are worked out anew; of
  /// the others nothing can have changed since the configuration did or the proxies were read.
  public func attentionSplits(calm limit: Int) -> [Split] {
    let routes = memo.routes(of: snapshot.generation) { weightedRoutes() }
    var busy: Set<BusyWorkload> = []
    // Of ten thousand most have not even the name of one.
    var names: Set<String> = []
    for placed in placedEdges() {
      let callee = placed.edge.destination
      names.insert(callee.workload)
      busy.insert(BusyWorkload(plane: placed.destination, namespace: callee.namespace, name: callee.workload))
    }
    let routesAt = programmed.compactMapValues { $0.value?.routesAt }
    let differing = memo.differing(of: snapshot.generation, routesAt: routesAt) { differingRoutes(of: routes) }
    var calm = limit
    let chosen = routes.filter { route in
      let isBusy = route.workloads.contains {
        names.contains($0.name)
          && busy.contains(BusyWorkload(plane: $0.plane, namespace: $0.namespace, name: $0.name))
      }
      if route.isUnready || isBusy || differing.contains(route.ref) { return true }
      calm -= 1
      return calm >= 0
    }
    let splits = Self.inOrder(splits(of: chosen.compactMap { snapshot.routes[$0.ref] }))
    let quiet = splits.firstIndex { !$0.needsAttention } ?? splits.endIndex
    return Array(splits.prefix(quiet + limit))
  }

  /// The routes that need attention for what proxies run of them. A programmed route that does not say what it was made from
  /// may belong to any.
  private func differingRoutes(of routes: [ConfigurationMemo.WeightedRoute]) -> Set<ObjectRef> {
    var still = self
    still.traffic = [:]
    let reports = programmed.compactMapValues(\.value)
    let told = routes.lazy.compactMap { snapshot.routes[$0.ref] }.filter { route in
      // What is no VirtualService with hosts of its own is run under another name than its own.
      guard let report = reports[route.ref.plane] else { return false }
      return route.dialect != .istio || route.hosts.isEmpty || !report.tellsOrigins
        || report.holds(madeFrom: route.ref.shortName)
    }
    var differing: Set<ObjectRef> = []
    still.eachSplits(of: told) { route, splits in
      if splits.contains(where: \.needsAttention) { differing.insert(route) }
    }
    return differing
  }

  private func weightedRoutes() -> [ConfigurationMemo.WeightedRoute] {
    var still = self
    (still.traffic, still.programmed) = ([:], [:])
    // One route after the other: the splits of ten thousand at once are most of what a screen needs.
    var known: [ConfigurationMemo.WeightedRoute] = []
    still.eachSplits(of: snapshot.routes.values.lazy.filter(\.hasWeights)) { route, splits in
      known.append(
        ConfigurationMemo.WeightedRoute(
          ref: route, workloads: Set(splits.flatMap { $0.backends.flatMap(\.workloads) }).sorted(),
          isUnready: splits.contains(where: \.needsAttention)))
    }
    return known.sorted { $0.ref < $1.ref }
  }

  private static func inOrder(_ splits: [Split]) -> [Split] {
    splits.sorted {
      ($0.needsAttention ? 0 : 1, $0.route, $0.ruleIndex) < ($1.needsAttention ? 0 : 1, $1.route, $1.ruleIndex)
    }
  }

  private func splits(of routes: [Route]) -> [Split] {
    var all: [Split] = []
    eachSplits(of: routes) { _, splits in all += splits }
    return all
  }

  /// Works out the weighted rules of routes, one route after the other.
  private func eachSplits(of routes: some Sequence<Route>, _ take: (ObjectRef, [Split]) -> Void) {
    var indices: [RulesKey: SplitIndex] = [:]
    for route in routes {
      let key = RulesKey(plane: route.ref.plane, dialect: route.dialect)
      guard let index = indices[key] ?? splitIndex(route) else { continue }
      indices[key] = index
      take(route.ref, splits(of: route, index))
    }
  }

  /// The weighted rules of one route.
  public func splits(of route: Route) -> [Split] { splitIndex(route).map { splits(of: route, $0) } ?? [] }

  private func splitIndex(_ route: Route) -> SplitIndex? {
    guard let rules = rules(of: route) else { return nil }
    return SplitIndex(
      rules: rules, routing: rules.routing(in: snapshot, plane: route.ref.plane),
      traffic: TrafficIndex(self, plane: route.ref.plane))
  }

  private func splits(of route: Route, _ index: SplitIndex) -> [Split] {
    let rules = index.rules
    var known: [Destination: BackendTarget] = [:]
    let targets = route.rules.map { rule in
      rule.backends.map { backend in
        let destination = Destination(host: backend.host, subset: backend.subset, port: backend.port)
        if let target = known[destination] { return target }
        let target = index.routing.target(of: backend, in: route)
        known[destination] = target
        return target
      }
    }
    return route.rules.indices.filter { route.rules[$0].backends.count > 1 }.map { number in
      let rule = route.rules[number]
      let others = Set(targets.indices.filter { $0 != number }.flatMap { targets[$0].flatMap(\.workloads) })
      let counted = index.traffic.counted(rule, number, of: route)
      let isAlone =
        counted != nil
        || (index.routing.isAlone(rule, of: route)
          ?? !targets[number].flatMap(\.workloads).contains { others.contains($0) })
      let programmed: [Known<ProgrammedWeight>] =
        switch self.programmed[route.ref.plane] {
        case .known(let report, _, _)?: index.routing.programmed(rule, of: route, in: report)
        // Where no proxy tells, the status of an object may still say what is in effect.
        case .unknown(let reason)?:
          index.routing.programmed(rule, of: route, in: ProgrammedReport(gaps: [reason], at: at))
        case nil: index.routing.programmed(rule, of: route, in: ProgrammedReport(gaps: ["no proxy access"], at: at))
        }
      let gap = rules.desiredGap(of: route)
      var backends = zip(rule.backends, rules.shares(of: rule)).enumerated().map { place, pair in
        backend(
          pair.0, share: pair.1, desiredGap: gap, target: targets[number][place],
          programmed: programmed.indices.contains(place) ? programmed[place] : .unknown("no proxy access"),
          counted: counted?[place], in: route, index.traffic)
      }
      measureShares(&backends, plane: route.ref.plane, isAlone: isAlone)
      judge(&backends, of: route.ref)
      return Split(
        route: route.ref, dialect: route.dialect, ruleIndex: number,
        rule: rule.name.isEmpty ? String(number) : rule.name,
        host: route.hosts.first ?? targets[number].first?.host ?? "", backends: backends, owners: route.owners)
    }
  }

  private func backend(
    _ backend: Backend, share: Double, desiredGap: String?, target: BackendTarget, programmed: Known<ProgrammedWeight>,
    counted: Known<TrafficSum>?, in route: Route, _ index: TrafficIndex
  ) -> SplitBackend {
    let readiness = target.workloads.compactMap { snapshot.readiness[$0] }
    let source = "\(route.ref)\(backend.pointer)"
    let traffic: Known<TrafficSum>
    switch self.traffic(on: route.ref.plane) {
    case .unknown(let reason): traffic = .unknown(reason)
    case .known(_, let origin, let at) where counted != nil:
      traffic =
        switch counted {
        case .known(let sum, _, _)?: .known(sum, source: origin, at: at)
        case .unknown(let reason)?: .unknown(reason)
        case nil: .unknown("no traffic")
        }
    case .known(let report, let origin, let at):
      let edges = target.workloads.flatMap { workload in
        index.inbound(to: workload).filter { $0.destination.names(target.host) }.countedOnce()
      }
      traffic =
        edges.isEmpty && !report.gaps.isEmpty
        ? .unknown(report.gaps[0]) : .known(TrafficSum(edges.map(\.traffic)), source: origin, at: at)
    }
    return SplitBackend(
      name: backend.name, host: target.host,
      desired: desiredGap.map { .unknown($0) }
        ?? .known(DesiredWeight(weight: backend.weight ?? 0, share: share), source: source, at: at),
      programmed: programmed, share: .unknown("no traffic"), traffic: traffic, workloads: target.workloads,
      ready: readiness.map(\.ready).reduce(0, +), total: readiness.map(\.total).reduce(0, +), verdict: .consistent)
  }

  private func measureShares(_ backends: inout [SplitBackend], plane: PlaneName, isAlone: Bool) {
    let total = backends.compactMap { $0.traffic.value?.n }.reduce(0, +)
    for place in backends.indices {
      switch backends[place].traffic {
      case .unknown(let reason): backends[place].share = .unknown(reason)
      case .known(let sum, let source, let at):
        if !isAlone {
          backends[place].share = .unknown("metrics do not tell the rules of this host apart")
        } else if let proportion = Proportion(successes: sum.n, of: total) {
          backends[place].share = .known(proportion, source: source, at: at)
        }
      }
    }
  }

  private func judge(_ backends: inout [SplitBackend], of route: ObjectRef) {
    guard let baseline = backends.max(by: { $0.expectedShare < $1.expectedShare }) else {
      return
    }
    for place in backends.indices {
      backends[place].verdict = verdict(backends[place], baseline: baseline, of: route)
    }
  }

  private func verdict(_ backend: SplitBackend, baseline: SplitBackend, of route: ObjectRef) -> SplitVerdict {
    let desired = backend.expectedShare
    if desired > 0, backend.total > 0, backend.ready == 0 { return .notReady }
    if let programmed = backend.programmed.value {
      let agreeing =
        programmed.spread.isEmpty
        ? (abs(programmed.share - desired) < 0.005 ? programmed.acknowledged : 0)
        : programmed.spread.filter { abs($0.key - desired) < 0.005 }.values.reduce(0, +)
      if agreeing < programmed.proxies {
        return .notProgrammed(acknowledged: agreeing, proxies: programmed.proxies)
      }
    }
    guard let sum = backend.traffic.value else { return .unmeasured }
    guard sum.n > 0 else { return desired > 0 ? .noTraffic : .consistent }
    if backend.name != baseline.name, let base = baseline.traffic.value {
      if let rate = sum.errorRate, rate > base.errorRate ?? 0,
        let p = twoProportionPValue(
          errorsA: rate * sum.n, nA: sum.n, errorsB: (base.errorRate ?? 0) * base.n, nB: base.n), p < 0.01
      {
        return .worse(than: baseline.name, p: p)
      }
      if let p99 = sum.weightedP99ms, let basis = base.weightedP99ms, basis > 0, p99 > 2 * basis, p99 - basis > 20 {
        return .slower(than: baseline.name, factor: p99 / basis)
      }
    }
    if isMeasured(since: backend.programmed.value, of: route) != false, let share = backend.share.value,
      let wide = Proportion(successes: share.share * share.n, of: share.n, deviations: 3.29), !wide.contains(desired),
      abs(share.share - desired) > 0.01
    {
      return .drift(expected: desired)
    }
    return .consistent
  }
}

/// A workload as telemetry names it, whatever its kind.
private struct BusyWorkload: Hashable {
  let plane: PlaneName
  let namespace: String
  let name: String
}

/// Whose rules hold for a route.
private struct RulesKey: Hashable {
  let plane: PlaneName
  let dialect: Dialect
}

extension Route {
  /// Whether any rule has more than one backend.
  fileprivate var hasWeights: Bool { rules.contains { $0.backends.count > 1 } }
}

/// What a backend names, without its weight.
private struct Destination: Hashable {
  let host: String
  let subset: String?
  let port: Int?
}

/// What the splits of a plane are read from, indexed once.
private struct SplitIndex {
  let rules: any DialectRules
  let routing: any RoutingRules
  let traffic: TrafficIndex
}

extension EdgeEnd {
  /// Whether the service named is the host (by its full or short name); an end that names no service is taken as one.
  func names(_ host: String) -> Bool {
    service.isEmpty || host == service || host.hasPrefix(service + ".") || service.hasPrefix(host + ".")
  }
}
