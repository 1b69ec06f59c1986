import MeshModel

extension Intent {
  /// What it does in plain language, given the steps it comes to and the workloads it changes though it names others.
  func summary(_ steps: [Step], others: [String]) -> String {
    switch self {
    case .weights(let intent):
      "\(intent.route.name): " + intent.weights.map { "\($0.backend) → \(intent.text(of: $0))" }.joined(separator: ", ")
    case .rule(let intent):
      "\(intent.route.name): " + (intent.rule.map { "rule \($0), " } ?? "")
        + intent.changedSettings.joined(separator: ", ")
    case .mtls(let intent):
      "mTLS \(intent.mode.rawValue) for \(intent.place)"
        + (others.isEmpty ? "" : ", and for \(MeshView.named(others, limit: 3))")
    case .object(let intent):
      OwnerHold.summary(of: intent, steps) ?? OwnerMove.summary(of: intent, steps)
        ?? (steps.first.map { if case .create = $0.write { "create" } else { "edit" } } ?? "no change to")
        + " \(intent.ref)"
    case .delete(let ref): "delete \(ref)"
    }
  }
}

extension MTLSIntent {
  /// What the mode is for.
  fileprivate var place: String {
    switch scope {
    case .mesh: "the mesh"
    case .namespace: "namespace \(namespace)"
    case .workload: "\(namespace)/\(workload)"
    case .port: "\(namespace)/\(workload) port \(port ?? 0)"
    }
  }
}

extension RuleIntent {
  /// The names of the settings it changes, with what they become.
  var changedSettings: [String] {
    func word<Value>(_ name: String, _ change: Change<Value>?, _ text: (Value) -> String) -> String? {
      switch change {
      case nil: nil
      case .remove: "no \(name)"
      case .set(let value): "\(name) \(text(value))"
      }
    }
    return [
      word("timeout", timeout) { Figures.duration($0) }, word("retries", retries) { "\($0.attempts)" },
      word("fault", fault) { $0.abortStatus.map { "abort \($0)" } ?? "delay \(Figures.duration($0.delay ?? 0))" },
      word("mirror", mirror) { "\($0.host) \(Figures.number($0.percent))%" },
      word("headers", headers) { _ in "changed" },
    ].compactMap(\.self)
  }
}
