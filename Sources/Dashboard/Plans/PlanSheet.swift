import MeshKit
import TerminalUI

/// The last look before anything is written: one sheet for every edit.
struct PlanSheet: Sendable, Hashable {
  /// What the sheet is for.
  enum Purpose: Sendable, Hashable {
    /// Carries out an intent.
    case apply(Intent)
    /// Shows what an intent would break; it cannot be applied from here.
    case check(Intent)
    /// Takes an applied plan back.
    case undo(Receipt)
  }

  /// How far it got.
  enum Phase: Sendable, Hashable {
    /// The plan is being made.
    case planning
    /// The server is being asked.
    case rehearsing(Plan)
    /// It can be applied.
    case ready(Plan)
    /// It is being applied.
    case applying(Plan)
    /// It ended.
    case done(Receipt)
    /// It could not be made or sent; nothing was written.
    case failed(MeshFailure)
  }

  /// An error in values that compare.
  struct MeshFailure: Sendable, Hashable {
    /// The kind.
    var code: MeshError.Code
    /// What was tried and what answered.
    var message: String
    /// What to do next.
    var remedy: String?
  }

  /// What it is for.
  var purpose: Purpose
  /// How far it got.
  var phase: Phase
  /// The number its answers carry.
  var number: Int
  /// The file that holds what was written in the editor, until it is applied.
  var text: String?
  /// Why, in the operator's words.
  var reason = LineEditor()
  /// Whether keys go to the reason.
  var isTyping = false
  /// The word being typed to take the risk of the plan; `nil` unless it is asked for.
  var confirmation: LineEditor?
  /// Whether the proxies concerned are waited for.
  var waits = false
  /// Whether it is taken back unless it is confirmed in time.
  var confirms = false
  /// Whether the difference shows every line.
  var showsAll = false
  /// The line at the top.
  var offset = 0
  /// What happened while it was applied.
  var progress: [Executor.Progress] = []

  /// Whether nothing of it was written to the mesh, or all of it taken back.
  var isUnapplied: Bool {
    switch phase {
    case .planning, .rehearsing, .ready, .failed: true
    case .applying: false
    case .done(let receipt): receipt.result != .applied
    }
  }

  /// Whether a write is under way.
  var isBusy: Bool { if case .applying = phase { true } else { false } }

  /// Whether all is written and nothing but proxies is waited for, which may be given up.
  var isWaiting: Bool {
    guard case .applying(let plan) = phase, case .waiting(let step, _, _)? = progress.last else { return false }
    return step == plan.steps.count - 1
  }

  /// Whether it can be chosen what comes after the last step: an undo has neither, and a check is not applied.
  var hasChoices: Bool {
    guard case .apply = purpose else { return false }
    switch phase {
    case .planning, .rehearsing, .ready: return true
    case .applying, .done, .failed: return false
    }
  }

  /// The plan, once there is one.
  var plan: Plan? {
    switch phase {
    case .rehearsing(let plan), .ready(let plan), .applying(let plan): plan
    case .done(let receipt): receipt.plan
    case .planning, .failed: nil
    }
  }

  /// What speaks against applying the plan, and so asks for a typed word; `nil` where nothing does.
  ///
  /// Taking back is never held up.
  var risk: PlanRisk? {
    guard case .apply = purpose, case .ready(let plan) = phase else { return nil }
    return plan.risk
  }

  /// Why it cannot be applied now; `nil` where it can.
  func refusal(isReadOnly: Bool) -> SafeText? {
    if isReadOnly { return "read-only" }
    if case .check = purpose { return "this is a check; press Esc, then m to set the mode" }
    switch phase {
    case .planning: return "the plan is being made"
    case .rehearsing: return "waiting for the server's verdict"
    case .applying: return "it is being applied"
    case .done: return "it has ended"
    case .failed: return "there is no plan"
    case .ready(let plan):
      if plan.steps.isEmpty { return "there is nothing to do" }
      if let no = plan.verdicts.first(where: { $0.accepted == false }) { return "the server refuses: \(no.message)" }
      return nil
    }
  }
}
