public import MeshModel

extension [Edge] {
  /// The edges without those that tell of a flow again.
  ///
  /// Of a flow the destination is believed where it reported, since only it knows of mTLS and of plain callers; else a
  /// waypoint, else the source. What only a source reported stays: a request that reached no workload is told by nobody
  /// else. Requests and TCP of one pair that different proxies reported are one flow too: ztunnel sees the connections
  /// that carry what a waypoint or a caller saw as requests.
  public func countedOnce() -> [Edge] {
    guard let reporter = first?.reporter, contains(where: { $0.reporter != reporter }) else { return self }
    let edges = withoutEchoes().inOrderOfPairs()
    var result: [Edge] = []
    var start = 0
    while start < edges.count {
      var end = start + 1
      while end < edges.count, edges[end].isOfPair(of: edges[start]) { end += 1 }
      let pair = edges[start..<end]
      for edge in pair where !pair.contains(where: { $0.tells(of: edge) }) && !pair.carries(edge) {
        result.append(edge)
      }
      start = end
    }
    return result
  }

  /// Without what others say, by other names, of what a waypoint or a destination told: the connections to and from a
  /// waypoint, a caller's word of requests that a waypoint saw, and of what a destination saw without knowing the caller.
  private func withoutEchoes() -> [Edge] {
    let waypoints = WaypointServices(self)
    var told: Set<Told> = []
    for edge in self {
      if edge.reporter == .waypoint {
        told.insert(.call(edge))
      } else if edge.reporter == .destination, edge.source.workload.isEmpty {
        told.insert(.arrival(edge))
      }
    }
    guard !told.isEmpty else { return self }
    return filter { edge in
      if edge.reporter == .waypoint { return true }
      if waypoints.isCarrier(edge) { return false }
      // Where no request succeeded, none may have arrived.
      let isFailing = !edge.traffic.rates.isEmpty && edge.traffic.rates[.success] == nil
      if edge.reporter == .source, told.contains(.arrival(edge)) { return isFailing }
      return !told.contains(.call(edge)) || (isFailing && edge.destination.workload.isEmpty)
    }
  }

  /// With the edges of one pair beside each other, as sources of measurements give them in nearly every case.
  private func inOrderOfPairs() -> [Edge] {
    let isInOrder = !zip(self, dropFirst()).contains { $1.precedesInPairs($0) }
    return isInOrder ? self : sorted { $0.precedesInPairs($1) }
  }
}

extension ArraySlice<Edge> {
  /// Whether an edge of TCP is what carried the requests of this pair: no one proxy reported both.
  fileprivate func carries(_ edge: Edge) -> Bool {
    guard edge.transport == "tcp", let requests = best(ofTCP: false) else { return false }
    return requests != best(ofTCP: true)
  }

  private func best(ofTCP isTCP: Bool) -> Int? {
    lazy.filter { ($0.transport == "tcp") == isTCP }.map(\.reporter.rank).min()
  }
}

extension Edge {
  /// Whether it tells of the same flow as another edge of its pair, and is to be believed before it.
  fileprivate func tells(of other: Edge) -> Bool {
    transport == other.transport && reporter.rank < other.reporter.rank
  }

  /// Whether it leads from and to the same workloads; where none served, to the same service.
  ///
  /// Versions and clusters are not asked: who knows a workload at all may not know those.
  fileprivate func isOfPair(of other: Edge) -> Bool {
    source.workload == other.source.workload && destination.workload == other.destination.workload
      && source.namespace == other.source.namespace && destination.namespace == other.destination.namespace
      && (!destination.workload.isEmpty || destination.service == other.destination.service)
  }

  fileprivate func precedesInPairs(_ other: Edge) -> Bool {
    if source.namespace != other.source.namespace { return source.namespace < other.source.namespace }
    if source.workload != other.source.workload { return source.workload < other.source.workload }
    let (end, otherEnd) = (destination, other.destination)
    if end.namespace != otherEnd.namespace { return end.namespace < otherEnd.namespace }
    if end.workload != otherEnd.workload { return end.workload < otherEnd.workload }
    return end.workload.isEmpty && end.service < otherEnd.service
  }
}

extension Edge.Reporter {
  fileprivate var rank: Int {
    switch self {
    case .destination, .alone: 0
    case .waypoint: 1
    case .source: 2
    case .sink: 3
    }
  }
}

/// The services of which waypoints reported.
public struct WaypointServices: Sendable {
  private struct Name: Hashable {
    let namespace: String
    let service: String
  }

  private var names: Set<Name> = []

  /// The services of which waypoints reported in these edges.
  public init(_ edges: some Sequence<Edge>) {
    for edge in edges where edge.reporter == .waypoint { names.insert(Self.name(edge)) }
  }

  /// Whether an edge is a connection to or from a waypoint: what it carries, the waypoint told as what it is.
  public func isCarrier(_ edge: Edge) -> Bool {
    !names.isEmpty && edge.transport == "tcp" && edge.reporter != .waypoint && names.contains(Self.name(edge))
  }

  private static func name(_ edge: Edge) -> Name {
    Name(namespace: edge.destination.namespace, service: edge.destination.service)
  }
}

/// What a proxy told of that others may tell of by other names.
private enum Told: Hashable {
  /// What arrives at a workload by a protocol.
  case arrival(namespace: String, workload: String, transport: String)
  /// A caller's calls of a service.
  case call(namespace: String, workload: String, serviceNamespace: String, service: String)

  static func arrival(_ edge: Edge) -> Told {
    .arrival(
      namespace: edge.destination.namespace, workload: edge.destination.workload, transport: edge.transport)
  }

  static func call(_ edge: Edge) -> Told {
    .call(
      namespace: edge.source.namespace, workload: edge.source.workload, serviceNamespace: edge.destination.namespace,
      service: edge.destination.service)
  }
}
