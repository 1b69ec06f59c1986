import MeshKit
import TerminalUI

/// The graph: boxes and lines, and what is known of the chosen box below.
enum TopologyView {
  static func draw(_ state: DashboardState, _ data: ScreenData, in body: Rect, on frame: inout Frame) {
    guard let graph = data.graph, !graph.boxes.isEmpty else {
      let reason =
        data.gap.map { SafeText($0) }
        ?? (state.place.filter.isEmpty
          ? "no traffic was seen; i shows idle nodes" : "nothing passes the filter; Esc clears it")
      frame.put(reason, in: body.inset(left: 1, top: 1), style: .muted)
      return
    }
    let chosen = graph.index(of: state.place.chosen.flatMap { ObjectRef($0) }) ?? 0
    let panelHeight = min(6, max(body.height / 4, 3))
    let (picture, panel) = body.splitBottom(panelHeight)
    let context = CellContext(state, frame.glyphs)
    let edge = state.chosenWire.map(graph.ends)
    self.picture(graph, chosen, edge, context, in: picture, on: &frame)
    self.panel(graph, chosen, edge, data.gap, context, in: panel, on: &frame)
  }

  /// Where the picture begins so that the chosen box is visible, in the middle where the picture is larger than the room.
  static func origin(_ graph: GraphLayout, _ chosen: Int, in rect: Rect) -> Point {
    let box = graph.boxes[chosen].rect
    func start(_ middle: Int, _ room: Int, _ whole: Int) -> Int {
      whole <= room ? -((room - whole) / 2) : min(max(middle - room / 2, 0), whole - room)
    }
    return Point(
      x: graph.size.width <= rect.width ? -1 : start(box.x + box.width / 2, rect.width, graph.size.width),
      y: start(box.y + box.height / 2, rect.height, graph.size.height))
  }

  private static func picture(
    _ graph: GraphLayout, _ chosen: Int, _ edge: GraphEdge?, _ context: CellContext, in rect: Rect,
    on frame: inout Frame
  ) {
    let chosenWire = edge.flatMap { edge in graph.wires.first { graph.ends(of: $0) == edge } }
    let origin = origin(graph, chosen, in: rect)
    let (dx, dy) = (rect.x - origin.x, rect.y - origin.y)
    frame.clipped(to: rect) { frame in
      for isOwn in [false, true] {
        var merged: [Point: UInt8] = [:]
        for wire in graph.wires where (wire.source == chosen || wire.destination == chosen) == isOwn {
          for (point, bits) in wire.cells { merged[point, default: 0] |= bits }
        }
        for (point, bits) in merged where rect.contains(Point(x: point.x + dx, y: point.y + dy)) {
          let style: Style = chosenWire?.cells[point] != nil ? .title : isOwn ? .accent : .border
          frame.put(sign(bits, frame.glyphs.border), x: point.x + dx, y: point.y + dy, style: style)
        }
      }
      for wire in graph.wires {
        guard let arrow = wire.arrow else { continue }
        let isOwn = wire.source == chosen || wire.destination == chosen
        let label = GraphLayout.label(wire.traffic, wire.transport, frame.glyphs)
        let isChosen = edge != nil && graph.ends(of: wire) == edge
        let isBad = (wire.traffic.errorRate ?? 0) >= 0.01
        let style: Style =
          isChosen ? .selection : isBad ? .bad : (wire.traffic.mtlsShare ?? 1) < 0.99 ? .warn : isOwn ? .accent : .muted
        frame.put("▶", x: arrow.x + dx, y: arrow.y + dy, style: isChosen ? .title : isOwn ? .accent : .border)
        frame.put(label, at: Point(x: arrow.x + dx - label.columns - 1, y: arrow.y + dy), style: style)
      }
      for (number, box) in graph.boxes.enumerated() {
        draw(box, number == chosen, graph, context.staleFor(box.node.ref) != nil, dx, dy, on: &frame)
      }
    }
  }

  private static func draw(
    _ box: GraphLayout.Box, _ isChosen: Bool, _ graph: GraphLayout, _ isStale: Bool, _ dx: Int, _ dy: Int,
    on frame: inout Frame
  ) {
    let rect = Rect(x: box.rect.x + dx, y: box.rect.y + dy, width: box.rect.width, height: box.rect.height)
    guard !rect.intersection(frame.clip).isEmpty else { return }
    frame.fill(rect, style: .text)
    let isStore = box.node.role == .database || box.node.role == .cache || box.node.role == .message
    let inside = frame.box(rect, isFocused: isChosen, isDouble: isStore || box.node.runtime == .external).inset(
      horizontal: 1)
    let isDown = box.node.total > 0 && box.node.ready < box.node.total
    frame.put(
      SafeText(box.title), in: inside,
      style: isChosen ? .selection : isDown ? .warn : isStale ? Style(.stale) : Style.text.bold)
    if isStale { frame.put(CellContext.staleSign, x: rect.x + 1, y: inside.y, style: Style(.stale)) }
    if isChosen { frame.put(frame.glyphs.cursor, x: rect.x + 1, y: inside.y, style: .accent) }
    var lines = [SafeText(GraphLayout.note(box.node))]
    if isDown { lines.append("\(box.node.ready)/\(box.node.total) ready") }
    for (row, line) in lines.enumerated() where row + 1 < inside.height {
      frame.put(line, in: inside.row(row + 1), style: .muted)
    }
    if !box.loops.isEmpty {
      let names = box.loops.prefix(2).map { graph.boxes[$0].node.ref.name }.joined(separator: ", ")
      frame.put("calls \(names)", in: inside.row(inside.height - 1), style: .muted)
    }
  }

  private static func sign(_ bits: UInt8, _ signs: BorderGlyphs) -> Unicode.Scalar {
    let (up, down) = (bits & GraphLayout.up != 0, bits & GraphLayout.down != 0)
    let (left, right) = (bits & GraphLayout.left != 0, bits & GraphLayout.right != 0)
    switch (up, down, left, right) {
    case (false, false, _, _): return signs.horizontal
    case (_, _, false, false): return signs.vertical
    case (false, true, false, true): return signs.topLeft
    case (false, true, true, false): return signs.topRight
    case (true, false, false, true): return signs.bottomLeft
    case (true, false, true, false): return signs.bottomRight
    case (true, true, false, true): return signs.teeRight
    case (true, true, true, false): return signs.teeLeft
    case (false, true, true, true): return signs.teeDown
    case (true, false, true, true): return signs.teeUp
    case (true, true, true, true): return signs.cross
    }
  }

  /// What both ends of a flow between planes said, where they do not say the same.
  static func said(_ reports: [TopologyGraph.Report], _ transport: String) -> SafeText? {
    guard reports.count > 1 else {
      return reports.first.map { "as \($0.plane) says; the other end says nothing" }
    }
    let words = reports.map { "\($0.plane) \(Figures.amount($0.traffic, transport))" }
    return "as said: \(words.joined(separator: ", "))"
  }

  private static func panel(
    _ graph: GraphLayout, _ chosen: Int, _ edge: GraphEdge?, _ gap: String?, _ context: CellContext, in rect: Rect,
    on frame: inout Frame
  ) {
    frame.rule(rect.row(0))
    let box = graph.boxes[chosen]
    var title = Line(" \(Cells.name(box.node.ref)) ", .title)
    if box.node.total > 0 { title.append("\(box.node.ready)/\(box.node.total) ready ", .muted) }
    if let proxy = box.node.proxy { title.append(proxy == .none ? "no proxy " : "\(proxy.rawValue) ", .muted) }
    title.append("on \(box.node.ref.plane) ", .muted)
    if let age = context.staleFor(box.node.ref) { title.append("stale for \(age) ", Style(.stale)) }
    let clusters = box.node.clusters.filter { $0 != box.node.ref.plane }
    if !clusters.isEmpty { title.append("in cluster \(clusters.joined(separator: ", ")) ", .muted) }
    frame.put(title, at: Point(x: rect.x + 1, y: rect.y), width: rect.width - 2)
    let wires = graph.wires(at: chosen)
    let room = rect.height - 1 - (gap == nil ? 0 : 1)
    let place = wires.firstIndex { graph.ends(of: $0) == edge }
    let first = place.map { max($0 - room + 1, 0) } ?? 0
    for (row, wire) in wires.dropFirst(first).prefix(max(room, 0)).enumerated() {
      let isIn = wire.destination == chosen
      let other = graph.boxes[isIn ? wire.source : wire.destination].node.ref
      let isChosen = first + row == place
      var line = Line(isChosen ? "\(String(frame.glyphs.cursor))" : " ", .accent)
      line.append(
        "\(isIn ? "←" : "→") \(Cells.name(other).padded(to: min(32, rect.width / 3)))", isChosen ? .selection : .text)
      line.append(" \(Figures.amount(wire.traffic, wire.transport)) \(wire.transport)")
      let isBad = (wire.traffic.errorRate ?? 0) >= 0.01
      line.append("  err \(Figures.percent(wire.traffic.errorRate))", isBad ? .bad : .text)
      line.append("  p99 \(Figures.latency(wire.traffic))")
      line.append(
        "  mTLS \(Figures.percent(wire.traffic.mtlsShare))", (wire.traffic.mtlsShare ?? 1) < 0.99 ? .warn : .muted)
      if let there = said(wire.reports, wire.transport) { line.append("  \(there)", .muted) }
      let below = wires.count - first - room
      if row == room - 1, below > 0 { line.append("  and \(below) more: Enter", .muted) }
      frame.put(line, at: Point(x: rect.x, y: rect.y + 1 + row), width: rect.width)
    }
    if let gap { frame.put("\(gap)", in: rect.splitBottom(1).bottom.inset(left: 1), style: .warn) }
  }
}
