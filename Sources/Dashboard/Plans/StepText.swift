import MeshKit
import TerminalUI

/// The difference a step makes, as lines.
enum StepText {
  /// The lines of a step: what changes in the object, or the whole of it.
  static func diff(_ step: Step, isReversed: Bool = false, showsAll: Bool = false, on ground: TerminalUI.Role = .sheet)
    -> [Line]
  {
    var before = step.before.map { lines($0) } ?? []
    var after: [String] = []
    if case .delete = step.write {} else { after = step.after.map { lines($0) } ?? [] }
    if isReversed { swap(&before, &after) }
    return LineDiff.hunks(before, after, context: showsAll ? 10_000 : 2).map { change in
      switch change {
      case .kept(let text): Line("  \(text)", Style(.muted, on: ground))
      case .removed(let text): Line("- \(text)", Style(.removed, on: ground))
      case .added(let text): Line("+ \(text)", Style(.added, on: ground))
      case .gap: Line("  …", Style(.muted, on: ground))
      }
    }
  }

  /// What a step does, in a few words.
  static func title(_ step: Step) -> String {
    let verb =
      switch step.write {
      case .patch: "patch"
      case .create: "create"
      case .delete: "delete"
      }
    return "\(verb) \(step.object.kind) \(step.object.namespace)/\(step.object.name) on \(step.object.plane)"
  }

  private static func lines(_ object: JSONValue) -> [String] {
    YAMLText.lines(meaningful(object)).map(\.text)
  }

  /// An object without what the server sets by itself.
  static func meaningful(_ object: JSONValue) -> JSONValue {
    guard case .object(let whole) = object else { return object }
    let dropped: Set<String> = ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"]
    return .object(
      JSONObject(
        whole.members.map { member in
          guard member.name == "metadata", case .object(let metadata) = member.value else { return member }
          return JSONObject.Member(
            name: member.name, value: .object(JSONObject(metadata.members.filter { !dropped.contains($0.name) })))
        }))
  }
}
