import MeshKit
import TerminalUI

/// The whole picture: a pure function of state, size and signs.
enum DashboardView {
  static func frame(_ state: DashboardState, in viewport: Viewport) -> Frame {
    var frame = Frame(viewport)
    guard viewport.size.width >= Chrome.minimum.width, viewport.size.height >= Chrome.minimum.height else {
      frame.tooSmall(needed: Chrome.minimum)
      return frame
    }
    let (context, below) = frame.bounds.splitTop(1)
    let (tabs, rest) = below.splitTop(1)
    let (crumbs, middle) = rest.splitTop(1)
    let (body, foot) = middle.splitBottom(1)
    Chrome.context(state, in: context, on: &frame)
    Chrome.tabs(state, in: tabs, on: &frame)
    Chrome.breadcrumbs(state, in: crumbs, on: &frame)
    frame.clipped(to: body) { frame in screen(state, in: body, on: &frame) }
    Chrome.foot(state, in: foot, on: &frame)
    if let plan = state.plan { PlanSheetView.draw(plan, state, in: body, on: &frame) }
    overlay(state, in: body, on: &frame)
    return frame
  }

  private static func screen(_ state: DashboardState, in body: Rect, on frame: inout Frame) {
    guard let data = state.data[state.screen] else {
      let waiting: SafeText = state.view == nil ? "connecting to the planes…" : "working it out…"
      frame.put(waiting, in: body.inset(left: 1, top: 1), style: .muted)
      return
    }
    if state.place.detail != nil {
      let lines = (data.detail ?? [Line("working it out…", .muted)]).flatMap { $0.wrapped(to: max(body.width - 2, 1)) }
      TextView(
        lines, offset: min(state.place.detailOffset, TextView.lastOffset(lines: lines.count, height: body.height))
      )
      .draw(in: body.inset(horizontal: 1), on: &frame)
      return
    }
    switch state.screen {
    case .overview: OverviewView.draw(state, data, in: body, on: &frame)
    case .topology: TopologyView.draw(state, data, in: body, on: &frame)
    default: ScreenTable.draw(state, data, in: body, on: &frame)
    }
  }

  private static func overlay(_ state: DashboardState, in body: Rect, on frame: inout Frame) {
    switch state.overlay {
    case nil: break
    case .help(let offset):
      let help = state.help
      HelpOverlay(title: help.title, keymap: help.keymap, context: help.context, offset: offset)
        .draw(in: body, on: &frame)
    case .text(let sheet):
      let wrapped = sheet.wrapped(on: frame.size)
      let inside = frame.sheet(
        Size(width: sheet.width(on: frame.size), height: wrapped.count + 2), in: body, title: sheet.title,
        note: "x copies, Esc closes")
      let lines = wrapped.map { line in
        Line(line.spans.map { TextSpan($0.text, $0.style.background == .background ? $0.style.on(.sheet) : $0.style) })
      }
      TextView(lines, offset: min(sheet.offset, TextView.lastOffset(lines: lines.count, height: inside.height)))
        .draw(in: inside, on: &frame)
    case .form(let sheet):
      let height = sheet.form.height + 5
      let inside = frame.sheet(Size(width: min(78, body.width - 2), height: height), in: body, title: sheet.title)
      sheet.form.draw(in: inside.inset(top: 1, bottom: 2), on: &frame, ground: .sheet)
      let (_, foot) = inside.splitBottom(1)
      frame.put(
        sheet.problem ?? "Tab next field, ⏎ plan, Esc drops it", in: foot,
        style: Style(sheet.problem == nil ? .muted : .bad, on: .sheet))
    case .columns(let list): columns(state, list, in: body, on: &frame)
    case .quit:
      let (what, keys) = leaving(state)
      let width = min(max(what.columns, keys.columns, 46) + 4, body.width - 2)
      let inside = frame.sheet(Size(width: width, height: 5), in: body, title: "Leave?")
      frame.put(what, in: inside, style: Style(.warn, on: .sheet))
      frame.put(keys, in: inside.inset(top: 1), style: Style(.text, on: .sheet))
    }
  }

  /// What would be left undone, and the keys.
  private static func leaving(_ state: DashboardState) -> (what: SafeText, keys: SafeText) {
    if state.isLeaving {
      let what: SafeText =
        state.unconfirmed.isEmpty ? "Waiting for the request under way…" : "Taking back what was not confirmed…"
      return (what, "q leaves without waiting for it")
    }
    if let change = state.unconfirmed.first {
      let more: SafeText = state.unconfirmed.count > 1 ? " and \(state.unconfirmed.count - 1) more" : ""
      return ("Not confirmed: " + "\(change.summary)" + more, "q takes it back and leaves, Esc stays")
    }
    if state.plan?.isBusy == true {
      return ("A plan is being applied.", "q stops it between two steps and leaves, Esc stays")
    }
    return ("A draft is not applied yet.", "q leaves all the same, Esc stays")
  }

  private static func columns(_ state: DashboardState, _ list: ListState, in body: Rect, on frame: inout Frame) {
    let headings = ScreenTable.headings(state)
    let hidden = state.hiddenColumns[state.tableName] ?? []
    let inside = frame.sheet(
      Size(width: 44, height: headings.count + 2), in: body, title: "Columns", note: "Space shows or hides, Esc closes")
    let top = list.top(count: headings.count, height: inside.height)
    for (row, number) in (top..<min(top + inside.height, headings.count)).enumerated() {
      let title = headings[number].column.title
      let isShown = !hidden.contains(title.text)
      let isChosen = number == list.selected
      let style = Style(isChosen ? .selectionText : isShown ? .text : .muted, on: isChosen ? .selection : .sheet)
      let line = inside.row(row)
      frame.fill(line, style: style)
      frame.put(
        "\(isChosen ? String(frame.glyphs.cursor) : " ") \(isShown ? "[x]" : "[ ]") \(title)", in: line, style: style)
    }
  }
}
