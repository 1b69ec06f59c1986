public import MeshModel
import MeshTelemetry

/// Who calls whom: nodes and the flows between them, as configuration and telemetry know them.
public struct TopologyGraph: Sendable {
  /// A workload, or a host outside the mesh.
  public struct Node: Sendable, Hashable {
    /// Its identity.
    public var ref: ObjectRef
    /// What runs it.
    public var runtime: Runtime
    /// What kind of server it is; `nil` where no service selects it.
    public var role: Role?
    /// How it takes part in the mesh; `nil` where it has no instance.
    public var proxy: ProxyMode?
    /// The instances that take traffic, of all.
    public var ready: Int
    /// All instances.
    public var total: Int
    /// The clusters it was seen in; its plane's own where that is known, none where it is not.
    public var clusters: [String] = []
  }

  /// A flow between two nodes.
  public struct Link: Sendable, Hashable {
    /// The node it comes from.
    public var source: ObjectRef
    /// The node it goes to.
    public var destination: ObjectRef
    /// The service called; empty where unknown.
    public var service: String
    /// `http`, `grpc` or `tcp`.
    public var transport: String
    /// The flow.
    public var traffic: TrafficSum
    /// How its open connections are protected, or why that is not known.
    public var security: Known<EdgeSecurity> = .unknown("no proxy tells of identities")
    /// What each end told of it, where they are on two planes; empty where one plane holds both.
    public var reports: [Report] = []
    /// Why the service called is taken for one of another plane; `nil` where it was not needed.
    public var joined: String?
    /// What sets the caller up to call it, where nobody measured a call; `nil` for a measured flow.
    public var declared: ObjectRef?

    /// Whether its ends are on two planes.
    public var isBetweenPlanes: Bool { source.plane != destination.plane }
  }

  /// What one end of a flow between two planes told of it.
  public struct Report: Sendable, Hashable {
    /// Which end.
    public var reporter: Edge.Reporter
    /// The plane whose source of measurements told it.
    public var plane: PlaneName
    /// What it measured.
    public var traffic: TrafficSum
  }

  /// The nodes, by identity.
  public var nodes: [Node]
  /// The flows, by their ends.
  public var links: [Link]
  /// Why flows are missing; `nil` where none are known to be.
  public var gap: String?
  /// Which services of several planes are one, and which only share a name.
  public var joins = ServiceJoins()

  /// Whether it holds things of several planes.
  public var isOfSeveralPlanes: Bool { Set(nodes.lazy.map(\.ref.plane)).count > 1 }
}

extension MeshView {
  /// The graph of one or all planes, merged: an edge whose ends are on two planes is one edge, and what is called through
  /// a service that stands for another plane's is drawn there. With a namespace, that namespace and what it talks with.
  ///
  /// Idle nodes have no flow in the window; they are left out unless asked for, and so are the calls that configuration
  /// names and nobody measured.
  public func topology(plane: PlaneName? = nil, namespace: String? = nil, idle: Bool = true) -> TopologyGraph {
    let joins = serviceJoins()
    let placed = placedEdges()
    var links = mergedLinks(placed, joins)
    if idle { links += declaredLinks(beside: links) }
    var gap: String?
    for name in traffic.keys.sorted() where plane == nil || plane == name {
      gap = gap ?? trafficGap(on: name).map { "\(name): \($0)" }
    }
    if let plane { links = links.filter { $0.source.plane == plane || $0.destination.plane == plane } }
    if let namespace {
      links = links.filter { $0.source.namespace == namespace || $0.destination.namespace == namespace }
    }
    var refs = Set(links.flatMap { [$0.source, $0.destination] })
    if idle { refs.formUnion(snapshot.workloads.keys.filter { $0.isIn(plane: plane, namespace: namespace) }) }
    let roles = serviceRoles()
    let clusters = clusters(of: placed)
    let nodes = refs.sorted().map { ref in
      let workload = snapshot.workloads[ref]
      let readiness = snapshot.readiness[ref]
      return TopologyGraph.Node(
        ref: ref, runtime: workload?.runtime ?? snapshot.services[ref]?.runtime ?? .external, role: roles[ref],
        proxy: readiness?.proxy, ready: readiness?.ready ?? 0,
        total: max(readiness?.total ?? 0, workload?.desired ?? 0),
        clusters: (clusters.seen[ref] ?? clusters.own[ref.plane] ?? []).sorted())
    }
    return TopologyGraph(
      nodes: nodes, links: links.sorted { ($0.source, $0.destination) < ($1.source, $1.destination) }, gap: gap,
      joins: joins)
  }

  /// The flows of all planes, in no order.
  public func links() -> [TopologyGraph.Link] { mergedLinks(placedEdges(), serviceJoins()) }

  /// The clusters that edges name at their ends, and those of planes.
  private func clusters(of placed: [PlacedEdge]) -> (seen: [ObjectRef: Set<String>], own: [PlaneName: Set<String>]) {
    var seen: [ObjectRef: Set<String>] = [:]
    for placed in placed {
      for (end, plane) in [(placed.edge.source, placed.source), (placed.edge.destination, placed.destination)]
      where !end.cluster.isEmpty {
        seen[ref(end, plane: plane), default: []].insert(end.cluster)
      }
    }
    var own: [PlaneName: Set<String>] = [:]
    for plane in traffic.keys { own[plane] = cluster(of: plane).map { [$0] } }
    return (seen, own)
  }

  private func mergedLinks(_ placed: [PlacedEdge], _ joins: ServiceJoins) -> [TopologyGraph.Link] {
    var grouped: [LinkKey: [PlacedEdge]] = [:]
    var reasons: [LinkKey: String] = [:]
    let waypoints = WaypointServices(placed.lazy.map(\.edge))
    for placed in placed where !waypoints.isCarrier(placed.edge) {
      let edge = placed.edge
      let source = ref(edge.source, plane: placed.source)
      let called = callee(of: placed, joins)
      let key = LinkKey(source: source, destination: called.ref, service: called.service)
      grouped[key, default: []].append(placed)
      if let reason = called.reason { reasons[key] = reason }
    }
    return grouped.map { key, placed in
      var link = TopologyGraph.Link(
        source: key.source, destination: key.destination, service: key.service,
        transport: placed.first?.edge.transport ?? "http", traffic: sum(placed.map(\.edge)), joined: reasons[key])
      for edge in placed.lazy.map(\.edge) {
        guard let security = edge.security else { continue }
        link.security = .known(security, source: edge.traffic.query, at: edge.traffic.at)
        break
      }
      if link.isBetweenPlanes { link.reports = reports(placed) }
      return link
    }
  }

  private func sum(_ edges: [Edge]) -> TrafficSum {
    TrafficSum(edges.countedOnce().map(\.traffic))
  }

  /// What each end told of a flow, the caller's first.
  private func reports(_ placed: [PlacedEdge]) -> [TopologyGraph.Report] {
    [Edge.Reporter.source, .destination, .alone, .waypoint, .sink].compactMap { reporter in
      let own = placed.filter { $0.edge.reporter == reporter }
      guard let first = own.first else { return nil }
      return TopologyGraph.Report(
        reporter: reporter, plane: first.edge.plane,
        traffic: TrafficSum(own.map(\.edge.traffic)))
    }
  }

  /// What an edge leads to: the workload that served; else the service called, in the plane whose service it stands for.
  private func callee(
    of placed: PlacedEdge, _ joins: ServiceJoins
  ) -> (ref: ObjectRef, service: String, reason: String?) {
    let end = placed.edge.destination
    let own = ref(end, plane: placed.destination)
    if own.kind == "service", let addresses = snapshot.services[own]?.addresses, snapshot.workloads[addresses] != nil {
      return (addresses, end.service, nil)
    }
    var entry = own
    entry.kind = "serviceentry"
    guard own.kind == "service",
      let join = joins.join(of: own) ?? joins.join(of: entry) ?? joins.join(ofHost: end.service),
      let here = join.members.first(where: { $0.plane == own.plane }).flatMap({ snapshot.services[$0] }),
      here.remote != nil || here.isExternal || here.selector.isEmpty
    else { return (own, end.service, nil) }
    let others = join.members.filter { member in
      guard member.plane != own.plane, let service = snapshot.services[member] else { return false }
      return service.remote == nil && !service.isExternal
    }
    guard others.count == 1, let other = others.first else { return (own, end.service, nil) }
    return (other, other.name, join.reasons.joined(separator: "; "))
  }

  private func ref(_ end: EdgeEnd, plane: PlaneName) -> ObjectRef {
    let known = !end.workload.isEmpty && end.workload != "unknown"
    let name = known ? end.workload : end.service.isEmpty ? "unknown" : end.service
    return ObjectRef(
      plane: plane, namespace: end.namespace == "unknown" ? "" : end.namespace, kind: known ? "workload" : "service",
      name: name)
  }
}

private struct LinkKey: Hashable {
  let source: ObjectRef
  let destination: ObjectRef
  let service: String
}
