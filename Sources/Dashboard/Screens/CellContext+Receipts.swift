import MeshKit
import TerminalUI

/// The cells of applied plans.
extension CellContext {
  /// How a plan ended; for one that waits for a confirmation, the time left.
  func result(_ receipt: Receipt) -> Line {
    switch state.secondsToConfirm(receipt) {
    case nil: Cells.text(receipt.result.rawValue, Cells.style(receipt.result))
    case 0?: Line("unconfirmed", .bad)
    case let left?: Line("waits \(Figures.duration(left))", .warn)
    }
  }

  /// What the columns may cut of a plan, or the keys that decide on it.
  func remark(_ receipt: Receipt) -> Line {
    if let error = receipt.error { return Cells.text(error, .bad) }
    guard let left = state.secondsToConfirm(receipt) else { return Cells.text(receipt.plan.summary, .muted) }
    let (confirm, undo) = (state.keyLabel(of: "journal.confirm", glyphs), state.keyLabel(of: "journal.undo", glyphs))
    return left > 0
      ? Line(
        "taken back in \(Figures.duration(left)) unless confirmed: \(confirm) lets it stand, \(undo) takes it back",
        .warn)
      : Line("its time to be confirmed is over and nobody took it back: \(undo) does", .bad)
  }
}
