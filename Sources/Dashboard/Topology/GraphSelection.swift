import MeshKit

/// Chooses what of the mesh's graph is drawn.
enum GraphSelection {
  /// The most nodes drawn at once; more are left out, the busiest stay.
  static let limit = 120

  /// The graph of a view after grouping, filter and focus.
  static func graph(_ view: MeshView, _ query: TopologyQuery, _ filter: Filter) -> TopologyGraph {
    var graph = view.topology(idle: query.showsIdle)
    // Without any traffic, all there is to see is what stands idle.
    if graph.links.isEmpty, !query.showsIdle { graph = view.topology() }
    graph = grouped(graph, by: query.grouping)
    if !filter.isEmpty { graph = filtered(graph, filter) }
    if let focus = query.focus, graph.nodes.contains(where: { $0.ref == focus }) {
      graph = near(focus, hops: query.hops, graph)
    }
    return bounded(graph)
  }

  /// The filter of services that shows what a drawn group holds; `nil` for a node that is no group.
  static func filter(ofGroup ref: ObjectRef, in view: MeshView?) -> String? {
    let several = (view?.planes.count ?? 0) > 1
    switch ref.kind {
    case "namespace": return "ns = \(ref.name)" + (several ? " and plane = \(ref.plane)" : "")
    case "cluster", "plane": return "plane = \(ref.plane)"
    default: return nil
    }
  }

  /// Whether a drawn node is a namespace, a cluster or a plane.
  static func isGroup(_ ref: ObjectRef) -> Bool { GraphGrouping(rawValue: ref.kind) != nil }

  /// The graph of namespaces, clusters or planes.
  static func grouped(_ graph: TopologyGraph, by grouping: GraphGrouping) -> TopologyGraph {
    guard grouping != .none else { return graph }
    let clusters = Dictionary(graph.nodes.map { ($0.ref, $0.clusters) }, uniquingKeysWith: { first, _ in first })
    func group(_ ref: ObjectRef) -> ObjectRef {
      let name =
        switch grouping {
        case .plane, .none: ref.plane
        case .namespace: ref.namespace.isEmpty ? "outside" : ref.namespace
        case .cluster:
          clusters[ref].flatMap { $0.isEmpty ? nil : $0.joined(separator: "+") } ?? "\(ref.plane), cluster not told"
        }
      return ObjectRef(plane: ref.plane, namespace: "", kind: grouping.rawValue, name: name)
    }
    var nodes: [ObjectRef: TopologyGraph.Node] = [:]
    for node in graph.nodes {
      let ref = group(node.ref)
      if nodes[ref] == nil {
        nodes[ref] = node
        nodes[ref]?.ref = ref
        nodes[ref]?.role = nil
      } else {
        nodes[ref]?.ready += node.ready
        nodes[ref]?.total += node.total
        if node.runtime != nodes[ref]?.runtime { nodes[ref]?.runtime = .container }
      }
    }
    var links: [String: TopologyGraph.Link] = [:]
    for link in graph.links {
      let (source, destination) = (group(link.source), group(link.destination))
      guard source != destination else { continue }
      let key = "\(source)>\(destination)"
      if let old = links[key] {
        links[key]?.traffic = sum(old.traffic, link.traffic)
        links[key]?.reports = sum(old.reports, link.reports)
      } else {
        var first = link
        (first.source, first.destination) = (source, destination)
        links[key] = first
      }
    }
    var result = graph
    result.nodes = nodes.values.sorted { $0.ref < $1.ref }
    result.links = links.values.sorted { ($0.source, $0.destination) < ($1.source, $1.destination) }
    return result
  }

  /// What each end told of two flows together.
  static func sum(_ left: [TopologyGraph.Report], _ right: [TopologyGraph.Report]) -> [TopologyGraph.Report] {
    var sum = left
    for report in right {
      if let place = sum.firstIndex(where: { $0.reporter == report.reporter && $0.plane == report.plane }) {
        sum[place].traffic = Self.sum(sum[place].traffic, report.traffic)
      } else {
        sum.append(report)
      }
    }
    return sum
  }

  static func sum(_ left: TrafficSum, _ right: TrafficSum) -> TrafficSum {
    var sum = left
    sum.rps += right.rps
    sum.errorsPerSecond += right.errorsPerSecond
    sum.errorRate = sum.rps > 0 ? sum.errorsPerSecond / sum.rps : nil
    sum.isLatencyBound = left.isLatencyBound || right.isLatencyBound || (left.p99ms != nil && right.p99ms != nil)
    for percentile in [\TrafficSum.p50ms, \.p95ms, \.p99ms] {
      sum[keyPath: percentile] = [left[keyPath: percentile], right[keyPath: percentile]].compactMap(\.self).max()
    }
    sum.bytesPerSecond = TrafficSum.added(left.bytesPerSecond, right.bytesPerSecond)
    sum.messagesPerSecond = TrafficSum.added(left.messagesPerSecond, right.messagesPerSecond)
    sum.n += right.n
    var secured = SecuredShare()
    secured.add(left)
    secured.add(right)
    sum.mtlsShare = secured.share
    return sum
  }

  private static func filtered(_ graph: TopologyGraph, _ filter: Filter) -> TopologyGraph {
    var inbound: [ObjectRef: TrafficSum] = [:]
    for link in graph.links {
      for end in [link.source, link.destination] {
        inbound[end] = inbound[end].map { sum($0, link.traffic) } ?? link.traffic
      }
    }
    let kept = Set(graph.nodes.filter { filter.matches(GraphSubject(node: $0, traffic: inbound[$0.ref])) }.map(\.ref))
    return restricted(graph, to: kept)
  }

  private static func near(_ focus: ObjectRef, hops: Int, _ graph: TopologyGraph) -> TopologyGraph {
    var kept: Set<ObjectRef> = [focus]
    for _ in 0..<min(max(hops, 1), 20) {
      // Neighbours of neighbours wait for the next round.
      let edge = kept
      for link in graph.links {
        if edge.contains(link.source) { kept.insert(link.destination) }
        if edge.contains(link.destination) { kept.insert(link.source) }
      }
    }
    return restricted(graph, to: kept)
  }

  private static func bounded(_ graph: TopologyGraph) -> TopologyGraph {
    guard graph.nodes.count > limit else { return graph }
    var rates: [ObjectRef: Double] = [:]
    for link in graph.links {
      rates[link.source, default: 0] += link.traffic.rps
      rates[link.destination, default: 0] += link.traffic.rps
    }
    let kept = graph.nodes.map(\.ref).sorted {
      let (left, right) = (rates[$0] ?? 0, rates[$1] ?? 0)
      return left == right ? $0 < $1 : left > right
    }.prefix(limit)
    var bounded = restricted(graph, to: Set(kept))
    bounded.gap = "the \(limit) busiest of \(graph.nodes.count) nodes are drawn; / narrows, f focuses"
    return bounded
  }

  private static func restricted(_ graph: TopologyGraph, to kept: Set<ObjectRef>) -> TopologyGraph {
    var result = graph
    result.nodes = graph.nodes.filter { kept.contains($0.ref) }
    result.links = graph.links.filter { kept.contains($0.source) && kept.contains($0.destination) }
    return result
  }
}

/// A node with the traffic at it, for filters.
private struct GraphSubject: FilterSubject {
  let node: TopologyGraph.Node
  let traffic: TrafficSum?

  var searchText: String { "\(node.ref.namespace)/\(node.ref.name) \(node.ref.plane)".lowercased() }

  func value(of field: FilterField) -> FilterValue? {
    switch field {
    case .ns: .text(node.ref.namespace)
    case .name: .text(node.ref.name)
    case .kind: .text(node.ref.kind)
    case .plane: .text(node.ref.plane)
    case .runtime: .text(node.runtime.rawValue)
    case .role: node.role.map { .text($0.rawValue) }
    case .proxy: node.proxy.map { .text($0.rawValue) }
    case .ready: .number(Double(node.ready))
    case .total: .number(Double(node.total))
    default: traffic.flatMap { $0.value(field) }
    }
  }
}
