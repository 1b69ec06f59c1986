import MeshKit

/// Assigns nodes to columns so that calls run to the right, and orders each column so that few lines cross.
struct GraphLayers {
  /// An edge between two nodes, all services and protocols together.
  struct Edge {
    var source, destination: Int
    var traffic: TrafficSum
    var transport: String
    /// What each end told of it, where they are on two planes.
    var reports: [TopologyGraph.Report] = []
    /// The flows it is the sum of, one a service called.
    var links: [TopologyGraph.Link]
    /// Whether it closes a circle of calls and is not drawn as a line.
    var isLoop = false
  }

  /// A piece of an edge from one column to the next.
  struct Segment: Hashable {
    var edge: Int
    var from, to: Int
  }

  private(set) var edges: [Edge] = []
  /// The column of each node, then of each place an edge passes through a column.
  private(set) var layer: [Int]
  /// The pieces of all edges.
  private(set) var segments: [Segment] = []
  /// The items of each column from top to bottom: nodes, and places where edges pass through.
  private(set) var columns: [[Int]] = []
  private var outgoing: [Int: [Segment]] = [:]
  private var incoming: [Int: [Segment]] = [:]

  /// Nodes and places where edges pass.
  var count: Int { layer.count }

  init(_ graph: TopologyGraph) {
    layer = Array(repeating: 0, count: graph.nodes.count)
    let indices = Dictionary(graph.nodes.enumerated().map { ($1.ref, $0) }, uniquingKeysWith: { first, _ in first })
    var known: [Int: [Int: Int]] = [:]
    for link in graph.links {
      guard let source = indices[link.source], let destination = indices[link.destination] else { continue }
      if let edge = known[source]?[destination] {
        edges[edge].traffic = GraphSelection.sum(edges[edge].traffic, link.traffic)
        edges[edge].reports = GraphSelection.sum(edges[edge].reports, link.reports)
        edges[edge].links.append(link)
      } else {
        known[source, default: [:]][destination] = edges.count
        edges.append(
          Edge(
            source: source, destination: destination, traffic: link.traffic, transport: link.transport,
            reports: link.reports, links: [link]))
      }
    }
    markLoops(nodes: graph.nodes.count)
    assign(nodes: graph.nodes.count)
    spread(nodes: graph.nodes.count)
    cut()
    let last = layer.max() ?? 0
    columns = Array(repeating: [], count: graph.nodes.isEmpty ? 0 : last + 1)
    for item in layer.indices { columns[layer[item]].append(item) }
  }

  /// The pieces that leave an item, and those that reach it, from top to bottom.
  func outbound(_ item: Int) -> [Segment] { outgoing[item] ?? [] }
  func inbound(_ item: Int) -> [Segment] { incoming[item] ?? [] }

  /// Marks the edges that lead back to where a walk came from.
  private mutating func markLoops(nodes: Int) {
    var out = Array(repeating: [Int](), count: nodes)
    var inDegree = Array(repeating: 0, count: nodes)
    for (number, edge) in edges.enumerated() {
      out[edge.source].append(number)
      if edge.source != edge.destination { inDegree[edge.destination] += 1 }
    }
    var state = Array(repeating: 0, count: nodes)
    for root in (0..<nodes).sorted(by: { (inDegree[$0], $0) < (inDegree[$1], $1) }) where state[root] == 0 {
      var stack: [(node: Int, next: Int)] = [(root, 0)]
      state[root] = 1
      while let top = stack.last {
        guard top.next < out[top.node].count else {
          state[top.node] = 2
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let edge = out[top.node][top.next]
        let target = edges[edge].destination
        if state[target] == 1 {
          edges[edge].isLoop = true
        } else if state[target] == 0 {
          state[target] = 1
          stack.append((target, 0))
        }
      }
    }
  }

  /// Puts each node one column right of its farthest caller.
  private mutating func assign(nodes: Int) {
    var waiting = Array(repeating: 0, count: nodes)
    for edge in edges where !edge.isLoop { waiting[edge.destination] += 1 }
    var ready = (0..<nodes).filter { waiting[$0] == 0 }
    var out = Array(repeating: [Int](), count: nodes)
    for (number, edge) in edges.enumerated() where !edge.isLoop { out[edge.source].append(number) }
    while let node = ready.popLast() {
      for number in out[node] {
        let target = edges[number].destination
        layer[target] = max(layer[target], layer[node] + 1)
        waiting[target] -= 1
        if waiting[target] == 0 { ready.append(target) }
      }
    }
  }

  /// Spreads the nodes nobody calls and that call nobody over several columns.
  private mutating func spread(nodes: Int) {
    let joined = Set(edges.flatMap { [$0.source, $0.destination] })
    let width = max((layer.max() ?? 0) + 1, 5)
    for (number, node) in (0..<nodes).filter({ !joined.contains($0) }).enumerated() { layer[node] = number % width }
  }

  /// Cuts edges over several columns into pieces from one column to the next.
  private mutating func cut() {
    for (number, edge) in edges.enumerated() where !edge.isLoop {
      var from = edge.source
      let (first, last) = (layer[edge.source], layer[edge.destination])
      for column in (first + 1)..<max(last, first + 1) {
        layer.append(column)
        let passing = layer.count - 1
        segments.append(Segment(edge: number, from: from, to: passing))
        from = passing
      }
      segments.append(Segment(edge: number, from: from, to: edge.destination))
    }
  }

  /// Orders columns by the middle of what each item is joined with, right and left in turn.
  mutating func order() {
    var place = Array(repeating: 0.0, count: layer.count)
    func renumber(_ column: [Int]) { for (row, item) in column.enumerated() { place[item] = Double(row) } }
    for column in columns { renumber(column) }
    let before = Dictionary(grouping: segments, by: \.to)
    let after = Dictionary(grouping: segments, by: \.from)
    for round in 0..<6 {
      let isForward = round % 2 == 0
      for number in isForward ? Array(columns.indices) : columns.indices.reversed() {
        let centres = columns[number].map { item -> (Int, Double) in
          let others =
            isForward ? (before[item] ?? []).map { place[$0.from] } : (after[item] ?? []).map { place[$0.to] }
          return (item, others.isEmpty ? place[item] : others.reduce(0, +) / Double(others.count))
        }
        columns[number] = centres.enumerated().sorted { left, right in
          left.element.1 == right.element.1 ? left.offset < right.offset : left.element.1 < right.element.1
        }.map(\.element.0)
        renumber(columns[number])
      }
    }
    outgoing = after.mapValues { $0.sorted { (place[$0.to], $0.edge) < (place[$1.to], $1.edge) } }
    incoming = before.mapValues { $0.sorted { (place[$0.from], $0.edge) < (place[$1.from], $1.edge) } }
  }
}
