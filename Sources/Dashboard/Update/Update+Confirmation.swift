import MeshKit
import TerminalUI

/// Plans that stand only once they are confirmed: guarded from here until they are decided, and taken back on leaving.
extension Update {
  /// Waits for the confirmation of a plan that was applied to be confirmed.
  func guardUnconfirmed(
    _ number: Int, _ receipt: Receipt, _ state: inout DashboardState
  ) -> [Effect<Message>] {
    guard let index = state.unconfirmed.firstIndex(where: { $0.number == number }) else { return [] }
    guard receipt.result == .applied, receipt.confirmBy != nil else { return stopGuarding(number, &state) }
    state.unconfirmed[index].receipt = receipt
    let settle = effects.settle(receipt, number: number)
    return state.isLeaving ? [settle, .cancel(id: effects.settling(number))] : [settle]
  }

  /// Guards a plan no longer; where the dashboard is being left and it was the last, it ends.
  func stopGuarding(_ number: Int, _ state: inout DashboardState) -> [Effect<Message>] {
    state.unconfirmed.removeAll { $0.number == number }
    return state.isLeaving && state.unconfirmed.isEmpty ? [.quit()] : []
  }

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
    return [effects.readJournal()] + stopGuarding(number, &state)
  }

  /// What could not be taken back is told before the dashboard is left.
  private func fail(_ text: SafeText, _ state: inout DashboardState) {
    (state.isLeaving, state.overlay) = (false, nil)
    state.toast = Toast(text, .bad)
  }

  /// Ends the program; what nobody confirmed is taken back first.
  func leave(_ state: inout DashboardState) -> [Effect<Message>] {
    guard !state.unconfirmed.isEmpty, !state.isLeaving else { return [.quit()] }
    (state.isLeaving, state.overlay) = (true, .quit)
    return state.unconfirmed.map { change in
      .cancel(id: change.receipt == nil ? effects.applying(change.number) : effects.settling(change.number))
    }
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
