import MeshKit
import TerminalUI

/// Native objects and checks as sheets to read.
enum NativeText {
  /// A native object as YAML; the line of a place in it is marked and in view.
  static func sheet(_ native: NativeObject, at pointer: JSONPointer? = nil) -> TextSheet {
    let yaml = YAMLText.lines(native.json)
    let place = pointer.flatMap { wanted in line(of: wanted, in: yaml) }
    let lines = yaml.enumerated().map { number, line in
      number == place
        ? Line("▸ \(line.text)", Style(.match, on: .sheet)) : Line("  \(line.text)", Style(.text, on: .sheet))
    }
    return TextSheet(
      title: "\(native.ref.description)", lines: lines, offset: max((place ?? 0) - 4, 0),
      copied: YAMLText.text(native.json))
  }

  /// The line a place stands on: its own, or that of the nearest thing around it.
  static func line(of pointer: JSONPointer, in lines: [YAMLText.Line]) -> Int? {
    var wanted: JSONPointer? = pointer
    while let pointer = wanted, !pointer.tokens.isEmpty {
      if let number = lines.firstIndex(where: {
        Array($0.pointer.tokens.prefix(pointer.tokens.count)) == pointer.tokens
      }) {
        return number
      }
      wanted = pointer.parent
    }
    return nil
  }

  /// The checks of a plane.
  static func sheet(_ checks: [PlaneCheck], of plane: PlaneName) -> TextSheet {
    var lines: [Line] = []
    for check in checks {
      let (sign, role): (SafeText, TerminalUI.Role) =
        switch check.result {
        case .ok: ("✓", .good)
        case .warning: ("▲", .warn)
        case .failed: ("✗", .bad)
        case .skipped: ("·", .muted)
        }
      var line = Line("\(sign) \(SafeText(check.name).padded(to: 14)) ", Style(role, on: .sheet))
      line.append(SafeText(check.result.rawValue).padded(to: 8), Style(role, on: .sheet))
      line.append(" \(check.detail)", Style(.text, on: .sheet))
      lines.append(line)
      if let remedy = check.remedy {
        lines.append(Line("                          \(remedy)", Style(.muted, on: .sheet)))
      }
    }
    return TextSheet(
      title: "Checks of \(plane)", lines: lines,
      copied: checks.map { "\($0.result.rawValue)\t\($0.name)\t\($0.detail)" }.joined(separator: "\n"))
  }
}
