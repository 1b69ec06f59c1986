import MeshKit
import TerminalUI

/// The lines around every screen: context, tabs, breadcrumbs, hints.
enum Chrome {
  /// The least size a screen is useful at.
  static let minimum = Size(width: 60, height: 15)

  /// Line 1: planes with their state, and the mesh in four numbers.
  static func context(_ state: DashboardState, in rect: Rect, on frame: inout Frame) {
    frame.fill(rect, style: Style(.barText, on: .bar))
    var numbers = Line("", Style(.barText, on: .bar))
    if state.view == nil {
      numbers.append("connecting… ", Style(.barText, on: .bar))
    } else {
      let summary = state.summary
      numbers.append("\(summary?.rps.map(Figures.compact) ?? "–") rps", Style(.barText, on: .bar))
      let rate = summary?.errorRate
      numbers.append(
        "  \(Figures.percent(rate)) err", Style((rate ?? 0) >= 0.01 ? .bad : .barText, on: .bar))
      // In ASCII the sign takes two columns, which the place of the numbers has to count.
      let bound: SafeText = summary?.p99ms == nil ? "" : frame.glyphs.isASCII ? "<=" : "≤"
      numbers.append("  p99 \(bound)\(Figures.milliseconds(summary?.p99ms))", Style(.barText, on: .bar))
      numbers.append("  mTLS \(Figures.percent(summary?.mtlsShare)) ", Style(.barText, on: .bar))
    }
    let right = Point(x: max(rect.maxX - numbers.columns, rect.x), y: rect.y)
    var x = rect.x + 1
    x += frame.put("meshdeck", at: Point(x: x, y: rect.y), style: Style(.title, on: .bar, .bold))
    if state.isReadOnly {
      x += frame.put("  read-only", at: Point(x: x, y: rect.y), style: Style(.warn, on: .bar, .bold))
    }
    func word(_ status: PlaneStatus) -> SafeText {
      let age = status.staleSince.map { " for \(Cells.age(of: $0, at: state.now))" } ?? ""
      return "\(status.plane.name) \(status.state.rawValue)\(age)"
    }
    var planes = state.view?.planes ?? []
    // Where not all have room, those in trouble are not the ones left out.
    if planes.reduce(x, { $0 + 4 + word($1).columns }) >= right.x {
      planes = planes.filter { $0.state != .live } + planes.filter { $0.state == .live }
    }
    for status in planes {
      let (sign, style) = Cells.state(status.state, frame.glyphs)
      let word = word(status)
      guard x + 4 + word.columns < right.x else {
        frame.put("  …", at: Point(x: x, y: rect.y), style: Style(.barText, on: .bar), width: max(right.x - x - 1, 0))
        break
      }
      frame.put(sign, x: x + 2, y: rect.y, style: style.on(.bar))
      x += 4
      x += frame.put(word, at: Point(x: x, y: rect.y), style: Style(.barText, on: .bar))
    }
    frame.put(numbers, at: right, width: rect.width)
  }

  /// Line 2: the screens.
  static func tabs(_ state: DashboardState, in rect: Rect, on frame: inout Frame) {
    let badges = badges(state, frame.glyphs)
    func width(_ screen: ScreenID, _ title: SafeText) -> Int {
      title.columns + 4 + (badges[screen].map { $0.columns + 1 } ?? 0)
    }
    let isWide = ScreenID.allCases.reduce(1) { $0 + width($1, $1.title) } <= rect.width
    var x = rect.x + (isWide ? 1 : 0)
    for screen in ScreenID.allCases {
      let isOpen = screen == state.screen
      let ground: TerminalUI.Role = isOpen ? .selection : .background
      let start = x
      x +=
        frame.put("\(screen.key)", at: Point(x: x + (isWide ? 0 : 1), y: rect.y), style: Style(.key, on: ground))
        + (isWide ? 0 : 1)
      let title = isWide ? screen.title : screen.shortTitle
      x += frame.put(
        " \(title)", at: Point(x: x, y: rect.y),
        style: isOpen ? Style(.selectionText, on: ground, .bold) : Style(.text, on: ground))
      if let badge = badges[screen] {
        x += isWide ? 1 : 0
        // Where titles are short, the worst has room alone.
        let spans = (isWide ? badge.spans : Array(badge.spans.prefix(1))).map { TextSpan($0.text, $0.style.on(ground)) }
        x += frame.put(Line(spans), at: Point(x: x, y: rect.y))
      }
      if isOpen { frame.restyle(Rect(x: start, y: rect.y, width: x - start, height: 1)) { $0.background = .selection } }
      x += isWide ? 2 : 0
    }
  }

  /// What stands beside a screen's title: errors and warnings, by the signs of the list.
  private static func badges(_ state: DashboardState, _ glyphs: GlyphSet) -> [ScreenID: Line] {
    let found = state.summary?.findings ?? [:]
    let signs: [(Finding.Severity, Unicode.Scalar)] = [(.error, glyphs.cross), (.warning, glyphs.alarm)]
    let spans = signs.compactMap { severity, sign -> TextSpan? in
      guard let count = found[severity], count > 0 else { return nil }
      return TextSpan("\(String(sign))\(count)", Cells.style(severity))
    }
    return spans.isEmpty ? [:] : [.findings: Line(spans)]
  }

  /// Line 3: where the operator stands, the filter, and how old the data is.
  static func breadcrumbs(_ state: DashboardState, in rect: Rect, on frame: inout Frame) {
    var right = confirmation(state, frame.glyphs)
    if let index = state.pastIndex, state.past.indices.contains(index) {
      let seen = state.now.age(of: state.past[index].at)
      right.append(
        "the past: \(Figures.seconds(seen.rounded())) ago, \(index + 1) of \(state.past.count)  [ ] p ", .warn)
    } else if let summary = state.summary, let measured = summary.measuredAt {
      if rect.width >= 100 {
        let noun = summary.queries == 1 ? "query" : "queries"
        right.append("\(summary.queries) \(noun) \(Figures.seconds(summary.querySeconds))  ", .muted)
      }
      if rect.width >= 100 || right.columns == 0 {
        right.append("window \(Figures.seconds((summary.window ?? 0).rounded()))  ", .muted)
      }
      let age = state.now.age(of: measured)
      let isOld = age > 30 || summary.isMeasuringFailing
      right.append("age \(Cells.age(of: measured, at: state.now))", isOld ? Style(.stale) : .muted)
      if summary.isMeasuringFailing { right.append("  measuring fails", .warn) }
    } else if let gap = state.summary?.gap {
      right.append("traffic unknown: \(SafeText(gap).truncated(to: 40))", .warn)
    }
    if state.isPaused { right.append("  ⏸ paused", .warn) }
    right.append(" ")
    let start = max(rect.maxX - right.columns, rect.x + rect.width / 2)
    var left = Line(" ")
    left.append(state.screen.title, .title)
    for crumb in state.crumbs {
      left.append(" › ", .muted)
      left.append(crumb)
    }
    let place = state.place
    if !place.marked.isEmpty { left.append("  \(place.marked.count) marked", Style(.marked)) }
    if !place.filter.isEmpty {
      left.append("  ")
      left.append("‹\(place.filter)›", Style(.match))
      if (try? Filter(place.filter)) == nil { left.append(" (as text)", .muted) }
    }
    if let sort = place.sort {
      left.append("  by \(sort.column) \(sort.isAscending ? "▲" : "▼")", .muted)
    }
    frame.put(left, at: rect.origin, width: start - rect.x - 1)
    frame.put(right, at: Point(x: start, y: rect.y), width: rect.maxX - start)
  }

  /// How long a plan can still be confirmed, and the key that does; empty where none waits.
  private static func confirmation(_ state: DashboardState, _ glyphs: GlyphSet) -> Line {
    let waiting = state.awaitingConfirmation
    guard let left = waiting.lazy.compactMap({ state.secondsToConfirm($0) }).first(where: { $0 > 0 }) else {
      return waiting.isEmpty ? Line("") : Line("▲ \(waiting.count) not confirmed in time  ", .bad)
    }
    return Line("▲ \(state.keyLabel(of: "confirm", glyphs)) confirms, \(Figures.duration(left)) left  ", .warn)
  }

  /// The last line: what is being typed, a remark, or the keys.
  static func foot(_ state: DashboardState, in rect: Rect, on frame: inout Frame) {
    frame.fill(rect, style: Style(.barText, on: .bar))
    if let input = state.input {
      let prompt: SafeText =
        switch input.purpose {
        case .filter: "/"
        case .command: ":"
        case .weight: "weight: "
        case .ignore: "ignore, because: "
        }
      input.editor.draw(in: rect, on: &frame, prompt: prompt)
      return
    }
    if let toast = state.toast {
      toast.draw(in: rect, on: &frame)
      return
    }
    if let plan = state.plan {
      KeyHints(plan.bindings(state)).draw(in: rect, on: &frame)
      return
    }
    KeyHints(state.currentKeymap.bindings(in: state.screen.rawValue).filter { !$0.title.text.isEmpty })
      .draw(in: rect, on: &frame)
  }
}

extension DashboardState {
  /// What stands after the screen's name: the other table, the thing opened.
  var crumbs: [SafeText] {
    var crumbs: [SafeText] = []
    let place = place
    switch screen {
    case .services where place.isAlternate: crumbs.append("workloads")
    case .mtls: crumbs.append(place.isAlternate ? "what each workload accepts" : "pairs that talk")
    case .findings where place.isAlternate: crumbs.append("with ignored")
    case .topology:
      if topology.grouping != .none { crumbs.append("\(topology.grouping.rawValue)s") }
      if let focus = topology.focus {
        crumbs.append("near \(focus.name), \(topology.hops) \(topology.hops == 1 ? "hop" : "hops")")
      }
      if topology.showsIdle { crumbs.append("with idle") }
    default: break
    }
    if let detail = place.detail {
      crumbs.append(ObjectRef(detail).map { Cells.name($0) } ?? SafeText(detail))
    } else if let data = data[screen], data.screen != .overview, data.total > 0 {
      crumbs.append(data.shown == data.total ? "\(data.total)" : "\(data.shown) of \(data.total)")
    }
    return crumbs
  }
}
