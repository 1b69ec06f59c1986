import MeshKit
import TerminalUI

/// The table every list screen is drawn with: columns by screen, cells by row, only the visible rows formatted.
enum ScreenTable {
  /// A column and what it is sorted by; an empty name is never sorted.
  struct Heading {
    var name: String
    var column: Column

    init(
      _ name: String, _ title: SafeText, _ minimum: Int, flex: Int = 0, max: Int = Size.limit,
      align: Alignment = .left, priority: Int = 100, keepsEnd: Bool = false
    ) {
      self.name = name
      column = Column(
        title, minimum: minimum, flex: flex, maximum: max, align: align, priority: priority, keepsEnd: keepsEnd)
    }
  }

  static func draw(_ state: DashboardState, _ data: ScreenData, in rect: Rect, on frame: inout Frame) {
    let all = headings(state)
    let hidden = state.hiddenColumns[state.tableName] ?? []
    let kept = all.indices.filter { $0 == 0 || !hidden.contains(all[$0].column.title.text) }
    let headings = kept.map { all[$0] }
    let columns = headings.map { heading in
      var column = heading.column
      if let sort = state.place.sort, sort.column == heading.name { column.sorted = sort.isAscending }
      return column
    }
    let context = CellContext(state, frame.glyphs)
    let isHeaded = data.rows.first?.isHead ?? false
    let table = Table(
      columns: columns, count: data.rows.count, state: state.place.list, placeholder: placeholder(state, data)
    ) { number in
      guard data.rows.indices.contains(number) else { return TableRow([]) }
      let row = data.rows[number]
      guard !row.isHead else { return TableRow([]) }
      let cells = context.cells(row)
      return context.tableRow(
        row, kept.map { cells.indices.contains($0) ? cells[$0] : Line("") },
        isMarked: state.place.marked.contains(row.id))
    }
    let (list, foot) = rect.splitBottom(remarkHeight)
    table.draw(in: list, on: &frame)
    if isHeaded { drawHeads(state, data, context, in: list.splitTop(1).rest, on: &frame) }
    remark(state, data, context, in: foot, on: &frame)
  }

  /// The rows below the table that tell in full what its columns cut.
  static let remarkHeight = 2

  /// What the columns cut of the chosen row, in full; or why numbers are missing.
  private static func remark(
    _ state: DashboardState, _ data: ScreenData, _ context: CellContext, in rect: Rect, on frame: inout Frame
  ) {
    var lines = state.chosenRow.flatMap { context.remark($0) }.map { $0.wrapped(to: max(rect.width - 2, 1)) } ?? []
    if let stale = state.chosenRow.flatMap({ context.staleness($0) }) {
      lines.insert(Line("stale: \(stale.what) was last read \(stale.age) ago", Style(.stale)), at: 0)
    }
    if lines.count < 2, let gap = data.gap, needsTraffic(state.screen) {
      lines.append(Line("numbers are missing: \(gap)", .warn))
    }
    for (row, line) in lines.prefix(rect.height).enumerated() {
      frame.put(line, at: Point(x: rect.x + 1, y: rect.y + row), width: rect.width - 2)
    }
  }

  /// Heads go over the whole width rather than into columns.
  private static func drawHeads(
    _ state: DashboardState, _ data: ScreenData, _ context: CellContext, in body: Rect, on frame: inout Frame
  ) {
    let top = state.place.list.top(count: data.rows.count, height: body.height)
    for line in 0..<min(body.height, max(data.rows.count - top, 0)) {
      let row = data.rows[top + line]
      if row.isHead { frame.put(context.head(row), at: Point(x: body.x + 1, y: body.y + line), width: body.width - 2) }
    }
  }

  private static func needsTraffic(_ screen: ScreenID) -> Bool {
    screen == .services || screen == .canaries || screen == .mtls
  }

  private static func placeholder(_ state: DashboardState, _ data: ScreenData) -> SafeText {
    if data.total > 0 { return "nothing of \(data.total) passes the filter; Esc clears it" }
    switch state.screen {
    case .services: return "no services known yet"
    case .routes: return "no routes are configured"
    case .canaries: return "no rule has more than one backend"
    case .mtls: return data.gap.map { "no pair is known to talk: \($0)" } ?? "no pair was seen talking in the window"
    case .proxies:
      let reason = state.view?.programmed.values.lazy.compactMap(\.reason).first
      return reason.map { "no proxy is known: \($0)" } ?? "no proxy is known"
    case .findings: return "no problems found in the configuration"
    case .journal: return "nothing was applied from here yet"
    case .planes: return "connecting…"
    case .overview, .topology: return "nothing"
    }
  }

  /// The columns of the open screen.
  static func headings(_ state: DashboardState) -> [Heading] {
    switch state.screen {
    case .services:
      [
        Heading("name", state.place.isAlternate ? "WORKLOAD" : "SERVICE", 18, flex: 3, max: 44),
        Heading("rps", "RPS", 7, align: .right), Heading("", "TREND", 12, priority: 65),
        Heading("err", "ERR", 6, align: .right, priority: 95),
        Heading("p99", "P99", 7, align: .right, priority: 94), Heading("mtls", "MTLS", 5, align: .right, priority: 70),
        Heading("ready", "READY", 6, align: .right, priority: 90), Heading("role", "KIND", 8, priority: 60),
        Heading("proxy", "PROXY", 7, priority: 50), Heading("runtime", "RUNS IN", 10, priority: 40),
        Heading(
          "plane", "PLANE", Cells.planeWidth(state), priority: (state.view?.planes.count ?? 0) > 1 ? 92 : 30),
      ]
    case .routes:
      [
        Heading("", "#", 3, align: .right), Heading("name", "RULE", 10, flex: 1, max: 20, priority: 80),
        Heading("", "MATCHES", 18, flex: 3, max: 60), Heading("", "SENDS TO", 18, flex: 3, max: 60),
        Heading("", "SETTINGS", 12, flex: 3, max: 60, priority: 90),
      ]
    case .canaries:
      [
        Heading("name", "BACKEND", 8, flex: 1, max: 24), Heading("weight", "DESIRED", 7, align: .right),
        Heading("", "DRAFT", state.drafts.isEmpty ? 0 : 6, align: .right, priority: state.drafts.isEmpty ? 1 : 99),
        Heading("", "PROGRAMMED", 10, align: .right), Heading("", "OBSERVED", 18, align: .left),
        Heading("rps", "RPS", 5, align: .right, priority: 60), Heading("err", "ERR", 5, align: .right, priority: 70),
        Heading("p99", "P99", 7, align: .right, priority: 65),
        Heading("ready", "READY", 5, align: .right, priority: 50),
        Heading("", "VERDICT", 16, flex: 3),
      ].filter { $0.column.minimum > 0 }
    case .mtls where state.place.isAlternate:
      [
        Heading("name", "WORKLOAD", 20, flex: 2, max: 44), Heading("", "PORT", 5, align: .right),
        Heading("", "ACCEPTS", 10), Heading("", "PROGRAMMED", 10, priority: 60), Heading("", "WHY", 20, flex: 4),
      ]
    case .mtls:
      [
        Heading("name", "SERVER:PORT", 21, flex: 2, max: 36), Heading("client", "CLIENT", 16, flex: 2, max: 36),
        Heading("", "POLICY", 10), Heading("", "SENDS", 9, max: 14, priority: 50),
        Heading("", "OUTCOME", 9, priority: 60), Heading("", "PROGRAMMED", 10, priority: 55),
        Heading("mtls", "OBSERVED", 8, align: .right), Heading("", "N", 6, align: .right, priority: 40),
        Heading("rps", "RPS", 5, align: .right, priority: 70), Heading("state", "VERDICT", 15, flex: 3),
      ]
    case .proxies:
      [
        Heading("name", "PROXY", 34, flex: 3, max: 56, keepsEnd: true), Heading("state", "SYNC", 8),
        Heading("", "CDS LDS RDS EDS", 15, priority: 60), Heading("version", "VERSION", 7, priority: 80),
        Heading("cert", "CERT", 7, align: .right, priority: 90), Heading("", "ADMIN", 5, priority: 45),
        Heading("", "LINK", 9, priority: 50), Heading("", "AGE", 4, align: .right, priority: 40),
        Heading("", "PROVES", 24, flex: 2, max: 64, priority: 30),
      ]
    case .findings:
      [
        Heading("severity", "SEVERITY", 9), Heading("code", "CODE", 7), Heading("name", "OBJECT", 18, flex: 2, max: 44),
        Heading("", "WHAT", 24, flex: 5), Heading("", "WHERE", 14, flex: 1, max: 40, priority: 50),
      ]
    case .journal:
      [
        Heading("age", "AGE", 5, align: .right), Heading("state", "RESULT", 11), Heading("", "WHAT", 21, flex: 4),
        Heading("", "BY", 8, flex: 1, max: 20, priority: 60), Heading("", "REASON", 8, flex: 2, max: 40, priority: 50),
        Heading("", "PLAN", 16, flex: 1, max: 26, priority: 70, keepsEnd: true),
      ]
    case .planes:
      [
        Heading("", "PLANE", 10, flex: 1, max: 24), Heading("state", "STATE", 12), Heading("", "KIND", 10),
        Heading("", "FEEDS", 7, align: .right), Heading("", "TELEMETRY", 16, flex: 2, max: 50, priority: 80),
        Heading("", "ADDRESS", 16, flex: 2, max: 50, priority: 70), Heading("", "TROUBLE", 12, flex: 3, priority: 90),
      ]
    case .overview, .topology: []
    }
  }

  /// The columns of the open screen that rows can be sorted by.
  static func sortable(_ state: DashboardState) -> [String] { headings(state).map(\.name).filter { !$0.isEmpty } }
}
