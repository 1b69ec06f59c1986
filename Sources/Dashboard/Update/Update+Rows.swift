import MeshKit
import TerminalUI

/// What is known of a proxy's certificates, and when it was asked.
struct CertificateEntry: Sendable, Hashable {
  /// The certificates, or why they are not known.
  var known: Known<ProxyCertificates>
  /// When it was asked.
  var at: Instant
}

extension Update {
  /// Asks the proxies on the screen for their certificates, where they were not asked lately; never those out of sight.
  func askCertificates(_ state: inout DashboardState) -> [Effect<Message>] {
    guard state.screen == .proxies, state.pastIndex == nil, !state.isAskingCertificates else { return [] }
    let rows = state.rows
    let height = Update.tableHeight(state)
    let top = state.place.list.top(count: rows.count, height: height)
    let proxies = rows.dropFirst(top).prefix(height).compactMap { row -> ObjectRef? in
      guard case .proxy(let row) = row else { return nil }
      let ref = row.state.ref
      guard let entry = state.certificates[ref] else { return ref }
      return state.now.age(of: entry.at) > (entry.known.value == nil ? 60 : 300) ? ref : nil
    }
    guard !proxies.isEmpty else { return [] }
    state.isAskingCertificates = true
    return [effects.certificates(proxies)]
  }

  /// Takes what proxies answered.
  func take(
    _ answers: [ObjectRef: Known<ProxyCertificates>], _ state: inout DashboardState
  ) -> [Effect<Message>] {
    state.isAskingCertificates = false
    for (ref, known) in answers { state.certificates[ref] = CertificateEntry(known: known, at: state.now) }
    return state.screen == .proxies ? refresh(&state) : []
  }

  /// Marks the chosen row, or takes its mark off, and goes on to the next.
  func mark(_ state: inout DashboardState) -> [Effect<Message>] {
    guard let row = state.chosenRow else {
      state.toast = Toast("there is no row to mark", .info)
      return []
    }
    if state.place.marked.remove(row.id) == nil { state.place.marked.insert(row.id) }
    var place = state.place
    let rows = state.rows
    place.list.move(by: 1, count: rows.count, height: Update.tableHeight(state))
    Update.leaveHeads(&place.list, rows, direction: 1)
    if rows.indices.contains(place.list.selected) { place.chosen = rows[place.list.selected].id }
    state.place = place
    return askCertificates(&state)
  }

  /// Copies the identifiers of the marked rows, or of the chosen one where none is marked.
  func copy(_ state: inout DashboardState) -> [Effect<Message>] {
    let marked = state.rows.filter { state.place.marked.contains($0.id) }
    guard !marked.isEmpty else {
      guard let text = state.chosenText else { return [] }
      state.toast = Toast("copied \(text)", .good)
      return [.copy(text)]
    }
    state.toast = Toast("copied \(marked.count) identifiers, one a line", .good)
    return [.copy(marked.map { $0.native?.description ?? $0.id }.joined(separator: "\n"))]
  }

  /// Opens the choice of columns.
  func chooseColumns(_ state: inout DashboardState) {
    guard !ScreenTable.headings(state).isEmpty else {
      state.toast = Toast("the columns of this screen are not for choosing", .info)
      return
    }
    state.overlay = .columns(ListState(selected: 1))
  }

  /// A key for the choice of columns.
  func columnKey(_ key: Key, _ list: ListState, _ state: inout DashboardState) {
    var list = list
    let titles = ScreenTable.headings(state).map(\.column.title.text)
    switch key {
    case .escape, .char("q"), .char("o"): state.overlay = nil
    case .space, .enter:
      guard titles.indices.contains(list.selected) else { return }
      guard list.selected > 0 else {
        state.toast = Toast("\(titles[0]) tells which row is which: it stays", .info)
        return
      }
      let title = titles[list.selected]
      if state.hiddenColumns[state.tableName, default: []].remove(title) == nil {
        state.hiddenColumns[state.tableName, default: []].insert(title)
      }
    default:
      if list.handle(key, count: titles.count, height: titles.count) { state.overlay = .columns(list) }
    }
  }
}

extension DashboardState {
  /// The table on the screen: a screen with two of them has two names.
  var tableName: String { place.isAlternate ? "\(screen.rawValue).alternate" : screen.rawValue }
}
