import MeshKit
import TerminalUI

/// Turns rows into cells.
struct CellContext {
  private let drafts: [SplitKey: WeightDraft]
  let now: Instant
  let glyphs: GlyphSet
  private let trends: [TrendPoint]
  private let snapshot: MeshSnapshot?
  let state: DashboardState

  init(_ state: DashboardState, _ glyphs: GlyphSet) {
    // Looked back at, a row shows what came before, not what came after.
    let shown = state.pastIndex.flatMap { state.past.indices.contains($0) ? state.past[$0].at : nil }
    trends = shown.map { end in state.trends.filter { $0.at <= end } } ?? state.trends
    snapshot = state.view?.snapshot
    self.state = state
    drafts = state.drafts
    now = state.now
    self.glyphs = glyphs
  }

  /// What of a row has not been fresh, and for how long: a plane that is lost keeps its rows, and so does a kind.
  func staleness(_ row: Row) -> (what: String, age: String)? {
    switch row {
    case .receipt, .plane: return nil
    // What is told of a plane, or from the journal, is as it is now.
    case .attention(let row) where row.target == .planes || row.target == .journal: return nil
    default: break
    }
    guard let view = state.view, let plane = row.plane else { return nil }
    if let since = view.staleSince(plane) { return (plane, age(of: since)) }
    return row.native.flatMap { ref in view.staleSince(ref).map { ("\(ref.kind) of \(plane)", age(of: $0)) } }
  }

  /// How long a thing has not been fresh, where it is not.
  func staleFor(_ ref: ObjectRef) -> String? { state.view?.staleSince(ref).map(age) }

  private func age(of moment: Instant) -> String { Cells.age(of: moment, at: now) }

  /// What stands before the row of something stale.
  static let staleSign: Unicode.Scalar = "~"

  /// A row of a table, marked where it is stale.
  func tableRow(_ row: Row, _ cells: [Line], isMarked: Bool = false) -> TableRow {
    guard staleness(row) != nil else { return TableRow(cells, isMarked: isMarked) }
    return TableRow(cells, style: Style(.stale), isMarked: isMarked, sign: Self.staleSign)
  }

  /// The cells of a row that is no head.
  func cells(_ row: Row) -> [Line] {
    switch row {
    case .health(let row): health(row)
    case .rule(let row): rule(row)
    case .backend(let row): backend(row)
    case .pair(let pair): self.pair(pair)
    case .accepted(let row):
      [
        Line(Cells.name(row.workload)), row.port.map { Line("\($0)") } ?? Line("any", .muted),
        mode(row.mode), row.programmed.value.map { mode($0) } ?? Line("unknown", .muted),
        Cells.text(row.reasons.last?.text ?? "", .muted),
      ]
    case .proxy(let row): proxy(row)
    case .finding(let finding):
      [
        state.ignored[finding] == nil ? severity(finding.severity) : Line("– ignored", .muted),
        Cells.text(finding.code), Line(Cells.name(finding.object)),
        Cells.text(finding.message), Cells.text(finding.pointer.description, .muted),
      ]
    case .receipt(let receipt):
      [
        Cells.text(Cells.age(of: receipt.at, at: now), .muted),
        result(receipt), Cells.text(receipt.plan.summary),
        Cells.text(receipt.author, .muted), Cells.text(receipt.reason, .muted), Cells.text(receipt.plan.id, .muted),
      ]
    case .plane(let row): plane(row)
    case .attention, .routeHead, .splitHead: []
    }
  }

  /// The line of a head.
  func head(_ row: Row) -> Line {
    var line = Line("")
    switch row {
    case .splitHead(let split):
      line.append(Cells.name(split.route), Style.accent.bold)
      if split.rule != "0" || split.backends.isEmpty { line.append(" rule \(split.rule)", .text) }
      line.append("  \(split.host) on \(split.route.plane)", .muted)
      for owner in split.owners { line.append("  owner \(owner.tool) \(owner.name)", .warn) }
    case .routeHead(let route):
      line.append(Cells.name(route.ref), Style.accent.bold)
      line.append("  hosts \(route.hosts.joined(separator: " "))", .muted)
      if !route.attachedTo.isEmpty { line.append("  at \(route.attachedTo.joined(separator: " "))", .muted) }
      line.append("  on \(route.ref.plane)", .muted)
      for owner in route.owners { line.append("  owner \(owner.tool) \(owner.name)", .warn) }
    default: break
    }
    if let stale = staleness(row) { line.append("  stale for \(stale.age)", Style(.stale)) }
    return line
  }

  /// What the columns may cut of a row, in full; `nil` where they cut nothing of weight.
  func remark(_ row: Row) -> Line? {
    switch row {
    case .backend(let row):
      guard let backend = row.backend else { return nil }
      var line = Line("\(backend.name): \(backend.verdict.description)", backend.verdict.isBad ? .bad : .muted)
      if let reason = backend.programmed.reason { line.append("; programmed unknown: \(reason)", .muted) }
      if let reason = backend.share.reason { line.append("; observed unknown: \(reason)", .muted) }
      return line
    case .pair(let pair):
      return Line(
        "\(Cells.name(pair.client)) → \(Cells.name(pair.server)):\(pair.port): \(pair.verdict)\(pair.observed.reason.map { "; observed unknown: \($0)" } ?? "")",
        pair.needsAttention ? .bad : .muted)
    case .rule(let row):
      if let reason = row.unreachable { return Line("\(reason)", .bad) }
      let settings = RuleText.settings(row.rule)
      return Cells.text(
        "\(RuleText.matches(row.rule)) → \(RuleText.destinations(row.rule, in: row.route.dialect))\(settings.isEmpty ? "" : "; ")\(settings.joined(separator: ", "))",
        .muted)
    case .accepted(let row): return Cells.text(row.reasons.map(\.description).joined(separator: "; "), .muted)
    case .finding(let finding):
      if let mark = state.ignored[finding] {
        return Cells.text("ignored by \(mark.author): \(mark.reason). \(finding.message)", .muted)
      }
      return Cells.text("\(finding.message). \(finding.remedy)", Cells.style(finding.severity))
    case .receipt(let receipt):
      return self.remark(receipt)
    case .plane(let row):
      return row.status.error.map { Cells.text($0, .bad) } ?? row.telemetry.value.map { Cells.text($0, .muted) }
    case .proxy(let row): return remark(row)
    case .health(let row): return row.traffic.reason.map { Cells.text("traffic unknown: \($0)", .muted) }
    case .attention(let row):
      return Cells.text(row.why, row.weight == .fine ? .muted : row.weight == .bad ? .bad : .warn)
    case .routeHead, .splitHead: return nil
    }
  }

  private func health(_ row: HealthRow) -> [Line] {
    let traffic = row.traffic.value
    return [
      Line(Cells.name(row.ref), row.needsAttention ? .warn : .text), Cells.amount(traffic), trend(row.ref),
      Cells.errors(traffic?.errorRate),
      Cells.latency(traffic),
      traffic?.mtlsShare.map { Line(SafeText(Figures.percent($0)), $0 < 0.99 ? .warn : .text) } ?? Cells.unknown,
      row.uncounted == nil ? Cells.ready(row.ready, row.total) : Cells.unknown,
      Cells.text(row.role?.rawValue ?? "–", .muted),
      Cells.text(row.proxy?.rawValue ?? "–", row.proxy == ProxyMode.none ? .warn : .muted),
      Cells.text(row.runtime.rawValue, .muted),
      Cells.text(Cells.planes(row.planes, room: Cells.planeRoom(state)), .muted),
    ]
  }

  private func rule(_ row: RuleRow) -> [Line] {
    let settings: Line =
      if let reason = row.unreachable { Line("\(glyphs.cross) \(reason)", .bad) } else {
        Cells.text(RuleText.settings(row.rule).joined(separator: ", "), .text)
      }
    let style: Style = row.unreachable == nil ? .text : .muted
    return [
      Line("\(row.index)", .muted), Cells.text(row.rule.name.isEmpty ? "–" : row.rule.name, style),
      Cells.text(RuleText.matches(row.rule), style),
      Cells.text(RuleText.destinations(row.rule, in: row.route.dialect), style), settings,
    ]
  }

  private func backend(_ row: BackendRow) -> [Line] {
    guard let backend = row.backend else { return [] }
    let draft = drafts[SplitKey(row.split)]
    var cells = [Line("  \(backend.name)"), Cells.text(Figures.percent(backend.desired.value?.share))]
    if !drafts.isEmpty {
      if let draft, draft.isChanged, let share = draft.share(row.place) {
        let old = draft.before[row.place].weight
        let new = draft.entries[row.place].weight
        let sign = new > old ? "▲" : new < old ? "▼" : ""
        cells.append(Line("\(sign)\(Figures.percent(share))", new == old ? .muted : Style(.changed).bold))
      } else {
        cells.append(Line(""))
      }
    }
    switch backend.programmed {
    case .known(let programmed, _, _):
      let agrees = programmed.acknowledged == programmed.proxies && programmed.spread.count < 2
      cells.append(
        Line(
          "\(Figures.percent(programmed.share)) \(programmed.acknowledged)/\(programmed.proxies)",
          agrees ? .text : .warn))
    case .unknown: cells.append(Cells.unknown)
    }
    switch backend.share {
    case .known(let share, _, _):
      cells.append(Line("\(Figures.proportion(share)) n=\(Figures.compact(share.n))"))
    case .unknown: cells.append(Line("unknown", .muted))
    }
    let traffic = backend.traffic.value
    cells += [
      Cells.rps(traffic?.rps), Cells.errors(traffic?.errorRate), Cells.latency(traffic),
      Cells.ready(backend.ready, backend.total),
    ]
    let mark = backend.verdict.isBad ? "\(glyphs.alarm) " : ""
    cells.append(
      Line(
        "\(mark)\(backend.verdict.description)",
        backend.verdict.isBad ? .bad : backend.verdict == .consistent ? .good : .muted))
    return cells
  }

  private func pair(_ pair: MTLSPair) -> [Line] {
    let observed: Line =
      switch pair.observed {
      case .known(let share, _, _): Line(SafeText(Figures.percent(share.share)))
      case .unknown: Line("unknown", .muted)
      }
    let isBad = pair.needsAttention
    return [
      Line("\(Cells.name(pair.server)):\(pair.port)"), Line(Cells.name(pair.client)), mode(pair.policy.server),
      Cells.text(pair.policy.client, .muted),
      Cells.text(
        pair.policy.outcome.rawValue,
        pair.policy.outcome == .mtls ? Style(.locked) : pair.policy.outcome == .breaks ? .bad : Style(.exposed)),
      pair.programmed.value.map {
        Cells.text(
          $0.outcome.rawValue, pair.isProgrammedOtherwise ? .bad : $0.outcome == .mtls ? Style(.locked) : .text)
      } ?? Line("unknown", .muted), observed,
      pair.observed.value.map { Line(SafeText(Figures.compact($0.n)), .muted) } ?? Line(""),
      pair.rps > 0 ? Cells.rps(pair.rps) : Cells.unknown,
      Line("\(isBad ? "\(glyphs.alarm) " : "")\(pair.verdict)", isBad ? .bad : pair.verdict == "ok" ? .good : .text),
    ]
  }

  /// Requests a second at each measurement of this session, bytes where there were none, each row by its own greatest.
  private func trend(_ ref: ObjectRef) -> Line {
    var key = ref
    if let snapshot, let host = snapshot.services[ref]?.hosts.first {
      key = Summary.key(ofHost: host, near: ref, in: snapshot)
    }
    var values = trends.suffix(12).map { $0.rates[key] }
    if !values.contains(where: { $0 ?? 0 > 0 }) {
      let bytes = trends.suffix(12).map { $0.bytes[key] }
      if bytes.contains(where: { $0 != nil }) { values = bytes }
    }
    guard values.contains(where: { $0 != nil }) else { return Line("") }
    return Line(Sparkline(values).text(glyphs), Style(.chart))
  }

  private func plane(_ row: PlaneRow) -> [Line] {
    let (sign, style) = Cells.state(row.status.state, glyphs)
    var state = Line(SafeText(String(sign)), style)
    state.append(" \(row.status.state.rawValue)", style)
    return [
      Cells.text(row.status.plane.name), state, Cells.text(row.status.plane.kind.rawValue),
      Line("\(row.liveFeeds)/\(row.feeds.count)", row.liveFeeds == row.feeds.count ? .text : .warn),
      row.telemetry.value.map { Cells.text($0) } ?? Cells.text(row.telemetry.reason ?? "–", .warn),
      Cells.text(row.status.plane.address, .muted),
      row.status.error.map { Cells.text($0, .bad) } ?? Cells.text(row.status.plane.notice ?? "", .warn),
    ]
  }

  private func severity(_ severity: Finding.Severity) -> Line {
    let sign: String =
      switch severity {
      case .error: String(glyphs.cross)
      case .warning: String(glyphs.alarm)
      case .info: "·"
      }
    return Line("\(sign) \(severity.rawValue)", Cells.style(severity))
  }

  private func mode(_ mode: MTLSMode) -> Line {
    Cells.text(mode.rawValue, mode == .strict ? Style(.locked) : mode == .disable ? Style(.exposed) : .text)
  }
}
