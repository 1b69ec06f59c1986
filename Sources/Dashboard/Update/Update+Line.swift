import MeshKit
import TerminalUI

extension Update {
  /// An event for the line being typed at the foot.
  func line(_ event: InputEvent, _ state: inout DashboardState) -> [Effect<Message>] {
    guard var input = state.input else { return [] }
    let outcome = input.editor.handle(event)
    switch outcome {
    case .ignored: return []
    case .cancelled:
      state.input = nil
      guard case .filter(let before) = input.purpose, state.place.filter != before else { return [] }
      state.place.filter = before
      return refresh(&state)
    case .changed:
      if input.purpose == .command, event != .key(.tab), event != .key(.backTab) {
        input.editor.completions = Command.completions(of: input.editor.text, in: state.view)
      }
      state.input = input
      guard case .filter = input.purpose else { return [] }
      state.place.filter = input.editor.text
      return refresh(&state)
    case .submitted(let text):
      state.input = nil
      switch input.purpose {
      case .filter:
        state.place.filter = text
        do throws(FilterError) { _ = try Filter(text) } catch {
          state.toast = Toast("looked for as it stands: \(error.description)", .warn)
        }
        return refresh(&state)
      case .command:
        state.commandHistory = input.editor.history
        return command(text, &state)
      case .weight: return setWeight(text, &state)
      case .ignore(let finding): return ignore(finding, text, &state)
      }
    }
  }

  /// Carries out a line typed after `:`.
  func command(_ text: String, _ state: inout DashboardState) -> [Effect<Message>] {
    guard !text.trimmed.isEmpty else { return [] }
    do throws(MeshError) {
      switch try Command(text, in: state.view) {
      case .intent(let intent):
        if state.isReadOnly { throw MeshError(.refused, "read-only: nothing is written") }
        return openPlan(.apply(intent), &state)
      case .check(let intent): return openPlan(.check(intent), &state)
      case .hold(let owner, let isHeld):
        if state.isReadOnly { throw MeshError(.refused, "read-only: nothing is written") }
        return [effects.hold(owner, isHeld)]
      case .move(let owner, let move):
        if state.isReadOnly { throw MeshError(.refused, "read-only: nothing is written") }
        return [effects.move(owner, move)]
      case .undo(let id): return openUndo(try state.receipts.undoable(id, remedy: "see the journal, key 9"), &state)
      case .confirm(let id): return [effects.confirm(id)]
      case .reconnect(let typed):
        let planes = (state.view?.planes ?? []).map(\.plane.name)
        guard let plane = typed ?? state.chosenRow?.plane ?? (planes.count == 1 ? planes.first : nil) else {
          throw MeshError(.usage, "which plane?", remedy: planes.joined(separator: ", "))
        }
        return reconnect(plane, &state)
      case .readOnly:
        if let refusal = state.readOnlyRefusal { throw MeshError(.refused, "read-only: \(refusal)") }
        return switchReadOnly(&state)
      case .screen(let screen): return open(screen, &state)
      case .list(let screen, let isAlternate, let filter):
        return list(screen, isAlternate: isAlternate, filter: filter, &state)
      case .describe(let ref): return describe(ref, &state)
      case .theme(let name): setTheme(name, &state)
      case .filter(let filter):
        state.place.filter = filter
        return refresh(&state)
      case .help: state.overlay = .help(offset: 0)
      case .quit: return quit(&state)
      }
    } catch {
      state.toast = Toast("\(error.description)", .bad)
    }
    return []
  }
}
