import MeshKit

/// A plan in words for a terminal or a pipe: summary, blast radius, findings, verdicts, steps with their differences.
struct PlanSheet {
  let console: Console

  func write(_ plan: Plan) throws {
    try console.line("plan \(plan.id): \(plan.summary)")
    for line in plan.blastRadius.lines { try console.line("  \(line)") }
    if !plan.blastRadius.callers.isEmpty {
      try console.line("  callers: \(plan.blastRadius.callers.joined(separator: ", "))")
    }
    for reason in plan.blastRadius.unknowns { try console.line("  cannot be told who would break: \(reason)") }
    for warning in plan.warnings { try console.line("  note: \(warning)") }
    let new = Set(plan.newFindings)
    for finding in plan.findingsAfter {
      let place = plan.steps.map(\.object) == [finding.object] ? "" : finding.object.description
      try console.line(
        "  \(new.contains(finding) ? "new " : "")\(finding.severity.rawValue) \(finding.code) "
          + "\(place)\(finding.pointer): \(finding.message)")
    }
    for verdict in plan.verdicts {
      let word = verdict.accepted.map { $0 ? "accepts" : "refuses" } ?? "was not asked about"
      try console.line(
        "  server \(word) step \(verdict.step + 1)\(verdict.message.isEmpty ? "" : ": \(verdict.message)")")
    }
    for (index, step) in plan.steps.enumerated() {
      try console.line("step \(index + 1): \(step.object)")
      for line in StepDiff.lines(of: step) {
        try console.write(Array((console.paint(line.text, line.colour).rendered + "\n").utf8))
      }
    }
  }
}

/// The difference a step makes, as lines of YAML with `-` and `+`.
enum StepDiff {
  struct Line {
    let text: String
    let colour: Colour
  }

  static func lines(of step: Step, context: Int = 2) -> [Line] {
    let (before, after) = step.shown()
    return LineDiff.hunks(before, after, context: context).map { change in
      switch change {
      case .kept(let text): Line(text: "    " + text, colour: .plain)
      case .removed(let text): Line(text: "  - " + text, colour: .bad)
      case .added(let text): Line(text: "  + " + text, colour: .good)
      case .gap: Line(text: "    …", colour: .muted)
      }
    }
  }
}
