import MeshKit
import TerminalUI

/// Changes the state by messages. Pure: what is to be done outside is answered as effects.
struct Update {
  let effects: DashboardEffects

  func apply(_ message: Message, to state: inout DashboardState) -> [Effect<Message>] {
    switch message {
    case .input(let event): return input(event, &state)
    case .tick(let now):
      state.now = now
      let areFindingsDue = state.pastIndex == nil && !state.areFindingsCurrent && now >= state.findings.due
      let isDue = now >= state.due && (state.isBehind || areFindingsDue)
      return (isDue && !state.isComputing ? refresh(&state) : []) + askCertificates(&state) + rereadJournal(&state)
    case .view(let view): return take(view, &state)
    case .computed(let data): return take(data, &state)
    case .receipts(let receipts, let awaiting): return take(receipts, awaiting: awaiting, &state)
    case .ignored(let ignored): return take(ignored, &state)
    case .settled(let number, let outcome): return settled(number, outcome, &state)
    case .leave: return leave(&state)
    case .planned, .rehearsed, .progress, .finished, .planFailed: return plan(message, &state)
    case .certificates(let answers): return take(answers, &state)
    case .sheet(let sheet):
      state.overlay = .text(sheet)
      state.toast = nil
      return []
    case .fetched(let native):
      state.toast = state.isReadOnly ? Toast("edit YAML: read-only", .warn) : nil
      if state.isReadOnly { return [] }
      return [effects.edit(native)]
    case .edited(_, nil) where state.isReadOnly:
      state.toast = Toast("read-only: nothing is written", .warn)
      return []
    case .edited(let intent, let text):
      let effects = openPlan(.apply(.object(intent)), &state)
      if case .planning? = state.plan?.phase { state.plan?.text = text }
      return effects
    case .remark(let toast):
      state.toast = toast
      return []
    }
  }

  private func take(_ view: MeshView, _ state: inout DashboardState) -> [Effect<Message>] {
    keep(view, &state)
    guard !state.isPaused, state.pastIndex == nil else {
      state.held = view
      return []
    }
    let isSame = state.view.map { $0.showsSame(as: view) } ?? false
    state.view = view
    state.now = max(state.now, view.at)
    // That a feed is still alive is news for the screen of planes alone.
    if isSame, state.screen != .planes { return [] }
    state.revision += 1
    guard !state.isComputing, state.now >= state.due else {
      state.isBehind = true
      return []
    }
    return refresh(&state)
  }

  private func take(_ data: ScreenData, _ state: inout DashboardState) -> [Effect<Message>] {
    state.isComputing = false
    // Numbers that count what is ignored by now are worked out again.
    state.findings.revision = data.ignored == state.ignored ? data.revision : -1
    (state.findings.generation, state.findings.list) = (data.generation, data.findings)
    if let seconds = data.findingsSeconds {
      let isLoading = state.view?.isLoading() ?? false
      state.findings.due = Instant(
        seconds: state.now.seconds + KnownFindings.pause(after: seconds, isLoading: isLoading))
    }
    // What takes long in a large mesh is worked out again less often: a two-hundredth of the time, after a minute at most.
    // What the operator does is answered at once.
    let seconds = data.seconds - (data.findingsSeconds ?? 0)
    state.due = seconds < 0.02 ? state.now : Instant(seconds: state.now.seconds + min(seconds * 200, 60))
    remember(data.summary, &state)
    state.data[data.screen] = data.screen == state.screen || data.isSmall ? data : nil
    if data.screen == .overview { remember(data.rows, &state) }
    keepChoice(of: data, &state)
    dropStaleDrafts(data, &state)
    guard state.isOutdated || (state.isBehind && state.now >= state.due) else { return askCertificates(&state) }
    state.isOutdated = false
    return refresh(&state)
  }

  /// Works the open screen's rows out again, unless that is under way; then once more afterwards.
  func refresh(_ state: inout DashboardState) -> [Effect<Message>] {
    guard let view = state.view else { return [] }
    guard !state.isComputing else {
      state.isOutdated = true
      return []
    }
    state.isComputing = true
    state.isBehind = false
    let doFindingsHold = state.doFindingsHold
    let isKnown = doFindingsHold && state.findings.revision == state.revision
    let request = ScreenRequest(
      screen: state.screen, place: state.place, topology: state.topology, receipts: state.receipts,
      ignored: state.ignored, certificates: state.certificates, revision: state.revision,
      findings: doFindingsHold ? state.findings : nil,
      summary: isKnown ? state.summary : nil)
    return [effects.compute(request, from: view)]
  }

  private func remember(_ summary: Summary, _ state: inout DashboardState) {
    let isNew = summary.measuredAt != nil && summary.measuredAt != state.summary?.measuredAt
    state.summary = summary
    guard isNew, let at = summary.measuredAt, at > state.history.last?.at ?? Instant(seconds: 0) else { return }
    state.history.append(HistoryPoint(at: at, rps: summary.rps, errorRate: summary.errorRate, p99: summary.p99ms))
    state.trends.append(TrendPoint(at: at, rates: summary.rates, bytes: summary.bytes))
    if state.trends.count > 60 { state.trends.removeFirst() }
    if state.history.count > 720 { state.history.removeFirst(state.history.count - 720) }
  }

  private func remember(_ rows: [Row], _ state: inout DashboardState) {
    // What needed attention in the past does not begin to need it now.
    guard state.pastIndex == nil else { return }
    var since: [String: Instant] = [:]
    for case .attention(let row) in rows where row.weight > .fine {
      since[row.id] = state.attentionSince[row.id] ?? state.now
    }
    // A filter hides rows; what it hides keeps its beginning.
    if state.places[.overview]?.filter.isEmpty == false { since.merge(state.attentionSince) { new, _ in new } }
    state.attentionSince = since
  }

  /// Keeps the same row chosen when rows come and go.
  private func keepChoice(of data: ScreenData, _ state: inout DashboardState) {
    var place = state.places[data.screen] ?? Place()
    if data.screen == .topology {
      if let graph = data.graph, graph.index(of: place.chosen.flatMap { ObjectRef($0) }) == nil {
        place.chosen = graph.busiest.map { graph.boxes[$0].node.ref.description }
      }
      state.places[data.screen] = place
      return
    }
    if let chosen = place.chosen, let index = data.index(of: chosen, near: place.list.selected) {
      place.list.select(index, count: data.rows.count, height: Update.tableHeight(state))
    } else {
      place.list.select(place.list.selected, count: data.rows.count, height: Update.tableHeight(state))
      Update.leaveHeads(&place.list, data.rows, direction: 1)
    }
    if place.chosen == nil, data.rows.indices.contains(place.list.selected) {
      place.chosen = data.rows[place.list.selected].id
    }
    state.places[data.screen] = place
  }

  /// A draft whose weights somebody else changed meanwhile is kept, but begins from what is there now.
  private func dropStaleDrafts(_ data: ScreenData, _ state: inout DashboardState) {
    guard data.screen == .canaries, !state.drafts.isEmpty, state.places[.canaries]?.filter.isEmpty ?? true else {
      return
    }
    var splits: [SplitKey: Split] = [:]
    for case .splitHead(let split) in data.rows { splits[SplitKey(split)] = split }
    for (key, draft) in state.drafts {
      guard let split = splits[key] else {
        state.drafts[key] = nil
        state.toast = Toast("the draft for \(key.route.name) was dropped: its rule is gone", .warn)
        continue
      }
      if WeightDraft(split).before != draft.before {
        state.drafts[key] = nil
        if WeightDraft(split).entries != draft.entries {
          state.toast = Toast("the draft for \(key.route.name) was dropped: somebody else changed the weights", .warn)
        }
      }
    }
  }

  /// The rows of a table that fit on the screen: all but context, tabs, breadcrumbs, heading, remark and foot.
  static func tableHeight(_ state: DashboardState) -> Int { max(state.size.height - 5 - ScreenTable.remarkHeight, 1) }

  /// Moves a choice off a heading.
  static func leaveHeads(_ list: inout ListState, _ rows: [Row], direction: Int) {
    var index = list.selected
    while rows.indices.contains(index), rows[index].isHead { index += direction >= 0 ? 1 : -1 }
    if !rows.indices.contains(index) {
      index = list.selected
      while rows.indices.contains(index), rows[index].isHead { index += direction >= 0 ? -1 : 1 }
    }
    if rows.indices.contains(index) { list.selected = index }
  }
}

extension MeshView {
  /// Whether another view differs by nothing but the times its feeds were last heard of.
  func showsSame(as other: MeshView) -> Bool {
    snapshot.generation > 0 && snapshot.generation == other.snapshot.generation && planes == other.planes
      && traffic.mapValues(\.mark) == other.traffic.mapValues(\.mark) && measuringFailures == other.measuringFailures
      && programmed.mapValues(\.mark) == other.programmed.mapValues(\.mark)
      && proxyTLS.mapValues(\.mark) == other.proxyTLS.mapValues(\.mark)
      && distribution.mapValues(\.mark) == other.distribution.mapValues(\.mark)
  }
}

extension Known {
  /// When it was read, or why it was not.
  fileprivate var mark: Known<Instant> {
    switch self {
    case .known(_, let source, let at): .known(at, source: source, at: at)
    case .unknown(let reason): .unknown(reason)
    }
  }
}
