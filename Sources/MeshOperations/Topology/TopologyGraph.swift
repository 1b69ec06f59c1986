public import MeshModel
import MeshTelemetry

/// Who calls whom: nodes and the flows between them, as configuration and telemetry know them.
public struct TopologyGraph: Sendable, Hashable {
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
  }

  /// The nodes, by identity.
  public var nodes: [Node]
  /// The flows, by their ends.
  public var links: [Link]
  /// Why flows are missing; `nil` where none are known to be.
  public var gap: String?
}

extension MeshView {
  /// The graph of one or all planes; with a namespace, that namespace and what it talks with.
  ///
  /// Idle nodes have no flow in the window; they are left out unless asked for.
  public func topology(plane: PlaneName? = nil, namespace: String? = nil, idle: Bool = true) -> TopologyGraph {
    var links: [TopologyGraph.Link] = []
    var gap: String?
    for name in traffic.keys.sorted() where plane == nil || plane == name {
      switch traffic(on: name) {
      case .unknown(let reason): gap = gap ?? "\(name): \(reason)"
      case .known(let report, _, _):
        gap = gap ?? report.gaps.first.map { "\(name): \($0)" }
        links += self.links(report.edges, plane: name)
      }
    }
    if let namespace {
      links = links.filter { $0.source.namespace == namespace || $0.destination.namespace == namespace }
    }
    var refs = Set(links.flatMap { [$0.source, $0.destination] })
    if idle { refs.formUnion(snapshot.workloads.keys.filter { $0.isIn(plane: plane, namespace: namespace) }) }
    let roles = serviceRoles()
    let nodes = refs.sorted().map { ref in
      let workload = snapshot.workloads[ref]
      let readiness = snapshot.readiness[ref]
      return TopologyGraph.Node(
        ref: ref, runtime: workload?.runtime ?? .external, role: roles[ref], proxy: readiness?.proxy,
        ready: readiness?.ready ?? 0, total: max(readiness?.total ?? 0, workload?.desired ?? 0))
    }
    return TopologyGraph(
      nodes: nodes, links: links.sorted { ($0.source, $0.destination) < ($1.source, $1.destination) }, gap: gap)
  }

  /// The flows of all planes, in no order.
  public func links() -> [TopologyGraph.Link] {
    traffic.flatMap { plane, known in known.value.map { links($0.edges, plane: plane) } ?? [] }
  }

  private func links(_ edges: [Edge], plane: PlaneName) -> [TopologyGraph.Link] {
    var grouped: [LinkKey: [Edge]] = [:]
    for edge in edges {
      let source = ref(edge.source, plane: plane)
      let destination = ref(edge.destination, plane: plane)
      grouped[LinkKey(source: source, destination: destination, service: edge.destination.service), default: []]
        .append(edge)
    }
    return grouped.map { key, edges in
      TopologyGraph.Link(
        source: key.source, destination: key.destination, service: key.service,
        transport: edges.first?.transport ?? "http",
        traffic: TrafficSum(TrafficIndex.oneReporter(edges).map(\.traffic), errors: errors))
    }
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
