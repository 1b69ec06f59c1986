import MeshKit
import TerminalUI

/// The plan sheet, drawn: what would happen, who is affected, what the server says, what happened.
enum PlanSheetView {
  static func draw(_ sheet: PlanSheet, _ state: DashboardState, in body: Rect, on frame: inout Frame) {
    let width = min(body.width < 100 ? body.width : body.width - 2, 116)
    let all = lines(sheet, state, frame.glyphs).flatMap { broken($0, to: width - 4) }
    let inside = frame.sheet(
      Size(width: width, height: min(max(all.count + 4, 10), body.height)), in: body, title: title(sheet),
      note: sheet.plan.map { SafeText($0.id) } ?? .empty)
    let (top, foot) = inside.splitBottom(2)
    let offset = min(sheet.offset, TextView.lastOffset(lines: all.count, height: top.height))
    TextView(all, offset: offset).draw(in: top, on: &frame)
    if all.count > top.height {
      let last = min(offset + top.height, all.count)
      frame.rule(foot.row(0), style: Style(.border, on: .sheet))
      frame.put(" \(last) of \(all.count) lines ", in: foot.row(0), style: Style(.muted, on: .sheet), align: .right)
    }
    self.foot(sheet, state, in: foot.row(1), on: &frame)
  }

  /// A line in pieces; what goes on stays under the text, right of the heading.
  private static func broken(_ line: Line, to width: Int) -> [Line] {
    guard line.columns > width, line.spans.count == 2, let head = line.spans.first, head.text.columns == 10 else {
      return line.wrapped(to: width)
    }
    let rest = Line(Array(line.spans.dropFirst())).wrapped(to: max(width - 10, 1))
    return rest.enumerated().map { number, part in
      Line([number == 0 ? head : TextSpan(SafeText("").padded(to: 10), head.style)] + part.spans)
    }
  }

  private static func title(_ sheet: PlanSheet) -> SafeText {
    switch (sheet.purpose, sheet.phase) {
    case (_, .done(let receipt)): "Receipt: \(receipt.result.rawValue)"
    case (_, .failed): "Nothing was written"
    case (.check, _): "What would break"
    case (.undo, _): "Take back"
    case (.apply, _): "Plan"
    }
  }

  private static func foot(_ sheet: PlanSheet, _ state: DashboardState, in line: Rect, on frame: inout Frame) {
    switch sheet.phase {
    case .done, .failed: return
    case .applying:
      let words: SafeText =
        sheet.isWaiting
        ? "waiting for the proxies; it is written already" : "applying… it cannot be dropped now"
      frame.put(words, in: line, style: Style(.warn, on: .sheet))
      return
    default: break
    }
    if let confirmation = sheet.confirmation, let risk = sheet.risk {
      confirmation.draw(in: line, on: &frame, prompt: "type \(risk.word) to apply all the same: ", isFocused: true)
      return
    }
    let half = line.width / 2
    let (left, right) = line.splitLeft(max(half, 30))
    if sheet.isTyping || !sheet.reason.text.isEmpty {
      sheet.reason.draw(in: left.inset(right: 1), on: &frame, prompt: "reason: ", isFocused: sheet.isTyping)
    } else {
      frame.put("reason: none, r writes one", in: left, style: Style(.muted, on: .sheet))
    }
    if let refusal = sheet.refusal(isReadOnly: state.isReadOnly) {
      frame.put(refusal, in: right, style: Style(.warn, on: .sheet), align: .right)
    } else {
      if let risk = sheet.risk {
        let what: SafeText =
          !risk.breaks.isEmpty
          ? "breaks callers"
          : !risk.unknowns.isEmpty
            ? "who breaks is not known"
            : !risk.unready.isEmpty
              ? "no instance is ready" : risk.errors.isEmpty ? "changes others too" : "brings errors"
        let key: SafeText = frame.glyphs.isASCII ? "Enter asks for a word" : "⏎ asks for a word"
        frame.put(what + ": " + key, in: right, style: Style(.bad, on: .sheet), align: .right)
        return
      }
      let ready: SafeText = frame.glyphs.isASCII ? "Enter applies, Esc drops it" : "⏎ applies, Esc drops it"
      frame.put(ready, in: right, style: Style(.good, on: .sheet), align: .right)
    }
  }

  /// A line with a heading of ten columns.
  static func field(_ name: SafeText, _ text: SafeText, _ role: TerminalUI.Role = .text) -> Line {
    var line = Line(name.padded(to: 10), Style(.header, on: .sheet))
    line.append(text, Style(role, on: .sheet))
    return line
  }

  /// The lines of the sheet.
  static func lines(_ sheet: PlanSheet, _ state: DashboardState, _ glyphs: GlyphSet) -> [Line] {
    switch sheet.phase {
    case .planning: return [Line("making the plan…", Style(.muted, on: .sheet))]
    case .failed(let failure):
      var lines = [Line("\(failure.message)", Style(.bad, on: .sheet))]
      if let remedy = failure.remedy { lines.append(field("WHAT NOW", "\(remedy)")) }
      if let text = sheet.text { lines.append(field("TEXT", "what you wrote is kept in \(text)")) }
      return lines
    case .rehearsing(let plan), .ready(let plan): return lines(of: plan, sheet, state)
    case .applying(let plan):
      return progress(sheet, plan) + [Line("", Style(.text, on: .sheet))] + lines(of: plan, sheet, state)
    case .done(let receipt): return ReceiptText.lines(receipt, sheet, state)
    }
  }

  private static func lines(of plan: Plan, _ sheet: PlanSheet, _ state: DashboardState) -> [Line] {
    var isUndo = false
    if case .undo = sheet.purpose { isUndo = true }
    var lines = [Line("\(isUndo ? "undo: " : "")\(plan.summary)", Style(.title, on: .sheet))]
    if !isUndo {
      for (number, line) in plan.blastRadius.lines.enumerated() {
        lines.append(field(number == 0 ? "MOVES" : "", "\(line)"))
      }
      let callers = plan.blastRadius.callers
      if !callers.isEmpty {
        let more = callers.count > 6 ? " and \(callers.count - 6) more" : ""
        lines.append(field("CALLERS", "\(callers.count): \(callers.prefix(6).joined(separator: ", "))\(more)"))
      }
      let breaks = plan.blastRadius.breaks
      for (number, line) in breaks.enumerated() { lines.append(field(number == 0 ? "BREAKS" : "", "✗ \(line)", .bad)) }
      for (number, line) in plan.blastRadius.unknowns.enumerated() {
        lines.append(field(number == 0 && breaks.isEmpty ? "BREAKS" : "", "▲ cannot be told: \(line)", .warn))
      }
      if breaks.isEmpty, plan.blastRadius.unknowns.isEmpty, case .mtls = plan.intent {
        lines.append(field("BREAKS", "no caller seen in the window would break", .good))
      }
      lines += owners(plan) + findings(plan) + server(plan, sheet) + choices(sheet, state)
    }
    let steps = isUndo ? plan.steps.reversed() : plan.steps
    for (number, step) in steps.enumerated() {
      let title = StepText.title(step, isReversed: isUndo)
      lines.append(field(number == 0 ? "STEPS" : "", "\(number + 1) \(title)"))
    }
    if steps.isEmpty { lines.append(field("STEPS", "none: it is so already", .muted)) }
    for step in steps {
      lines.append(Line("", Style(.text, on: .sheet)))
      lines += StepText.diff(step, isReversed: isUndo, showsAll: sheet.showsAll)
    }
    return lines
  }

  private static func owners(_ plan: Plan) -> [Line] {
    plan.warnings.enumerated().map { number, warning in field(number == 0 ? "MIND" : "", "▲ \(warning)", .warn) }
  }

  private static func findings(_ plan: Plan) -> [Line] {
    let new = plan.newFindings
    var lines = [
      field(
        "FINDINGS", "before \(plan.findingsBefore.count), after \(plan.findingsAfter.count)",
        new.isEmpty ? .text : .warn)
    ]
    func name(_ finding: Finding) -> SafeText {
      let isOwn = plan.steps.map(\.object) == [finding.object]
      return isOwn ? "\(finding.code)" : "\(finding.code) of \(finding.object.kind) \(finding.object.shortName)"
    }
    for finding in new {
      lines.append(field("", "✗ new \(finding.severity.rawValue) " + name(finding) + ": \(finding.message)", .bad))
    }
    for finding in plan.endedFindings {
      lines.append(field("", "✓ gone " + name(finding) + ": \(finding.message)", .good))
    }
    return lines
  }

  private static func server(_ plan: Plan, _ sheet: PlanSheet) -> [Line] {
    if case .rehearsing = sheet.phase { return [field("SERVER", "asking for a dry run…", .muted)] }
    return plan.verdicts.enumerated().map { number, verdict in
      let step: SafeText = plan.verdicts.count > 1 ? "step \(verdict.step + 1): " : ""
      let message: SafeText = verdict.message.isEmpty ? "" : ": \(verdict.message)"
      let name: SafeText = number == 0 ? "SERVER" : ""
      return switch verdict.accepted {
      case true: field(name, step + "✓ dry run accepted" + message, .good)
      case false: field(name, step + "✗ refused" + message, .bad)
      case nil: field(name, step + "not asked" + message, .muted)
      }
    }
  }

  /// What comes after the last step, as chosen, with the keys that choose it.
  private static func choices(_ sheet: PlanSheet, _ state: DashboardState) -> [Line] {
    guard sheet.hasChoices else { return [] }
    func choice(_ isChosen: Bool, _ id: String, _ text: SafeText) -> SafeText {
      "\(isChosen ? "[x]" : "[ ]") \(state.keyLabel(of: id)) \(text)"
    }
    let (wait, limit) = (Figures.duration(Executor.usualWait), Figures.duration(Executor.usualConfirmation))
    return [
      field(
        "AFTER", choice(sheet.waits, "plan.wait", "wait for the proxies, \(wait) at most; a rejection takes it back"),
        sheet.waits ? .accent : .muted),
      field(
        "", choice(sheet.confirms, "plan.confirmed", "take it back unless it is confirmed within \(limit)"),
        sheet.confirms ? .accent : .muted),
    ]
  }

  private static func progress(_ sheet: PlanSheet, _ plan: Plan) -> [Line] {
    plan.steps.indices.map { index in
      var word: SafeText = "waits"
      var role: TerminalUI.Role = .muted
      for event in sheet.progress {
        switch event {
        case .writing(index): (word, role) = ("is being written…", .accent)
        case .written(index): (word, role) = ("✓ written", .good)
        case .waiting(index, let acknowledged, let proxies):
          (word, role) = (
            "✓ written; \(acknowledged)/\(proxies) proxies acknowledged…", acknowledged >= proxies ? .good : .accent
          )
        case .rollingBack(index): (word, role) = ("▲ is being taken back…", .warn)
        default: break
        }
      }
      return field("STEP \(index + 1)", word, role)
    }
  }
}
