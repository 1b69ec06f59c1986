public import MeshModel

/// What speaks against applying a plan: callers that would break, what cannot be told of callers, backends with nothing
/// ready to take the requests they would be given, workloads that it changes though another was named, and errors of
/// configuration that are none now.
///
/// One rule for the command line (`--force`), the plan sheet (a typed word) and the library (`force: true`).
public struct PlanRisk: Sendable, Hashable {
  /// The callers that would no longer get through.
  public var breaks: [String]
  /// Why it cannot be told who else would break.
  public var unknowns: [String]
  /// The backends that would be given more requests though nothing is ready to take them.
  public var unready: [String]
  /// The workloads that would be changed besides the one that was named.
  public var others: [String]
  /// The errors it would bring, to its own objects or to others, each in words.
  public var errors: [String]
  /// The word an operator types to take the risk: what the plan is about.
  public var word: String

  /// What speaks against it, one line.
  public var message: String {
    var parts: [String] = []
    if !breaks.isEmpty {
      parts.append(
        "\(breaks.count.counted("caller")) would break: \(breaks.joined(separator: "; "))")
    }
    if !unknowns.isEmpty {
      parts.append(
        "who \(breaks.isEmpty ? "" : "else ")would break cannot be told: \(unknowns.joined(separator: "; "))")
    }
    if !unready.isEmpty {
      parts.append("no instance is ready to take what would go to \(unready.joined(separator: " and "))")
    }
    if !others.isEmpty { parts.append("the same policy is for \(others.joined(separator: " and ")) too") }
    if !errors.isEmpty {
      let more = errors.count > 3 ? " and \(errors.count - 3) more" : ""
      parts.append("it would bring \(errors.prefix(3).joined(separator: "; "))\(more)")
    }
    return parts.joined(separator: "; ")
  }

  /// What to do about it, one line, without the way to take the risk.
  public var remedy: String {
    switch (breaks.isEmpty && errors.isEmpty, unknowns.isEmpty) {
    case (true, true): unready.isEmpty ? "give them a policy of their own first" : "wait until one is ready"
    case (false, true): "mend them first"
    case (true, false): "mend the telemetry (`meshdeck planes check`)"
    case (false, false): "mend them and the telemetry (`meshdeck planes check`) first"
    }
  }

  /// The refusal, with the way around it.
  public func refusal(plane: PlaneName, unless way: String) -> MeshError {
    MeshError(.refused, message, plane: plane, remedy: "\(remedy), or \(way)")
  }
}

extension Plan {
  /// What speaks against applying the plan; `nil` where nothing does.
  public var risk: PlanRisk? {
    let blast = blastRadius
    let errors = newFindings.filter { $0.severity == .error }.map {
      "\($0.code) (\($0.object.shortName): \($0.message))"
    }
    let risk = PlanRisk(
      breaks: blast.breaks, unknowns: blast.unknowns, unready: blast.unready, others: blast.others, errors: errors,
      word: riskWord)
    return risk.message.isEmpty ? nil : risk
  }

  private var riskWord: String {
    guard case .mtls(let intent) = intent else { return steps.first?.object.name ?? intent.plane }
    switch intent.scope {
    case .mesh: return intent.plane
    case .namespace: return intent.namespace
    case .workload, .port: return intent.workload
    }
  }
}
