import Dashboard
import MeshKit

/// One list of things, in the form asked for.
struct Listing {
  let kind: Get.Kind
  let name: String?
  let namespace: String?
  let options: GlobalOptions
  /// The certificates of the proxies that were asked for them.
  var certificates: [ObjectRef: Known<ProxyCertificates>] = [:]

  /// Whether splits and edges are in the order of their traffic, not of their names.
  var isBusiestFirst = false

  /// Whether what is named was there before, so that it may be gone without being a mistake.
  var mayBeGone = false

  private var console: Console { options.console }
  private var plane: PlaneName? { options.plane }

  func write(_ view: MeshView) throws {
    switch kind {
    case .splits:
      var splits = view.splits(plane: plane, namespace: namespace).filter { named($0.route) }
      if isBusiestFirst { splits = splits.busiestFirst { $0.backends.compactMap(\.traffic.value) } }
      try write("SplitList", splits, view, id: \.route) { try SplitTable(console, view).write(splits) }
    case .services: try write("ServiceList", rows: view.serviceRows(plane: plane, namespace: namespace), view)
    case .workloads: try write("WorkloadList", rows: view.workloadRows(plane: plane, namespace: namespace), view)
    case .edges:
      var graph = view.topology(plane: plane, namespace: namespace, idle: false)
      graph.links.removeAll { !named($0.source) && !named($0.destination) && $0.service != name }
      if isBusiestFirst { graph.links = graph.links.busiestFirst { [$0.traffic] } }
      try write("EdgeList", graph.links, view, id: \.source) { try edges(graph, view) }
    case .routes:
      let items = view.snapshot.routes.values
        .filter { $0.ref.isIn(plane: plane, namespace: namespace) && named($0.ref) }
        .sorted { $0.ref < $1.ref }
        .map { RouteItem(route: $0, unreachable: view.rules(of: $0)?.unreachableRules(of: $0) ?? [:]) }
      try write("RouteList", items, view, id: \.route.ref) { try routes(items, view) }
    case .mtls:
      let rows = view.mtlsRows(plane: plane, namespace: namespace).filter { named($0.workload) }
      try write("MTLSList", rows, view, id: \.workload) { try modes(rows, view) }
    case .proxies:
      let items = allProxies(view).map { state in
        ProxyItem(
          state, certificates: certificates[state.ref] ?? .unknown(CertificateReading.notAsked), at: view.at)
      }
      try write("ProxyList", items, view, id: \.state.ref) {
        try ProxyTable(console, wide: isWide).write(items, view)
      }
    case .gateways:
      let gateways = view.snapshot.gateways.values
        .filter { $0.ref.isIn(plane: plane, namespace: namespace) && named($0.ref) }.sorted { $0.ref < $1.ref }
      try write("GatewayList", gateways.map(GatewayItem.init), view, id: \.gateway.ref) {
        try self.gateways(gateways, view)
      }
    case .identities:
      let rows = Identities.rows(view, certificates: certificates, plane: plane, namespace: namespace)
        .filter { named($0.workload) }
      try write("IdentityList", rows.map { IdentityItem($0, at: view.at) }, view, id: \.row.workload) {
        try IdentityTable(console, wide: isWide).write(rows, view)
      }
    case .objects: break
    }
  }

  /// Whether rows hold numbers that were measured.
  private var isMeasured: Bool { [.services, .workloads, .edges, .splits, .mtls].contains(kind) }

  private var isWide: Bool { options.output == .wide }

  func named(_ ref: ObjectRef) -> Bool { name.map { ref.matches($0) } ?? true }

  /// Writes services or workloads in an order of the caller's.
  func write(_ kind: String, rows: [HealthRow], _ view: MeshView) throws {
    let rows = rows.filter { named($0.ref) }
    try write(kind, rows, view, id: \.ref) { try HealthTable(console, wide: isWide, view).write(rows) }
  }

  private func write<Item: ContractItem>(
    _ kind: String, _ items: [Item], _ view: MeshView, id: (Item) -> ObjectRef, table: () throws -> Void
  ) throws {
    if items.isEmpty, let refusal = view.refusal(of: self.kind.native) { throw refusal }
    if let name, items.isEmpty, !mayBeGone {
      let silent = view.planes.filter { $0.state == .down }
      if let first = silent.first {
        throw MeshError(
          .unreachable, "there is none named \(name) on the planes that answered",
          plane: first.plane.name, remedy: "it may be here: \(first.error ?? "the plane is down")")
      }
      throw MeshError(.notFound, "there is none named \(name)", remedy: "see `meshdeck get \(self.kind.rawValue) -A`")
    }
    switch options.output {
    case .json, .yaml:
      var writer = ListWriter(kind: kind)
      for item in items { writer.append(item) }
      try console.write(list: writer.finish(view.planes, measured: isMeasured ? view : nil), as: options.output)
    case .name: for item in items { try console.line(id(item).description) }
    case .table, .wide:
      try table()
      Console.note(failuresOf: view.planes)
    }
  }

  private func edges(_ graph: TopologyGraph, _ view: MeshView) throws {
    var table = TextTable(
      console,
      ["SOURCE", "DESTINATION", "SERVICE", "PROTOCOL", ">RPS", ">ERR", ">P99", ">BYTES", ">MTLS"]
        + (isWide ? ["SERVER IDENTITY"] : []))
    for link in graph.links {
      table.row(
        [
          place(link.source, graph), place(link.destination, graph), link.service, link.transport,
          link.transport == "tcp" ? "–" : Figures.compact(link.traffic.rps), Figures.percent(link.traffic.errorRate),
          Figures.latency(link.traffic),
          Figures.bytes(link.traffic.bytesPerSecond), Figures.percent(link.traffic.mtlsShare),
        ] + (isWide ? [security(link)] : []), staleFor: view.staleFor(link.source) ?? view.staleFor(link.destination))
    }
    try table.write()
    if let gap = graph.gap { Console.note(gap) }
  }

  /// The identities that servers proved, and why connections have none; empty where that is not known.
  private func security(_ link: TopologyGraph.Link) -> String {
    guard let security = link.security.value else { return "–" }
    let plain = security.plain.keys.sorted().map { "none: \($0)" }
    return (security.serverIdentities + plain).joined(separator: ", ")
  }

  /// A node's name; with its plane where there are several.
  private func place(_ ref: ObjectRef, _ graph: TopologyGraph) -> String {
    graph.isOfSeveralPlanes ? "\(ref.plane)/\(ref.shortName)" : ref.shortName
  }

  private func routes(_ items: [RouteItem], _ view: MeshView) throws {
    var table = TextTable(console, ["NAMESPACE", "NAME", "KIND", "HOSTS", "ATTACHED TO", ">RULES", "BACKENDS"])
    for item in items {
      let backends = item.route.rules.flatMap(\.backends).map { backend in
        backend.weight.map { "\(backend.name)=\(item.route.dialect.text(ofWeight: $0))" } ?? backend.name
      }
      table.row(
        [
          item.route.ref.namespace, item.route.ref.name, item.route.ref.kind, item.route.hosts.joined(separator: ","),
          item.route.attachedTo.joined(separator: ","),
          item.unreachable.isEmpty
            ? "\(item.route.rules.count)" : "\(item.route.rules.count) (\(item.unreachable.count) unreachable)",
          backends.joined(separator: " "),
        ], staleFor: view.staleFor(item.route.ref))
    }
    try table.write()
  }

  private func modes(_ rows: [MTLSRow], _ view: MeshView) throws {
    var table = TextTable(console, ["NAMESPACE", "WORKLOAD", ">PORT", "MODE", "PROGRAMMED", "OBSERVED", "BECAUSE"])
    for row in rows {
      table.row(
        [
          row.workload.namespace, row.workload.name, row.port.map(String.init) ?? "all", row.mode.rawValue,
          row.programmed.value?.rawValue ?? "–",
          row.observed.value.map { "mTLS \(Figures.percent($0.share)) n=\(Figures.compact($0.n))" } ?? "–",
          (isWide ? row.reasons.map(\.description) : row.reasons.suffix(1).map(\.text)).joined(separator: "; "),
        ], staleFor: view.staleFor(row.workload))
    }
    try table.write()
    let reasons = Set(rows.compactMap(\.programmed.reason))
    if !reasons.isEmpty {
      let more = reasons.count > 3 ? " (and \(reasons.count - 3) more; see -o json)" : ""
      Console.note("– under PROGRAMMED means unknown: \(reasons.sorted().prefix(3).joined(separator: "; "))\(more)")
    }
  }

  /// The proxies to list.
  func allProxies(_ view: MeshView) -> [ProxyState] {
    view.programmed.values.flatMap { $0.value?.proxies ?? [] }
      .filter { $0.ref.isIn(plane: plane, namespace: namespace) && named($0.ref) }.sorted { $0.ref < $1.ref }
  }

  private func gateways(_ gateways: [Gateway], _ view: MeshView) throws {
    var table = TextTable(console, ["NAMESPACE", "NAME", ">PORT", "PROTOCOL", "HOSTS", "TLS"])
    for gateway in gateways {
      for listener in gateway.listeners {
        table.row(
          [
            gateway.ref.namespace, gateway.ref.name, "\(listener.port)", listener.transport,
            listener.hosts.joined(separator: ","), listener.tls ?? "–",
          ], staleFor: view.staleFor(gateway.ref))
      }
    }
    try table.write()
  }
}
