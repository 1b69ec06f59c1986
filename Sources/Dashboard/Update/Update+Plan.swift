import MeshKit
import TerminalUI

extension Update {
  /// Opens the plan sheet; nothing is written before it is applied there.
  func openPlan(_ purpose: PlanSheet.Purpose, _ state: inout DashboardState) -> [Effect<Message>] {
    guard state.plan?.isBusy != true else {
      state.toast = Toast("a plan is being applied; wait for its end", .warn)
      return []
    }
    state.planNumber += 1
    switch purpose {
    case .apply(let intent), .check(let intent):
      state.plan = PlanSheet(purpose: purpose, phase: .planning, number: state.planNumber)
      return [effects.plan(intent, number: state.planNumber)]
    case .undo(let receipt):
      state.plan = PlanSheet(purpose: purpose, phase: .ready(receipt.plan), number: state.planNumber)
      return []
    }
  }

  /// Opens the plan sheet to take a plan back.
  func openUndo(_ receipt: Receipt, _ state: inout DashboardState) -> [Effect<Message>] {
    if state.isReadOnly {
      state.toast = Toast("undo: read-only", .warn)
      return []
    }
    guard receipt.isReversible else {
      let why = receipt.wroteNothing ? "wrote nothing" : "is \(receipt.result.rawValue)"
      state.toast = Toast("plan \(receipt.plan.id) \(why): there is nothing to take back", .warn)
      return []
    }
    var shown = receipt
    shown.plan.verdicts = []
    return openPlan(.undo(shown), &state)
  }

  /// What became of a plan asked for.
  func plan(_ message: Message, _ state: inout DashboardState) -> [Effect<Message>] {
    var next: [Effect<Message>] = []
    switch message {
    case .finished(let number, let receipt):
      next = guardUnconfirmed(number, receipt, &state) + [effects.readJournal()]
      if state.isLeaving, receipt.result == .partial || receipt.result == .unknown {
        fail("\(receipt.plan.summary): \(receipt.error ?? receipt.result.rawValue)", &state)
      }
    case .planFailed(let number, _): stopGuarding(number, &state)
    default: break
    }
    guard var sheet = state.plan else { return next + left(state) }
    switch message {
    case .planned(sheet.number, let plan): sheet.phase = .rehearsing(plan)
    case .rehearsed(sheet.number, let plan):
      if case .rehearsing = sheet.phase { sheet.phase = .ready(plan) }
    case .progress(sheet.number, let progress): sheet.progress.append(progress)
    case .finished(sheet.number, let receipt):
      sheet.phase = .done(receipt)
      sheet.offset = 0
      // What was applied is shown as soon as it is read, however long rows take to work out.
      state.due = state.now
      if receipt.result == .applied, case .weights(let intent) = receipt.plan.intent {
        state.drafts = state.drafts.filter { $0.key.route != intent.route }
      }
      if receipt.result == .applied, let text = sheet.text { next.append(effects.discard(text)) }
    case .planFailed(sheet.number, let error):
      sheet.phase = .failed(
        PlanSheet.MeshFailure(code: error.code, message: error.message, remedy: error.remedy))
    default: break
    }
    state.plan = sheet
    return next + left(state)
  }

  /// A key for the plan sheet.
  func planKey(_ event: InputEvent, _ state: inout DashboardState) -> [Effect<Message>] {
    guard var sheet = state.plan else { return [] }
    if sheet.confirmation != nil { return confirm(event, sheet, &state) }
    if sheet.isTyping {
      switch sheet.reason.handle(event) {
      case .submitted, .cancelled: sheet.isTyping = false
      case .ignored, .changed: break
      }
      state.plan = sheet
      return []
    }
    guard case .key(let key) = event else { return [] }
    if key == .ctrl("c") { return quit(&state) }
    if case .done = sheet.phase, key == .enter {
      state.plan = nil
      return []
    }
    guard let binding = sheet.bindings(state).first(where: { $0.keys.contains(key) }) else { return [] }
    if let reason = binding.disabledReason {
      state.toast = Toast("\(binding.title): \(reason)", .warn)
      return []
    }
    return planKey(binding.id, key, sheet, &state)
  }

  private func planKey(
    _ id: String, _ key: Key, _ sheet: PlanSheet, _ state: inout DashboardState
  ) -> [Effect<Message>] {
    var sheet = sheet
    switch id {
    case "plan.close" where sheet.isWaiting: return [.cancel(id: effects.applying(sheet.number))]
    case "plan.close":
      if let text = sheet.text, sheet.isUnapplied { state.toast = Toast("what you wrote is kept in \(text)", .info) }
      state.plan = nil
      return [.cancel(id: "plan")]
    case "plan.apply": return applyPlan(sheet, &state)
    case "plan.wait": sheet.waits.toggle()
    case "plan.confirmed": sheet.confirms.toggle()
    case "plan.reason": sheet.isTyping = true
    case "plan.diff": sheet.showsAll.toggle()
    case "plan.undo":
      if case .done(let receipt) = sheet.phase { return openUndo(receipt, &state) }
    case "plan.confirm":
      if case .done(let receipt) = sheet.phase { return [effects.confirm(receipt.plan.id)] }
    case "plan.query": state.overlay = .text(Explanations.queries(state))
    case "plan.help": state.overlay = .help(offset: 0)
    default: _ = TextView.scroll(&sheet.offset, key, lines: 10_000, height: max(state.size.height - 8, 1))
    }
    state.plan = sheet
    return []
  }

  /// Sends a plan once: from then on the sheet is busy, and a second press finds nothing to apply.
  private func applyPlan(
    _ sheet: PlanSheet, isConfirmed: Bool = false, _ state: inout DashboardState
  ) -> [Effect<Message>] {
    var sheet = sheet
    if let refusal = sheet.refusal(isReadOnly: state.isReadOnly) {
      state.toast = Toast("not applied: \(refusal)", .warn)
      return []
    }
    guard case .ready(let plan) = sheet.phase else { return [] }
    if sheet.risk != nil, !isConfirmed {
      sheet.confirmation = LineEditor()
      state.plan = sheet
      return []
    }
    sheet.phase = .applying(plan)
    sheet.offset = 0
    state.plan = sheet
    if case .undo(let receipt) = sheet.purpose {
      return [effects.undo(receipt.plan.id, reason: sheet.reason.text, number: sheet.number)]
    }
    if sheet.confirms { state.unconfirmed.append(UnconfirmedChange(number: sheet.number, summary: plan.summary)) }
    return [effects.apply(plan, sheet, force: isConfirmed)]
  }

  /// Keys while the word that takes the risk is typed; a paste is no confirmation.
  private func confirm(
    _ event: InputEvent, _ sheet: PlanSheet, _ state: inout DashboardState
  ) -> [Effect<Message>] {
    var sheet = sheet
    guard case .key = event, var line = sheet.confirmation else { return [] }
    switch line.handle(event) {
    case .submitted(let typed):
      sheet.confirmation = nil
      guard typed == sheet.risk?.word else {
        state.toast = Toast("not applied: another word was asked for", .warn)
        break
      }
      return applyPlan(sheet, isConfirmed: true, &state)
    case .cancelled: sheet.confirmation = nil
    case .ignored, .changed: sheet.confirmation = line
    }
    state.plan = sheet
    return []
  }
}
