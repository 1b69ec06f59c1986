import MeshKit
import TerminalUI

/// The difference a step makes, as lines.
enum StepText {
  /// The lines of a step: what changes in the object, or the whole of it.
  static func diff(_ step: Step, isReversed: Bool = false, showsAll: Bool = false, on ground: TerminalUI.Role = .sheet)
    -> [Line]
  {
    let (before, after) = step.shown(isReversed: isReversed)
    return LineDiff.hunks(before, after, context: showsAll ? 10_000 : 2).map { change in
      switch change {
      case .kept(let text): Line("  \(text)", Style(.muted, on: ground))
      case .removed(let text): Line("- \(text)", Style(.removed, on: ground))
      case .added(let text): Line("+ \(text)", Style(.added, on: ground))
      case .gap: Line("  …", Style(.muted, on: ground))
      }
    }
  }

  /// What a step does, or taking it back, in a few words.
  static func title(_ step: Step, isReversed: Bool = false) -> String {
    let verb =
      switch isReversed ? step.inverse : step.write {
      case .patch: "patch"
      case .create: "create"
      case .delete: "delete"
      }
    return "\(verb) \(step.object.kind) \(step.object.namespace)/\(step.object.name) on \(step.object.plane)"
  }
}
