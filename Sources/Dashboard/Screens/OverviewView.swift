import MeshKit
import TerminalUI

/// What is wrong, since when, and what changed beside it.
enum OverviewView {
  static func draw(_ state: DashboardState, _ data: ScreenData, in body: Rect, on frame: inout Frame) {
    let chartRows = min(max((body.height - 8) / 6, 1), 5)
    let (top, bottom) = body.splitBottom(chartRows * 3 + 2)
    attention(state, data, in: top, on: &frame)
    let (charts, changes) = bottom.splitLeft(bottom.width / 2)
    if let row = state.chosenRow, let why = CellContext(state, frame.glyphs).remark(row) {
      frame.put(why, at: Point(x: bottom.x + 1, y: bottom.y), width: bottom.width - 2)
    }
    self.charts(state, rows: chartRows, in: charts, on: &frame)
    self.changes(state, in: changes.inset(left: 2), on: &frame)
  }

  private static func attention(_ state: DashboardState, _ data: ScreenData, in rect: Rect, on frame: inout Frame) {
    let glyphs = frame.glyphs
    let context = CellContext(state, glyphs)
    let table = Table(
      columns: [
        Column("", minimum: 1), Column("NEEDS ATTENTION", minimum: 18, flex: 2, maximum: 34),
        Column("", minimum: 13, flex: 1, maximum: 24), Column("RPS", minimum: 5, align: .right, priority: 60),
        Column("ERR", minimum: 5, align: .right, priority: 70), Column("P99", minimum: 6, align: .right, priority: 50),
        Column("SINCE", minimum: 5, align: .right, priority: 40), Column("WHY", minimum: 20, flex: 5),
      ], count: data.rows.count, state: state.place.list,
      placeholder: data.total > 0
        ? "nothing of \(data.total) passes the filter"
        : "all is well: planes, canaries, services, mTLS, proxies, configuration"
    ) { number in
      guard data.rows.indices.contains(number), case .attention(let row) = data.rows[number] else {
        return TableRow([])
      }
      let (sign, style): (Unicode.Scalar, Style) =
        switch row.weight {
        case .bad: (glyphs.cross, .bad)
        case .watch: (glyphs.alarm, .warn)
        case .fine: (glyphs.check, .good)
        }
      let isFine = row.weight == .fine
      let since = state.attentionSince[row.id].map { state.now.age(of: $0) }.map {
        $0 < 1 ? "now" : Figures.seconds($0.rounded())
      }
      let cells = [
        Line(SafeText(String(sign)), style), Cells.text(row.subject), Cells.text(row.state, .muted),
        row.traffic.map { Cells.rps($0.rps) } ?? Line(""), row.traffic.map { Cells.errors($0.errorRate) } ?? Line(""),
        row.traffic.map { Cells.latency($0) } ?? Line(""),
        isFine ? Line("–", .muted) : Cells.text(since ?? "now", .muted), Cells.text(row.why, isFine ? .muted : style),
      ]
      return context.tableRow(data.rows[number], cells)
    }
    table.draw(in: rect, on: &frame)
  }

  private static func charts(_ state: DashboardState, rows: Int, in rect: Rect, on frame: inout Frame) {
    let latest = state.history.last
    let span = state.history.first.map { state.now.age(of: $0.at) } ?? 0
    frame.put(
      "THIS SESSION, \(Figures.seconds(span.rounded()))", in: rect.row(1).inset(left: 1, top: 0), style: .header)
    let series: [(SafeText, String, [Double?], TerminalUI.Role)] = [
      ("RPS", latest?.rps.map { Figures.compact($0) } ?? "–", state.history.map(\.rps), .chart),
      ("ERR", Figures.percent(latest?.errorRate), state.history.map(\.errorRate), .bad),
      ("P99", Figures.milliseconds(latest?.p99), state.history.map(\.p99), .chartAlternate),
    ]
    var y = rect.y + 2
    for (name, value, values, role) in series {
      let label = Rect(x: rect.x + 1, y: y + rows - 1, width: 12, height: 1)
      frame.put("\(name) \(value)", in: label, style: .text)
      Sparkline(values, style: Style(role))
        .draw(in: Rect(x: rect.x + 14, y: y, width: rect.width - 15, height: rows), on: &frame)
      y += rows
    }
  }

  private static func changes(_ state: DashboardState, in rect: Rect, on frame: inout Frame) {
    frame.put("LAST CHANGES FROM HERE", in: rect.row(1), style: .header)
    if state.receipts.isEmpty { frame.put("none yet", in: rect.row(2), style: .muted) }
    for (number, receipt) in state.receipts.prefix(max(rect.height - 2, 0)).enumerated() {
      var line = Line("\(SafeText(Cells.age(of: receipt.at, at: state.now)).padded(to: 4, align: .right)) ", .muted)
      line.append("\(receipt.result.rawValue) ", Cells.style(receipt.result))
      line.append(SafeText(receipt.plan.summary))
      line.append("  by \(receipt.author)", .muted)
      frame.put(line, at: Point(x: rect.x, y: rect.y + 2 + number), width: rect.width - 1)
    }
  }
}
