import MeshKit
import TerminalUI

/// How the dashboard knows what it shows, and why it judges as it does.
enum Explanations {
  static func heading(_ text: SafeText) -> Line { Line(text, Style(.header, on: .sheet)) }

  static func text(_ text: SafeText, _ role: TerminalUI.Role = .text) -> Line {
    Line(text, Style(role, on: .sheet))
  }

  static func sheet(_ title: SafeText, _ lines: [Line]) -> TextSheet {
    TextSheet(title: title, lines: lines, copied: lines.map(\.text).joined(separator: "\n"))
  }

  /// The queries behind the numbers: text, window, age, what counts as an error, and the same question on the command line.
  static func queries(_ state: DashboardState) -> TextSheet {
    guard let view = state.view else { return sheet("How do you know?", [text("nothing is known yet", .muted)]) }
    var lines =
      [
        text("errors are 5xx+grpc+none, of all requests"), text(""),
      ] + commands(state)
    if let row = state.chosenRow {
      lines += [text(""), heading("THE CHOSEN ROW")] + basis(of: row, state).map { text("  \($0)") }
    }
    let plane = state.chosenRow?.plane
    for (name, traffic) in view.traffic.sorted(by: { $0.key < $1.key }) where plane == nil || plane == name {
      lines.append(text(""))
      switch traffic {
      case .unknown(let reason): lines += [heading("\(name)"), text("  traffic is not known: \(reason)", .warn)]
      case .known(let report, let source, let at):
        lines += measured(report, report.queries, by: "\(name): \(source)", at, state)
        if let failure = view.measuringFailures[name] {
          lines.append(text("  the last measurement failed: \(failure)", .warn))
        }
      }
    }
    return sheet("How do you know?", lines)
  }

  /// What a source measured, when, and by these of its queries.
  static func measured(
    _ report: TrafficReport, _ queries: [QueryRecord], by source: SafeText, _ at: Instant, _ state: DashboardState
  ) -> [Line] {
    var lines = [
      heading(source),
      text(
        "  window \(Figures.seconds(report.window)), measured \(Cells.age(of: at, at: state.now)) ago, \(report.edges.count) flows"
      ),
    ]
    if let age = report.sampleAge { lines.append(text("  newest sample \(Figures.seconds(age)) old when measured")) }
    lines += report.gaps.map { text("  gap: \($0)", .warn) }
    for query in queries {
      lines.append(
        text("  \(query.id)  \(query.purpose)  (\(query.series) series, \(Figures.seconds(query.seconds)))", .muted))
      lines += SafeText.lines(query.text).flatMap {
        Line("    \($0)", Style(.text, on: .sheet)).wrapped(to: max(state.size.width - 10, 20))
      }
    }
    return lines
  }

  private static func basis(of row: Row, _ state: DashboardState) -> [SafeText] {
    switch row {
    case .backend(let row):
      guard let backend = row.backend else { return [] }
      return [
        known("desired", backend.desired, state) {
          "weight \(row.split.dialect.text(ofWeight: $0.weight)), \(Figures.percent($0.share))"
        },
        known("programmed", backend.programmed, state) {
          "\(Figures.percent($0.share)) on \($0.acknowledged) of \($0.proxies) proxies"
        },
        known("observed", backend.share, state) { "\(Figures.proportion($0)), n=\(Figures.compact($0.n))" },
        known("traffic", backend.traffic, state) {
          "\(Figures.rate($0.rps)), err \(Figures.percent($0.errorRate)), n=\(Figures.compact($0.n))"
        },
      ]
    case .health(let row):
      return [
        known("traffic", row.traffic, state) {
          "\(Figures.rate($0.rps)), err \(Figures.percent($0.errorRate)), n=\(Figures.compact($0.n))"
        }
      ]
    case .pair(let pair):
      return [known("observed mTLS", pair.observed, state) { "\(Figures.proportion($0)), n=\(Figures.compact($0.n))" }]
    default: return ["\(row.native?.description ?? row.id)"]
    }
  }

  private static func known<Value: Sendable>(
    _ name: SafeText, _ known: Known<Value>, _ state: DashboardState, _ words: (Value) -> SafeText
  ) -> SafeText {
    switch known {
    case .unknown(let reason): "\(name.padded(to: 14)) unknown: \(reason)"
    case .known(let value, let source, let at):
      "\(name.padded(to: 14)) \(words(value)), \(Cells.age(of: at, at: state.now)) old, from \(source)"
    }
  }

  /// The lines that ask the same on the command line.
  static func commands(_ state: DashboardState) -> [Line] {
    [heading("THE SAME ON THE COMMAND LINE")]
      + CommandLines.lines(state).map { text("  \(CommandLines.typed($0))", .accent) }
  }

  /// Why the chosen row is judged as it is, everything it says, and how the same is asked on the command line.
  static func why(_ state: DashboardState) -> TextSheet {
    let reasons = reasons(state)
    guard state.chosenRow != nil else { return reasons }
    return sheet(reasons.title, reasons.lines + [text("")] + commands(state))
  }

  private static func ignored(_ finding: Finding, _ state: DashboardState) -> [Line] {
    guard let mark = state.ignored[finding] else { return [] }
    return [
      text(""), heading("IGNORED"),
      text("  by \(mark.author), \(Cells.age(of: mark.at, at: state.now)) ago: \(mark.reason)"),
    ]
  }

  /// Why the chosen row is judged as it is, and everything it says.
  private static func reasons(_ state: DashboardState) -> TextSheet {
    guard let row = state.chosenRow else { return sheet("Why?", [text("nothing is chosen", .muted)]) }
    switch row {
    case .backend(let row): return split(row, state)
    case .rule(let row): return rule(row)
    case .pair(let pair): return self.pair(pair)
    case .accepted(let row):
      return sheet(
        "\(row.workload.namespace)/\(row.workload.name) accepts \(row.mode.rawValue)",
        row.reasons.map { text("\($0.description)") } + [
          text(""), heading("PROGRAMMED"),
          text("  \(row.programmed.value?.rawValue ?? "unknown: \(row.programmed.reason ?? "")")"),
        ])
    case .proxy(let row): return proxy(row, at: state.now)
    case .finding(let finding):
      return sheet(
        "\(finding.code)",
        [
          text("\(finding.message)"), text(""), heading("WHAT TO DO"), text("  \(finding.remedy)"), text(""),
          heading("WHERE"), text("  \(finding.object)\(finding.pointer)"),
          text("  elsewhere called \(finding.equivalents.joined(separator: ", "))", .muted),
        ] + ignored(finding, state))
    case .receipt(let receipt): return self.receipt(receipt)
    case .plane(let row): return plane(row, state)
    case .attention(let row): return sheet("\(row.subject)", [text("\(row.state)"), text("\(row.why)")])
    case .health(let row):
      return sheet(
        "\(Cells.name(row.ref))",
        basis(of: .health(row), state).map { text($0) } + [
          text(SafeText(row.uncounted ?? "\(row.ready) of \(row.total) instances take traffic"))
        ])
    case .routeHead, .splitHead: return sheet("Why?", [text("nothing is chosen", .muted)])
    }
  }

  private static func split(_ row: BackendRow, _ state: DashboardState) -> TextSheet {
    guard let backend = row.backend else { return sheet("Why?", []) }
    var lines = [heading("VERDICT"), text("  \(backend.verdict.description)", backend.verdict.isBad ? .bad : .good)]
    if let base = row.split.baseline {
      lines.append(text("  compared with \(base.name), the largest share asked for", .muted))
    }
    lines += [text(""), heading("THREE TRUTHS")] + basis(of: .backend(row), state).map { text("  \($0)") }
    if let programmed = backend.programmed.value, programmed.spread.count > 1 {
      for (share, proxies) in programmed.spread.sorted(by: { $0.key < $1.key }) {
        lines.append(text("    \(proxies) proxies run \(Figures.percent(share))", .warn))
      }
    }
    lines +=
      [text(""), heading("BEHIND IT"), text("  \(backend.host)")]
      + backend.workloads.map { text("  \($0.namespace)/\($0.name)") }
    lines.append(text("  \(backend.ready) of \(backend.total) instances take traffic"))
    for owner in row.split.owners {
      lines.append(text("  \(owner.tool) \(owner.name) owns the route (\(owner.evidence))", .warn))
    }
    return sheet("\(Cells.name(row.split.route)) \(backend.name)", lines)
  }

  private static func pair(_ pair: MTLSPair) -> TextSheet {
    var lines = [
      text(
        "the server accepts \(pair.policy.server.rawValue), the client sends \(pair.policy.client): \(pair.policy.outcome.rawValue)"
      ),
      text("\(pair.verdict)", pair.needsAttention ? .bad : .good), text(""), heading("REASONS"),
    ]
    lines += pair.policy.reasons.map { text("  \($0.description)") }
    lines += [text(""), heading("PROGRAMMED")]
    switch pair.programmed {
    case .known(let found, let source, _):
      lines += [
        text(
          "  the server's proxy takes \(found.server.rawValue), the client's sends \(found.client): \(found.outcome.rawValue)"
        ),
        text("  \(source): \(found.proxies.map(\.shortName).joined(separator: ", "))", .muted),
      ]
    case .unknown(let reason): lines.append(text("  unknown: \(reason)", .warn))
    }
    lines += [text(""), heading("OBSERVED")]
    switch pair.observed {
    case .known(let share, let source, _):
      lines.append(
        text(
          "  mTLS \(Figures.proportion(share)), n=\(Figures.compact(share.n)), \(Figures.amount(pair.traffic)), query \(source)"
        ))
    case .unknown(let reason): lines.append(text("  unknown: \(reason)", .warn))
    }
    return sheet("\(Cells.name(pair.client)) → \(Cells.name(pair.server)):\(pair.port)", lines)
  }

  private static func receipt(_ receipt: Receipt) -> TextSheet {
    var lines = [
      text("\(receipt.plan.summary)", .title),
      text("\(receipt.result.rawValue), \(receipt.at.rfc3339), by \(receipt.author)"),
      text("reason: \(receipt.reason.isEmpty ? "none given" : receipt.reason)", .muted),
    ]
    if let error = receipt.error { lines.append(text("\(error)", .bad)) }
    for (number, step) in receipt.plan.steps.enumerated() {
      lines +=
        [text(""), heading("STEP \(number + 1)  \(StepText.title(step)): \(step.state.rawValue)")] + StepText.diff(step)
    }
    return sheet("Plan \(receipt.plan.id)", lines)
  }

  private static func plane(_ row: PlaneRow, _ state: DashboardState) -> TextSheet {
    var lines = [
      text("\(row.status.plane.kind.rawValue) at \(row.status.plane.address)"), text("\(row.status.state.rawValue)"),
    ]
    if let notice = row.status.plane.notice { lines.append(text("\(notice)", .warn)) }
    if let error = row.status.error { lines.append(text("\(error)", .bad)) }
    lines += [text(""), heading("CAPABILITIES")]
    for ability in Capabilities.Ability.allCases {
      switch row.status.plane.capabilities.answers[ability] {
      case .yes?: lines.append(text("  ✓ \(ability.rawValue)", .good))
      case nil: lines.append(text("  · \(ability.rawValue): not known yet", .muted))
      case .no(let reason)?: lines.append(text("  ✗ \(ability.rawValue): \(reason)", .warn))
      }
    }
    lines += [text(""), heading("FEEDS")]
    for (kind, feed) in row.feeds.sorted(by: { $0.key < $1.key }) {
      let (words, role): (SafeText, TerminalUI.Role) =
        switch feed {
        case .loading(let count): ("loading, \(count) so far", .muted)
        case .live(let at, ""): ("live, heard of \(Cells.age(of: at, at: state.now)) ago", .text)
        case .live(let at, let only):
          ("live, namespace \(only) alone, heard of \(Cells.age(of: at, at: state.now)) ago", .warn)
        case .stale(let reason, let at): ("stale for \(Cells.age(of: at, at: state.now)): \(reason)", .warn)
        case .refused(let reason): ("not readable: \(reason)", .muted)
        case .absent(let reason): ("not there: \(reason)", .muted)
        }
      lines.append(text("  \(SafeText(kind).padded(to: 24)) \(words)", role))
    }
    lines += [text(""), heading("TELEMETRY")]
    switch row.telemetry {
    case .known(let source, _, _):
      lines.append(
        text("  \(source)\(row.queries.map { ", \($0.count) queries in \(Figures.seconds($0.seconds))" } ?? "")"))
    case .unknown(let reason): lines.append(text("  \(reason)", .warn))
    }
    return sheet("Plane \(row.status.plane.name)", lines)
  }
}

extension DashboardState {
  /// The native object behind what is chosen.
  var chosenNative: ObjectRef? {
    if screen == .topology { return place.chosen.flatMap { ObjectRef($0) } }
    return chosenRow?.native
  }

  /// What `x` copies: the identifier of what is chosen.
  var chosenText: String? { chosenNative?.description ?? chosenRow?.id }
}
