public import MeshModel

/// What speaks against applying a plan: callers that would break, and what cannot be told of callers.
///
/// One rule for the command line (`--force`), the plan sheet (a typed word) and the library (`force: true`).
public struct PlanRisk: Sendable, Hashable {
  /// The callers that would no longer get through.
  public var breaks: [String]
  /// Why it cannot be told who else would break.
  public var unknowns: [String]
  /// The word an operator types to take the risk: what the plan is about.
  public var word: String

  /// What speaks against it, one line.
  public var message: String {
    var parts: [String] = []
    if !breaks.isEmpty {
      parts.append(
        "\(breaks.count) caller\(breaks.count == 1 ? "" : "s") would break: \(breaks.joined(separator: "; "))")
    }
    if !unknowns.isEmpty {
      parts.append(
        "who \(breaks.isEmpty ? "" : "else ")would break cannot be told: \(unknowns.joined(separator: "; "))")
    }
    return parts.joined(separator: "; ")
  }

  /// What to do about it, one line, without the way to take the risk.
  public var remedy: String {
    switch (breaks.isEmpty, unknowns.isEmpty) {
    case (false, true): "mend them first"
    case (true, _): "mend the telemetry (`meshdeck planes check`)"
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
    guard !blastRadius.breaks.isEmpty || !blastRadius.unknowns.isEmpty else { return nil }
    return PlanRisk(breaks: blastRadius.breaks, unknowns: blastRadius.unknowns, word: riskWord)
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
