import MeshKit
import TerminalUI

extension Explanations {
  /// Everything a rule says, and whether requests reach it.
  static func rule(_ row: RuleRow) -> TextSheet { sheet(title(row), lines(row)) }

  /// Everything the rules of a route say, in the order proxies try them.
  static func route(_ route: Route, in view: MeshView) -> TextSheet {
    let rows = RuleRow.rows(route, in: view)
    return sheet(
      "\(Cells.name(route.ref))",
      [text("for \(route.hosts.joined(separator: ", "))", .muted)]
        + rows.flatMap { [text(""), Line(title($0), Style(.title, on: .sheet))] + lines($0) })
  }

  private static func title(_ row: RuleRow) -> SafeText {
    "\(Cells.name(row.route.ref)) rule \(row.rule.name.isEmpty ? String(row.index) : row.rule.name)"
  }

  /// Everything a rule says.
  private static func lines(_ row: RuleRow) -> [Line] {
    var lines: [Line] = []
    if let reason = row.unreachable { lines += [text("no request reaches this rule: \(reason)", .bad), text("")] }
    lines.append(heading("MATCHES"))
    lines +=
      row.rule.matches.isEmpty
      ? [text("  everything")]
      : row.rule.matches.map { text("  \($0.name.isEmpty ? "" : "\($0.name): ")\(RuleText.condition($0))") }
    lines += [text(""), heading("SENDS TO")]
    lines += row.rule.backends.map { backend in
      text(
        "  \(backend.host) \(backend.subset ?? "")  weight \(backend.weight.map(row.route.dialect.text(ofWeight:)) ?? "not written")\(backend.port.map { ", port \($0)" } ?? "")"
      )
    }
    if let action = row.rule.action { lines.append(text("  \(action)")) }
    let settings = RuleText.settings(row.rule)
    lines +=
      [text(""), heading("SETTINGS")] + (settings.isEmpty ? [text("  none", .muted)] : settings.map { text("  \($0)") })
    if let headers = row.rule.headers {
      for (direction, changes) in [("request", headers.request), ("response", headers.response)] where !changes.isEmpty
      {
        lines += changes.overwritten.sorted { $0.key < $1.key }.map { text("  \(direction) \($0.key) = \($0.value)") }
        lines += changes.added.sorted { $0.key < $1.key }.map { text("  \(direction) \($0.key) + \($0.value)") }
        lines += changes.removed.map { text("  \(direction) without \($0)") }
      }
    }
    return lines + [text(""), text("\(row.route.ref)\(row.rule.pointer)", .muted)]
  }
}
