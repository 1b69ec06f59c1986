import MeshKit
import TerminalUI

/// A plan applied from this dashboard that is taken back unless it is confirmed in time.
struct UnconfirmedChange: Sendable, Hashable {
  /// The number of its plan sheet.
  var number: Int
  /// What it changes, in one line.
  var summary: String
  /// Its receipt; `nil` while it is being applied.
  var receipt: Receipt?
}

extension DashboardState {
  /// The applied plans that wait for a confirmation, from here or from another process, the most urgent first.
  var awaitingConfirmation: [Receipt] {
    receipts.filter { awaiting.contains($0.plan.id) }
      .sorted { ($0.confirmBy?.seconds ?? 0) < ($1.confirmBy?.seconds ?? 0) }
  }

  /// The seconds left to confirm a plan; `nil` where it waits for no confirmation, 0 where its time is over.
  func secondsToConfirm(_ receipt: Receipt) -> Double? {
    guard awaiting.contains(receipt.plan.id), let deadline = receipt.confirmBy else { return nil }
    return max(deadline.seconds - now.seconds, 0).rounded(.up)
  }

  /// Why no plan can be confirmed now; `nil` where one can.
  var confirmationRefusal: SafeText? {
    awaitingConfirmation.contains { (secondsToConfirm($0) ?? 0) > 0 } ? nil : "no plan waits for a confirmation"
  }
}
