import MeshKit
import TerminalUI

extension PlanSheet {
  /// The context of the sheet's keys.
  static let context = "plan"

  /// The keys that count on the sheet now, with the reason where one cannot be used.
  func bindings(_ state: DashboardState) -> [Binding] {
    state.keymap.bindings.filter { $0.context == Self.context && isOffered($0.id) }.map { binding in
      var binding = binding.disabled(refusal(binding.id, state))
      switch binding.id {
      case "plan.diff" where showsAll: binding.title = "changes only"
      case "plan.close" where isWaiting:
        (binding.title, binding.description) = ("stop waiting", "Wait no longer for the proxies; it stays applied")
      case "plan.close" where !isEnded: (binding.title, binding.description) = ("drop", "Close; nothing was written")
      default: break
      }
      return binding
    }
  }

  /// Whether it ended or could not be made.
  private var isEnded: Bool {
    switch phase {
    case .done, .failed: true
    case .planning, .rehearsing, .ready, .applying: false
    }
  }

  private func isOffered(_ id: String) -> Bool {
    switch id {
    case "plan.help", "plan.query", "plan.move": return true
    case "plan.close": return !isBusy || isWaiting
    case "plan.diff": return plan != nil
    case "plan.apply", "plan.reason": return !isEnded && !isBusy
    case "plan.wait", "plan.confirmed": return hasChoices
    case "plan.confirm":
      if case .done(let receipt) = phase { return receipt.confirmBy != nil }
      return false
    case "plan.undo":
      if case .done = phase { return true }
      return false
    default: return false
    }
  }

  private func refusal(_ id: String, _ state: DashboardState) -> SafeText? {
    switch id {
    case "plan.apply": return refusal(isReadOnly: state.isReadOnly)
    case "plan.undo":
      guard case .done(let receipt) = phase else { return nil }
      return receipt.isReversible && receipt.result != .unknown ? nil : "nothing to take back"
    case "plan.confirm":
      guard case .done(let receipt) = phase else { return nil }
      return (state.secondsToConfirm(receipt) ?? 0) > 0 ? nil : "it waits for no confirmation"
    default: return nil
    }
  }
}

extension DashboardState {
  /// The key of a binding, as text tells it.
  func keyLabel(of id: String, _ glyphs: GlyphSet = .unicode) -> SafeText {
    keymap.bindings.first { $0.id == id }?.keyLabel(glyphs) ?? SafeText(id)
  }

  /// What help is about: the plan sheet while it is open, else the screen.
  var help: (title: SafeText, context: String, keymap: Keymap) {
    guard let plan else { return (screen.title, screen.rawValue, currentKeymap) }
    return ("Plan", PlanSheet.context, Keymap(plan.bindings(self)))
  }
}
