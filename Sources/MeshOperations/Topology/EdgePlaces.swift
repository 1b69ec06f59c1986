public import MeshModel
import MeshTelemetry

/// A measured edge with the planes its ends are on.
struct PlacedEdge: Sendable {
  /// The edge as it was reported.
  var edge: Edge
  /// The plane the caller is on.
  var source: PlaneName
  /// The plane the callee is on.
  var destination: PlaneName

  /// The plane of the proxy that reported it.
  var reporter: PlaneName {
    switch edge.reporter {
    case .source: source
    case .destination, .waypoint, .sink, .alone: destination
    }
  }
}

/// Which plane each end of a measured edge is on, told by the clusters that proxies name.
///
/// A proxy knows the cluster of the peer it talks with (Istio's labels `source_cluster` and `destination_cluster`). An end
/// in a cluster that exactly one plane is, and that is not known to be of another mesh, is that plane's.
struct EdgePlaces {
  private let view: MeshView
  /// The cluster of each plane, where it is known.
  let clusters: [PlaneName: String]
  private let planes: [String: [PlaneName]]

  init(_ view: MeshView) {
    self.view = view
    var clusters: [PlaneName: String] = [:]
    for plane in view.traffic.keys { clusters[plane] = view.cluster(of: plane) }
    self.clusters = clusters
    planes = Dictionary(grouping: clusters.keys.sorted(), by: { clusters[$0] ?? "" })
  }

  /// The plane of an end of an edge that was reported on a plane.
  func plane(of end: EdgeEnd, reportedOn plane: PlaneName) -> PlaneName {
    guard !end.cluster.isEmpty, end.cluster != clusters[plane], let found = planes[end.cluster], found.count == 1,
      let other = found.first, !view.kinship(plane, other).isDifferent
    else { return plane }
    return other
  }
}

extension MeshView {
  /// The name of a plane's cluster as proxies say it: what its control plane is told, else what its own proxies agree
  /// upon, else the plane's name where they name several and that is one of them; `nil` where it cannot be told.
  public func cluster(of plane: PlaneName) -> String? {
    if let name = snapshot.meshes[plane]?.cluster, !name.isEmpty { return name }
    var names: Set<String> = []
    for edge in traffic[plane]?.value?.edges ?? [] {
      let name =
        switch edge.reporter {
        case .source: edge.source.cluster
        case .destination, .waypoint, .sink, .alone: edge.destination.cluster
        }
      if !name.isEmpty { names.insert(name) }
    }
    return names.count == 1 ? names.first : names.contains(plane) ? plane : nil
  }

  /// The edges of all planes with the planes of their ends. What two planes' sources both tell of one proxy, since they
  /// read one Prometheus, is there once.
  func placedEdges() -> [PlacedEdge] {
    let known = traffic.compactMap { plane, known in known.value.map { (plane, $0.edges) } }.sorted { $0.0 < $1.0 }
    guard traffic.count > 1 else {
      return known.flatMap { plane, edges in
        edges.map { PlacedEdge(edge: $0, source: plane, destination: plane) }
      }
    }
    let places = EdgePlaces(self)
    var result: [PlacedEdge] = []
    var seen: [SaidBy: Int] = [:]
    for (plane, edges) in known {
      for edge in edges {
        let placed = PlacedEdge(
          edge: edge, source: places.plane(of: edge.source, reportedOn: plane),
          destination: places.plane(of: edge.destination, reportedOn: plane))
        let key = SaidBy(
          source: edge.source, destination: edge.destination, sourcePlane: placed.source,
          destinationPlane: placed.destination, transport: edge.transport, reporter: edge.reporter)
        if let place = seen[key] {
          // The reporting proxy's own plane knows best.
          if placed.reporter == plane { result[place] = placed }
        } else {
          seen[key] = result.count
          result.append(placed)
        }
      }
    }
    return result
  }
}

/// What makes two edges the word of one proxy on one flow.
private struct SaidBy: Hashable {
  let source, destination: EdgeEnd
  let sourcePlane, destinationPlane: PlaneName
  let transport: String
  let reporter: Edge.Reporter
}
