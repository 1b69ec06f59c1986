import MeshKit
import TerminalUI

/// A graph laid out in columns from callers to callees: boxes, and the lines between them, in cells.
struct GraphLayout: Sendable {
  /// A node and its box.
  struct Box: Sendable {
    /// The node.
    var node: TopologyGraph.Node
    /// Where its box stands.
    var rect: Rect
    /// What stands in its first line: the node's name, with its plane where there are several.
    var title: String
    /// The column, counted from the callers' side.
    var column: Int
    /// The callees that are drawn to the left of it, or in it, since calls go round in a circle.
    var loops: [Int] = []
  }

  /// An edge and what is written on it.
  struct Wire: Sendable {
    /// The boxes it joins.
    var source, destination: Int
    /// Its traffic.
    var traffic: TrafficSum
    /// `http`, `grpc` or `tcp`.
    var transport: String
    /// What each end told of it, where they are on two planes.
    var reports: [TopologyGraph.Report]
    /// The flows it is the sum of, one a service called.
    var links: [TopologyGraph.Link]
    /// Where its label ends, just before the arrow; `nil` where it is drawn as a loop.
    var arrow: Point?
    /// The directions its line takes through each cell.
    var cells: [Point: UInt8] = [:]
  }

  /// The boxes.
  private(set) var boxes: [Box] = []
  /// The edges.
  private(set) var wires: [Wire] = []
  /// The cells the whole picture takes.
  private(set) var size = Size(width: 0, height: 0)

  static let up: UInt8 = 1
  static let down: UInt8 = 2
  static let left: UInt8 = 4
  static let right: UInt8 = 8
  private static let nameLimit = 22

  /// Lays a graph out.
  init(_ graph: TopologyGraph, focus: ObjectRef? = nil) {
    var layers = GraphLayers(graph)
    layers.order()
    let isOfSeveralPlanes = graph.isOfSeveralPlanes
    boxes = graph.nodes.enumerated().map { index, node in
      Box(
        node: node, rect: Rect(x: 0, y: 0, width: 0, height: 0),
        title: isOfSeveralPlanes && node.ref.name != node.ref.plane
          ? "\(node.ref.name) @\(node.ref.plane)" : node.ref.name, column: layers.layer[index], loops: [])
    }
    for edge in layers.edges {
      wires.append(
        Wire(
          source: edge.source, destination: edge.destination, traffic: edge.traffic, transport: edge.transport,
          reports: edge.reports, links: edge.links))
      if edge.isLoop { boxes[edge.source].loops.append(edge.destination) }
    }
    place(layers)
  }

  /// The label of an edge: rate, errors where there are any, and whether it is protected.
  static func label(_ traffic: TrafficSum, _ transport: String, _ glyphs: GlyphSet) -> SafeText {
    var text = SafeText(Figures.amount(traffic, transport))
    if let rate = traffic.errorRate, rate >= 0.000_5 { text = text + " \(Figures.percent(rate))" }
    guard let share = traffic.mtlsShare else { return text }
    if share < 0.99 { return text + " plain" }
    return text + (glyphs.isASCII ? " L" : " 🔒")
  }

  private mutating func place(_ layers: GraphLayers) {
    // Heights first: a box has a row for each edge that comes in.
    var height = Array(repeating: 1, count: layers.count)
    for index in boxes.indices {
      height[index] = max(1, layers.inbound(index).count) + 2 + (boxes[index].loops.isEmpty ? 0 : 1)
    }
    var top = Array(repeating: 0, count: layers.count)
    let columnHeights = layers.columns.map { $0.reduce(0) { $0 + height[$1] } }
    let tallest = columnHeights.max() ?? 0
    for (number, column) in layers.columns.enumerated() {
      var y = (tallest - columnHeights[number]) / 2
      for item in column {
        top[item] = y
        y += height[item]
      }
    }
    var x = 0
    var left = Array(repeating: 0, count: layers.count)
    var right = Array(repeating: 0, count: layers.count)
    var trackStart: [Int] = []
    for (number, column) in layers.columns.enumerated() {
      let names = column.filter { $0 < boxes.count }.map { boxWidth(boxes[$0]) }
      let width = names.max() ?? 1
      for item in column { (left[item], right[item]) = (x, x + width) }
      x += width
      trackStart.append(x + 1)
      let sources = column.filter { !layers.outbound($0).isEmpty }
      let labels = layers.segments.filter { layers.layer[$0.from] == number && $0.to < boxes.count }.map { segment in
        GraphLayout.label(wires[segment.edge].traffic, wires[segment.edge].transport, .unicode).columns
      }
      x += sources.isEmpty ? 2 : sources.count + 3 + (labels.max().map { $0 + 2 } ?? 0)
    }
    for index in boxes.indices {
      boxes[index].rect = Rect(x: left[index], y: top[index], width: right[index] - left[index], height: height[index])
    }
    draw(layers, top: top, left: left, right: right, trackStart: trackStart)
    size = Size(width: x, height: tallest)
  }

  private mutating func draw(_ layers: GraphLayers, top: [Int], left: [Int], right: [Int], trackStart: [Int]) {
    for (number, column) in layers.columns.enumerated() {
      for (track, source) in column.filter({ !layers.outbound($0).isEmpty }).enumerated() {
        let exit = source < boxes.count ? top[source] + 1 : top[source]
        let middle = trackStart[number] + track
        for segment in layers.outbound(source) {
          let target = segment.to
          let port = (layers.inbound(target).firstIndex { $0 == segment }) ?? 0
          let entry = target < boxes.count ? top[target] + 1 + port : top[target]
          line(segment.edge, fromX: right[source], toX: middle, y: exit)
          rise(segment.edge, x: middle, fromY: exit, toY: entry)
          line(segment.edge, fromX: middle, toX: left[target] - 1, y: entry)
          if target < boxes.count {
            wires[segment.edge].arrow = Point(x: left[target] - 1, y: entry)
          } else {
            line(segment.edge, fromX: left[target] - 1, toX: right[target], y: entry)
          }
        }
      }
    }
  }

  private mutating func line(_ edge: Int, fromX: Int, toX: Int, y: Int) {
    guard fromX < toX else { return }
    for x in fromX...toX {
      var bits: UInt8 = 0
      if x > fromX { bits |= GraphLayout.left }
      if x < toX { bits |= GraphLayout.right }
      wires[edge].cells[Point(x: x, y: y), default: 0] |= bits
    }
  }

  private mutating func rise(_ edge: Int, x: Int, fromY: Int, toY: Int) {
    guard fromY != toY else { return }
    let (low, high) = (min(fromY, toY), max(fromY, toY))
    for y in low...high {
      var bits: UInt8 = 0
      if y > low { bits |= GraphLayout.up }
      if y < high { bits |= GraphLayout.down }
      wires[edge].cells[Point(x: x, y: y), default: 0] |= bits
    }
  }

  private func boxWidth(_ box: Box) -> Int {
    min(
      max(SafeText(box.title).columns, SafeText(GraphLayout.note(box.node)).columns),
      box.title == box.node.ref.name ? GraphLayout.nameLimit : GraphLayout.nameLimit + 8) + 4
  }

  /// What stands below a node's name: its namespace, its kind where it is no plain container.
  static func note(_ node: TopologyGraph.Node) -> String {
    var words: [String] = []
    if let grouping = GraphGrouping(rawValue: node.ref.kind) {
      words.append(grouping.rawValue)
    } else if !node.ref.namespace.isEmpty {
      words.append(node.ref.namespace)
    }
    if let role = node.role, [.database, .cache, .message].contains(role) { words.append(role.rawValue) }
    if node.runtime != .container { words.append(node.runtime.rawValue) }
    return words.joined(separator: " ")
  }

  /// The box of a node.
  func index(of ref: ObjectRef?) -> Int? { boxes.firstIndex { $0.node.ref == ref } }

  /// The edges at a box, the busiest first.
  func wires(at box: Int) -> [Wire] {
    wires.filter { $0.source == box || $0.destination == box }.sorted { $0.traffic.rps > $1.traffic.rps }
  }

  /// The ends of an edge, by which it is known from one layout to the next.
  func ends(of wire: Wire) -> GraphEdge {
    GraphEdge(source: boxes[wire.source].node.ref, destination: boxes[wire.destination].node.ref)
  }

  /// The box an arrow key leads to: along the chosen or else the busiest edge to a callee or caller, or to the next box of
  /// the column.
  func neighbour(of box: Int, along chosen: Wire? = nil, _ key: Key) -> Int? {
    guard boxes.indices.contains(box) else { return boxes.isEmpty ? nil : 0 }
    switch key {
    case .right, .char("l"):
      if let chosen, chosen.source == box, chosen.destination != box { return chosen.destination }
      return wires.filter { $0.source == box && $0.destination != box }.max { $0.traffic.rps < $1.traffic.rps }?
        .destination
    case .left, .char("h"):
      if let chosen, chosen.destination == box, chosen.source != box { return chosen.source }
      return wires.filter { $0.destination == box && $0.source != box }.max { $0.traffic.rps < $1.traffic.rps }?.source
    case .up, .char("k"), .down, .char("j"):
      let isUp = key == .up || key == .char("k")
      let column = boxes.indices.filter { boxes[$0].column == boxes[box].column }
        .sorted { boxes[$0].rect.y < boxes[$1].rect.y }
      guard let place = column.firstIndex(of: box) else { return nil }
      let next = place + (isUp ? -1 : 1)
      return column.indices.contains(next) ? column[next] : nil
    default: return nil
    }
  }
}
