import MeshKit

extension ScreenID {
  /// The rows of the screen from a view, in the screen's own order, before filter and sort.
  ///
  /// - Parameter splits: Those that may need attention, on the overview and among the findings.
  func rows(
    _ request: ScreenRequest, _ view: MeshView, splits: [Split], findings: [Finding], ignored: IgnoredFindings
  ) -> [Row] {
    switch self {
    case .overview:
      return AttentionList.rows(view, splits: splits, findings: findings, receipts: request.receipts)
        .map(Row.attention)
    case .topology: return []
    case .services:
      return (request.place.isAlternate ? view.workloadRows() : view.serviceRows()).map(Row.health)
    case .routes: return Self.routeRows(view)
    case .canaries:
      return view.splits().flatMap { split in
        [Row.splitHead(split)] + split.backends.indices.map { .backend(BackendRow(split: split, place: $0)) }
      }
    case .mtls:
      return request.place.isAlternate ? view.mtlsRows().map(Row.accepted) : view.mtlsMatrix().map(Row.pair)
    case .proxies: return Self.proxyRows(view, request.certificates)
    case .findings: return (ignored.leavingOut(of: view.disagreements(among: splits)) + findings).map(Row.finding)
    case .journal: return request.receipts.map(Row.receipt)
    case .planes: return Self.planeRows(view)
    }
  }

  private static func routeRows(_ view: MeshView) -> [Row] {
    view.snapshot.routes.values.sorted { $0.ref < $1.ref }.flatMap { route in
      [Row.routeHead(route)] + RuleRow.rows(route, in: view).map(Row.rule)
    }
  }

  private static func proxyRows(_ view: MeshView, _ certificates: [ObjectRef: CertificateEntry]) -> [Row] {
    view.programmed.sorted { $0.key < $1.key }.flatMap { _, known -> [Row] in
      guard case .known(let report, _, let at) = known else { return [] }
      let asked = Set(report.asked)
      let routes = Dictionary(grouping: report.routes, by: \.proxy)
      var proxies = report.proxies
      proxies.putInOrder()
      // They stay in the order of their names within a rank: 50,000 are not sorted.
      let ranks = proxies.map(rank)
      return (0...4).flatMap { rank in
        ranks.indices.lazy.filter { ranks[$0] == rank }.map { place in
          let state = proxies[place]
          return .proxy(
            ProxyRow(
              state: state, routes: routes[state.ref] ?? [], wasAsked: asked.contains(state.ref), at: at,
              certificates: certificates[state.ref]?.known))
        }
      }
    }
  }

  /// What is wrong with a proxy decides its place; the worst first.
  private static func rank(_ state: ProxyState) -> UInt8 {
    if !state.isConnected { return 1 }
    return switch state.worstSync {
    case .rejected: 0
    case .stale: 2
    case .notSent: 3
    case .synced: 4
    }
  }

  static func planeRows(_ view: MeshView) -> [Row] {
    view.planes.map { status in
      let name = status.plane.name
      var feeds: [ObjectKind: FeedState] = [:]
      for (key, state) in view.snapshot.feeds where key.plane == name { feeds[key.kind] = state }
      var row = PlaneRow(status: status, feeds: feeds, telemetry: .unknown("no telemetry source"))
      switch view.traffic(on: name) {
      case .unknown(let reason): row.telemetry = .unknown(reason)
      case .known(let report, let source, let at):
        row.telemetry = .known(source, source: source, at: at)
        row.queries = (report.queries.count, report.queries.map(\.seconds).reduce(0, +))
      }
      return .plane(row)
    }
  }
}

extension RuleRow {
  /// The rules of a route in the order proxies try them.
  static func rows(_ route: Route, in view: MeshView) -> [RuleRow] {
    let unreachable = view.rules(of: route)?.unreachableRules(of: route) ?? [:]
    return route.rules.enumerated().map { index, rule in
      RuleRow(route: route, index: index, rule: rule, unreachable: unreachable[index])
    }
  }
}

extension ProxyRow {
  /// The row of one proxy; `nil` where no control plane tells of it.
  init?(_ ref: ObjectRef, in view: MeshView, _ certificates: Known<ProxyCertificates>?) {
    guard case .known(let report, _, let at)? = view.programmed[ref.plane],
      let state = report.proxies.first(where: { $0.ref == ref })
    else { return nil }
    self.init(
      state: state, routes: report.routes.filter { $0.proxy == ref }, wasAsked: report.asked.contains(ref), at: at,
      certificates: certificates)
  }
}
