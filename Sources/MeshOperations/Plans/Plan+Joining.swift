public import MeshModel

extension Plan {
  /// Plans of one plane as one, their steps in the order given; `nil` where there is none.
  public static func joined(_ plans: [Plan]) throws(MeshError) -> Plan? {
    guard var plan = plans.first else { return nil }
    for next in plans.dropFirst() {
      if let one = plan.madeFor, let other = next.madeFor, one != other {
        throw MeshError(.usage, "the plans were made for different clusters", plane: plan.intent.plane)
      }
      plan.furtherIntents += [next.intent] + next.furtherIntents
      plan.summary += "; \(next.summary)"
      plan.verdicts += next.verdicts.map { verdict in
        var verdict = verdict
        verdict.step += plan.steps.count
        return verdict
      }
      plan.steps += next.steps
      plan.findingsBefore += next.findingsBefore
      plan.findingsAfter += next.findingsAfter
      plan.blastRadius.add(next.blastRadius)
      plan.owners += next.owners.filter { !plan.owners.contains($0) }
      plan.madeFor = plan.madeFor ?? next.madeFor
      plan.warnings += next.warnings.filter { !plan.warnings.contains($0) }
    }
    return plan
  }
}

extension BlastRadius {
  fileprivate mutating func add(_ other: BlastRadius) {
    lines += other.lines
    if let moved = other.movedRPS { movedRPS = (movedRPS ?? 0) + moved }
    callers = Set(callers + other.callers).sorted()
    breaks = Set(breaks + other.breaks).sorted()
    unknowns += other.unknowns.filter { !unknowns.contains($0) }
    unready += other.unready
    others += other.others
  }
}
