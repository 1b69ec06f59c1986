import MeshKit
import TerminalUI

/// How a plan ended, as the lines of its sheet.
enum ReceiptText {
  static func lines(_ receipt: Receipt, _ sheet: PlanSheet, _ state: DashboardState) -> [Line] {
    var lines = [Line("\(receipt.plan.summary)", Style(.title, on: .sheet))]
    let isGood = receipt.result == .applied || receipt.result == .undone
    lines.append(
      PlanSheetView.field(
        "RESULT", isGood ? "✓ \(receipt.result.rawValue)" : "✗ \(receipt.result.rawValue)", isGood ? .good : .bad))
    if let error = receipt.error { lines.append(PlanSheetView.field("ERROR", "\(error)", .bad)) }
    if receipt.result == .rolledBack { lines.append(PlanSheetView.field("WHAT NOW", remedy(receipt))) }
    lines += proxies(receipt) + confirmation(receipt, state)
    lines.append(PlanSheetView.field("BY", "\(receipt.author)"))
    if !receipt.reason.isEmpty { lines.append(PlanSheetView.field("REASON", "\(receipt.reason)")) }
    for (index, step) in receipt.plan.steps.enumerated() {
      let version = receipt.versions[index].map { ", version \($0)" } ?? ""
      lines.append(
        PlanSheetView.field(
          "STEP \(index + 1)", "\(step.state.rawValue): \(StepText.title(step))\(version)",
          step.state == .applied ? .good : .text))
    }
    if receipt.wroteNothing {
      lines.append(PlanSheetView.field("STEPS", "none: all was as before already", .muted))
    } else if receipt.result == .applied {
      let key = state.keyLabel(of: "plan.undo")
      lines.append(
        PlanSheetView.field("UNDO", "\(key) takes it back now; later: :undo \(receipt.plan.id)", .accent))
    }
    lines.append(Line("", Style(.text, on: .sheet)))
    for step in receipt.plan.steps { lines += StepText.diff(step, showsAll: sheet.showsAll) }
    return lines
  }

  private static func remedy(_ receipt: Receipt) -> SafeText {
    receipt.failure == .refused
      ? "all is as it was before, at the proxies too; plan a value that they take"
      : "all is as it was before; plan it again once the cause is mended"
  }

  private static func proxies(_ receipt: Receipt) -> [Line] {
    guard let acknowledgement = receipt.acknowledgement else { return [] }
    return [
      PlanSheetView.field(
        "PROXIES",
        "\(acknowledgement.isComplete ? "✓" : "▲") \(acknowledgement.words(within: Executor.usualWait))",
        acknowledgement.isComplete ? .good : .warn)
    ]
  }

  private static func confirmation(_ receipt: Receipt, _ state: DashboardState) -> [Line] {
    guard receipt.result == .applied, receipt.confirmBy != nil else { return [] }
    guard let left = state.secondsToConfirm(receipt) else {
      let isPending = state.unconfirmed.contains { $0.receipt?.plan.id == receipt.plan.id }
      return isPending ? [] : [PlanSheetView.field("CONFIRM", "✓ decided; see the journal", .good)]
    }
    let (confirm, undo) = (state.keyLabel(of: "plan.confirm"), state.keyLabel(of: "plan.undo"))
    return [
      PlanSheetView.field(
        "CONFIRM",
        left > 0
          ? "▲ \(confirm) lets it stand, \(undo) takes it back; taken back in \(Figures.duration(left))"
          : "▲ its time is over", .warn)
    ]
  }
}
