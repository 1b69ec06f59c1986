import MeshKit

/// The rules of one route in match order, with their settings.
struct RuleSheet {
  let console: Console

  func write(_ route: Route, in view: MeshView) throws {
    try console.line("\(route.ref)  \(route.apiVersion)")
    try console.line("hosts: \(route.hosts.joined(separator: ", "))")
    try console.line("attached to: \(route.attachedTo.isEmpty ? "mesh" : route.attachedTo.joined(separator: ", "))")
    for owner in route.owners { try console.line("owner: \(owner.tool) \(owner.name) (\(owner.evidence))") }
    let unreachable = view.rules(of: route)?.unreachableRules(of: route) ?? [:]
    let splits = view.splits(of: route)
    for (index, rule) in route.rules.enumerated() {
      let title = rule.name.isEmpty ? "" : " \"\(rule.name)\""
      try console.line(
        "\(rule.layer.rawValue)[\(index)]\(title)\(unreachable[index].map { "  UNREACHABLE: \($0)" } ?? "")")
      for match in rule.matches { try console.line("  when \(match.isEmpty ? "always" : match.words)") }
      for backend in rule.backends {
        let port = backend.port.map { ":\($0)" } ?? ""
        try console.line(
          "  → \(backend.host)\(port)\(backend.subset.map { " subset \($0)" } ?? "")\(backend.weight.map { " weight \(route.dialect.text(ofWeight: $0))" } ?? "")"
        )
      }
      for line in Self.settings(of: rule) { try console.line("  \(line)") }
      if let split = splits.first(where: { $0.ruleIndex == index }) {
        try SplitTable(console, view).write([split])
      }
    }
  }

  static func settings(of rule: Rule) -> [String] {
    var lines: [String] = []
    if let timeout = rule.timeout { lines.append("timeout \(Figures.duration(timeout))") }
    if let retries = rule.retries {
      let each = retries.perTryTimeout.map { " each \(Figures.duration($0))" } ?? ""
      lines.append("retries \(retries.attempts)\(each)\(retries.retryOn.isEmpty ? "" : " on \(retries.retryOn)")")
    }
    if let fault = rule.fault {
      if let delay = fault.delay {
        lines.append("fault: delay \(Figures.duration(delay)) for \(Figures.number(fault.delayPercent))%")
      }
      if let status = fault.abortStatus {
        lines.append("fault: abort \(status) for \(Figures.number(fault.abortPercent))%")
      }
    }
    for mirror in rule.mirrors {
      lines.append(
        "mirror to \(mirror.host)\(mirror.subset.map { " subset \($0)" } ?? "") \(Figures.number(mirror.percent))%")
    }
    if let headers = rule.headers {
      for (word, changes) in [("request", headers.request), ("response", headers.response)] where !changes.isEmpty {
        let parts =
          changes.overwritten.map { "\($0.key)=\($0.value)" } + changes.added.map { "+\($0.key)=\($0.value)" }
          + changes.removed.map { "-\($0)" }
        lines.append("\(word) headers: \(parts.sorted().joined(separator: " "))")
      }
    }
    if let action = rule.action { lines.append(action) }
    if let delegate = rule.delegate { lines.append("hands on to \(delegate)") }
    return lines
  }
}
