import MeshKit
import TerminalUI

/// Findings that somebody decided to live with: ignored with a reason, and taken up again.
extension Update {
  /// Asks why the chosen finding is to be ignored, or takes the mark off one that is.
  func ignore(_ state: inout DashboardState) -> [Effect<Message>] {
    guard case .finding(let finding)? = state.chosenRow else { return [] }
    if state.ignored[finding] != nil { return [effects.ignore(finding, reason: nil)] }
    state.input = InputLine(purpose: .ignore(finding), editor: LineEditor(""))
    return []
  }

  /// Ignores a finding for a reason as typed.
  func ignore(_ finding: Finding, _ reason: String, _ state: inout DashboardState) -> [Effect<Message>] {
    guard !reason.trimmed.isEmpty else {
      state.toast = Toast("a finding is ignored with a reason only", .warn)
      return []
    }
    return [effects.ignore(finding, reason: reason.trimmed)]
  }

  /// Takes what is ignored; the numbers of the context bar are worked out anew.
  func take(_ ignored: IgnoredFindings, _ state: inout DashboardState) -> [Effect<Message>] {
    guard state.ignored != ignored else { return [] }
    state.ignored = ignored
    state.findings.revision = -1
    return refresh(&state)
  }
}
