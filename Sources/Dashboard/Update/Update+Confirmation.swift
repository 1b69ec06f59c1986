import MeshKit
import TerminalUI

/// Plans that stand only once they are confirmed: guarded from here until they are decided, and taken back on leaving.
extension Update {
  /// Waits for the confirmation of a plan that was applied to be confirmed.
  func guardUnconfirmed(
    _ number: Int, _ receipt: Receipt, _ state: inout DashboardState
  ) -> [Effect<Message>] {
    guard let index = state.unconfirmed.firstIndex(where: { $0.number == number }) else { return [] }
    guard receipt.result == .applied, receipt.confirmBy != nil else {
      stopGuarding(number, &state)
      return []
    }
    state.unconfirmed[index].receipt = receipt
    let settle = effects.settle(receipt, number: number)
    return state.isLeaving ? [settle, .cancel(id: effects.settling(number))] : [settle]
  }

  /// Guards a plan no longer.
  func stopGuarding(_ number: Int, _ state: inout DashboardState) {
    state.unconfirmed.removeAll { $0.number == number }
  }

  /// Ends the program where it is being left and nothing is under way any longer.
  func left(_ state: DashboardState) -> [Effect<Message>] { state.isLeaving && !state.isWriting ? [.quit()] : [] }

  /// What became of a plan that was to be confirmed.
  func settled(
    _ number: Int, _ outcome: Result<Receipt?, MeshError>, _ state: inout DashboardState
  ) -> [Effect<Message>] {
    let summary = state.unconfirmed.first { $0.number == number }?.summary ?? "the plan"
    switch outcome {
    case .success(nil): state.toast = Toast("confirmed: \(summary)", .good)
    case .success(let receipt?) where receipt.result == .applied:
      state.toast = Toast("taken back, \(receipt.reason.isEmpty ? "by hand" : receipt.reason): \(summary)", .warn)
    case .success(let receipt?):
      fail("\(summary) was not confirmed and not taken back: \(receipt.error ?? receipt.result.rawValue)", &state)
    case .failure(let error):
      fail("\(summary) was not confirmed and not taken back: \(error.description)", &state)
    }
    stopGuarding(number, &state)
    return [effects.readJournal()] + left(state)
  }

  /// What could not be taken back is told before the dashboard is left.
  func fail(_ text: SafeText, _ state: inout DashboardState) {
    (state.isLeaving, state.overlay) = (false, nil)
    state.toast = Toast(text, .bad)
  }

  /// Ends the program; a plan being applied is stopped between two steps, and what nobody confirmed is taken back first.
  func leave(_ state: inout DashboardState) -> [Effect<Message>] {
    guard state.isWriting, !state.isLeaving else { return [.quit()] }
    (state.isLeaving, state.overlay) = (true, .quit)
    let waiting = state.unconfirmed.filter { $0.receipt != nil }.map { effects.settling($0.number) }
    let applying = state.plan.flatMap { $0.isBusy ? effects.applying($0.number) : nil }
    return (waiting + [applying].compactMap(\.self)).map { .cancel(id: $0) }
  }

  /// Reads the journal again every few seconds while it is looked at or something in it waits for a decision.
  func rereadJournal(_ state: inout DashboardState) -> [Effect<Message>] {
    guard state.screen == .journal || !state.awaiting.isEmpty else { return [] }
    guard state.now.age(of: state.journalAskedAt) >= 5 else { return [] }
    state.journalAskedAt = state.now
    return [effects.readJournal(isQuiet: true)]
  }

  /// Takes what was read of the journal.
  func take(_ receipts: [Receipt], awaiting: Set<String>, _ state: inout DashboardState) -> [Effect<Message>] {
    guard state.receipts != receipts || state.awaiting != awaiting else { return [] }
    (state.receipts, state.awaiting) = (receipts, awaiting)
    return state.screen == .journal || state.screen == .overview ? refresh(&state) : []
  }
}
