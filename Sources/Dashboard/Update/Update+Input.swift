import MeshKit
import TerminalUI

extension Update {
  /// A key, a paste, a new size: the sheet on top gets it first, then the line being typed, then the screen.
  func input(_ event: InputEvent, _ state: inout DashboardState) -> [Effect<Message>] {
    if case .resize(let size) = event {
      state.size = size
      return []
    }
    if case .key(.ctrl("z")) = event { return suspend(&state) }
    let isSmall = state.size.width < Chrome.minimum.width || state.size.height < Chrome.minimum.height
    if isSmall { return event == .key(.char("q")) || event == .key(.ctrl("c")) ? quit(&state) : [] }
    if case .key(.ctrl("l")) = event { return [.redraw] }
    if case .key = event { state.toast = nil }
    if state.overlay != nil { return overlay(event, &state) }
    if state.input != nil { return line(event, &state) }
    if state.plan != nil { return planKey(event, &state) }
    switch event {
    case .key(let key): return self.key(key, &state)
    case .mouse(let mouse):
      switch mouse.action {
      case .wheelUp: return key(.up, &state)
      case .wheelDown: return key(.down, &state)
      default: return []
      }
    case .paste, .resize: return []
    }
  }

  private func key(_ key: Key, _ state: inout DashboardState) -> [Effect<Message>] {
    guard let binding = state.keymap.binding(for: key, in: state.screen.rawValue) else { return [] }
    if let reason = state.disabledReason(binding.id) {
      state.toast = Toast("\(binding.title): \(reason)", .warn)
      return []
    }
    if state.place.detail != nil, let effects = detailKey(binding.id, key, &state) { return effects }
    return everywhere(binding.id, key, &state) ?? screenKey(binding.id, key, &state)
  }

  /// Keys that count on every screen; `nil` where the binding is a screen's own.
  private func everywhere(_ id: String, _ key: Key, _ state: inout DashboardState) -> [Effect<Message>]? {
    switch id {
    case "move": return move(key, &state)
    case "screens": return key.character.flatMap { ScreenID(key: $0) }.map { open($0, &state) } ?? []
    case "filter":
      let before = state.place.filter
      state.input = InputLine(purpose: .filter(before: before), editor: LineEditor(before))
    case "command":
      state.input = InputLine(purpose: .command, editor: LineEditor("", history: state.commandHistory))
    case "help": state.overlay = .help(offset: 0)
    case "query": state.overlay = .text(Explanations.queries(state))
    case "why": state.overlay = .text(Explanations.why(state))
    case "native":
      guard let ref = state.chosenNative else {
        state.toast = Toast("there is no native object behind this", .info)
        return []
      }
      state.toast = Toast("fetching \(ref.description)…", .info)
      return [effects.show(ref)]
    case "sort", "reverse": return sort(isReversed: id == "reverse", &state)
    case "copy": return copy(&state)
    case "confirm":
      let waiting = state.awaitingConfirmation.first { (state.secondsToConfirm($0) ?? 0) > 0 }
      return waiting.map { [effects.confirm($0.plan.id)] } ?? []
    case "mark": return mark(&state)
    case "columns": chooseColumns(&state)
    case "earlier", "later": return step(id == "earlier" ? -1 : 1, &state)
    case "pause": return state.pastIndex == nil ? pause(&state) : present(&state)
    case "theme": nextTheme(&state)
    case "back": return back(&state)
    case "redraw": return [.redraw]
    case "suspend": return suspend(&state)
    case "quit": return quit(&state)
    default: return nil
    }
    return []
  }

  /// Opens a screen.
  func open(_ screen: ScreenID, _ state: inout DashboardState) -> [Effect<Message>] {
    if state.screen == screen, state.place.detail != nil { state.place.detail = nil }
    if state.screen != screen, state.data[state.screen]?.isSmall == false { state.data[state.screen] = nil }
    state.screen = screen
    return refresh(&state) + (screen == .journal ? rereadJournal(&state) : [])
  }

  /// Leaves the detail, then the draft, then the filter.
  private func back(_ state: inout DashboardState) -> [Effect<Message>] {
    if state.place.detail != nil {
      state.place.detail = nil
    } else if state.screen == .canaries, !state.drafts.isEmpty {
      state.drafts = [:]
      state.toast = Toast("the draft was dropped; nothing was written", .info)
      return []
    } else if state.screen == .topology, state.chosenWire != nil {
      state.topology.edge = nil
      return []
    } else if state.screen == .topology, state.topology.focus != nil {
      state.topology.focus = nil
    } else if !state.place.marked.isEmpty {
      state.place.marked = []
      return []
    } else if !state.place.filter.isEmpty {
      state.place.filter = ""
    } else {
      return []
    }
    return refresh(&state)
  }

  private func move(_ key: Key, _ state: inout DashboardState) -> [Effect<Message>] {
    let rows = state.rows
    var place = state.place
    let before = place.list.selected
    guard place.list.handle(key, count: rows.count, height: Update.tableHeight(state)) else { return [] }
    Update.leaveHeads(&place.list, rows, direction: place.list.selected - before)
    if rows.indices.contains(place.list.selected) { place.chosen = rows[place.list.selected].id }
    state.place = place
    return askCertificates(&state)
  }

  private func detailKey(_ id: String, _ key: Key, _ state: inout DashboardState) -> [Effect<Message>]? {
    guard id == "move" || id.hasSuffix(".open") else { return nil }
    let count = (state.data[state.screen]?.detail ?? []).reduce(0) {
      $0 + $1.wrapped(to: max(state.size.width - 2, 1)).count
    }
    _ = TextView.scroll(&state.place.detailOffset, key, lines: count, height: max(state.size.height - 4, 1))
    return []
  }

  private func sort(isReversed: Bool, _ state: inout DashboardState) -> [Effect<Message>] {
    let columns = ScreenTable.sortable(state)
    guard !columns.isEmpty else {
      state.toast = Toast("this screen has its own order", .info)
      return []
    }
    if isReversed {
      if state.place.sort == nil, let first = columns.first {
        state.place.sort = SortOrder(column: first, isAscending: false)
      } else {
        state.place.sort?.isAscending.toggle()
      }
    } else {
      let index = state.place.sort.flatMap { columns.firstIndex(of: $0.column) }.map { $0 + 1 } ?? 0
      // After the last column comes the screen's own order again. Names begin at A, numbers at the greatest.
      state.place.sort =
        columns.indices.contains(index)
        ? SortOrder(
          column: columns[index],
          isAscending: ["name", "client", "plane", "role", "proxy", "runtime", "code"].contains(columns[index]))
        : nil
    }
    return refresh(&state)
  }

  private func pause(_ state: inout DashboardState) -> [Effect<Message>] {
    state.isPaused.toggle()
    guard !state.isPaused, let held = state.held else { return [] }
    state.held = nil
    return apply(.view(held), to: &state)
  }

  private func nextTheme(_ state: inout DashboardState) {
    let names = ThemeFile.builtInNames
    let index = names.firstIndex(of: state.theme.name) ?? -1
    guard !names.isEmpty else { return }
    setTheme(names[(index + 1) % names.count], &state)
  }

  /// Changes the theme by name.
  func setTheme(_ name: String, _ state: inout DashboardState) {
    do throws(ThemeError) {
      state.theme = try ThemeFile.builtIn(name)
      state.toast = Toast("theme \(name)", .info)
    } catch {
      state.toast = Toast("\(error.description)", .bad)
    }
  }

  /// Goes to the shell, unless something is under way that a stopped program could not bring to its end.
  private func suspend(_ state: inout DashboardState) -> [Effect<Message>] {
    guard state.isWriting else { return [.suspend] }
    state.toast = Toast(
      state.unconfirmed.isEmpty
        ? "a plan is being applied; wait for its end"
        : "a plan waits to be confirmed; a stopped program could not take it back", .warn)
    return []
  }

  /// Leaves, after asking where something is pending.
  func quit(_ state: inout DashboardState) -> [Effect<Message>] {
    guard state.isPending else { return [.quit()] }
    state.overlay = .quit
    return []
  }

  private func overlay(_ event: InputEvent, _ state: inout DashboardState) -> [Effect<Message>] {
    if event == .key(.ctrl("c")), state.overlay != .quit { return quit(&state) }
    if case .form(let sheet) = state.overlay { return form(event, sheet, &state) }
    guard case .key(let key) = event else { return [] }
    switch state.overlay {
    case .quit:
      if key == .char("q") || key == .char("y") || key == .ctrl("c") { return leave(&state) }
      if key == .escape || key == .char("n"), !state.isLeaving { state.overlay = nil }
    case .help(var offset):
      if [.escape, .char("q"), .char("?"), .enter].contains(key) {
        state.overlay = nil
      } else {
        let help = state.help
        let sheet = HelpOverlay(title: help.title, keymap: help.keymap, context: help.context)
        let lines = [GlyphSet.unicode, .ascii].map { sheet.lines($0, width: state.size.width - 4).count }.max() ?? 0
        _ = TextView.scroll(&offset, key, lines: lines, height: max(state.size.height - 6, 1))
        state.overlay = .help(offset: offset)
      }
    case .text(var sheet):
      if [.escape, .char("q"), .enter].contains(key) {
        state.overlay = nil
      } else if key == .char("x") {
        state.toast = Toast("copied", .good)
        return [.copy(sheet.copied)]
      } else {
        _ = TextView.scroll(
          &sheet.offset, key, lines: sheet.wrapped(on: state.size).count, height: max(state.size.height - 6, 1))
        state.overlay = .text(sheet)
      }
    case .columns(let list): columnKey(key, list, &state)
    case .form, nil: break
    }
    return []
  }
}
