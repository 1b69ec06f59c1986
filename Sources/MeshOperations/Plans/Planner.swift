public import MeshModel
public import MeshPlanes

/// Turns an intent into a plan: the plane's steps, what they move and break, and what the server says to them.
public struct Planner: Sendable {
  let control: any ControlPlane

  /// Creates a planner for a plane.
  public init(_ control: any ControlPlane) { self.control = control }

  /// The plan of an intent over a view; nothing is written, and nothing is asked of the server beyond reading.
  public func plan(_ intent: Intent, in view: MeshView) async throws(MeshError) -> Plan {
    let steps = try await control.steps(for: intent, in: view.snapshot)
    let after = await snapshot(after: steps, view)
    let plane = intent.plane
    let touched = Set(steps.map(\.object))
    func findings(_ snapshot: MeshSnapshot) -> [Finding] {
      (view.rules[plane] ?? [:]).values.flatMap { $0.findings(in: snapshot, plane: plane) }
        .filter { touched.contains($0.object) }.sorted { ($1.severity, $0.code) < ($0.severity, $1.code) }
    }
    var blast = BlastRadius()
    for step in steps { add(step, to: &blast, view: view, after: after) }
    let broken = view.breaks(with: after, plane: plane)
    blast.breaks = Set(broken.map { "\($0.client.shortName) → \($0.server.shortName):\($0.port)" })
      .sorted()
    blast.lines += broken.map { pair in
      "\(pair.client.shortName) would no longer reach \(pair.server.name):\(pair.port) (\(Figures.amount(pair.traffic)) now)"
    }
    blast.unknowns = view.unknownCallers(of: view.tightened(by: after, plane: plane), plane: plane)
    if case .mtls(let wanted) = intent, wanted.scope == .workload || wanted.scope == .port {
      let others = view.changedModes(by: after, plane: plane).filter {
        $0.workload.name != wanted.workload || $0.workload.namespace != wanted.namespace
      }
      blast.others = Set(others.map(\.workload.shortName)).sorted()
      blast.lines += others.map {
        "\($0.workload.shortName) would take \($0.after.rawValue) too, not \($0.before.rawValue) as now"
      }
    }
    var owners: [Owner] = []
    for step in steps {
      let known = view.snapshot.routes[step.object]?.owners ?? step.before.map { ObjectOwners.owners(of: $0) } ?? []
      for owner in known where !owners.contains(owner) {
        owners.append(owner)
      }
    }
    var warnings: [String] = []
    if let object = steps.first?.object {
      let search = OwnerSearch(control)
      for place in owners.indices {
        let known = await search.known(owners[place], of: object)
        owners[place] = known.owner
        warnings.append(known.warning)
      }
    }
    if steps.count > 1 { warnings.append("\(steps.count) objects are written one after another, not at once") }
    if steps.contains(where: { !$0.precondition.isAtomic }) {
      warnings.append(
        "this plane has no write precondition: it is read, compared and written, and the last writer wins")
    }
    return Plan(
      id: PlanID.make(), intent: intent, summary: summary(of: intent, steps, others: blast.others), steps: steps,
      findingsBefore: findings(view.snapshot), findingsAfter: findings(after), blastRadius: blast, owners: owners,
      warnings: warnings)
  }

  /// The plan with the server's verdict on each step: permission, then a dry run.
  ///
  /// A step whose object was changed since it was read, but not where the step changes it, is moved onto the object as
  /// it is now; where somebody touched the same place, the verdict is a conflict.
  ///
  /// Where nothing may be written (`isReadOnly`), the server is not asked: a dry run is a request to write.
  public func rehearsed(_ plan: Plan, isReadOnly: Bool = false) async -> Plan {
    var plan = plan
    plan.verdicts = []
    for (index, step) in plan.steps.enumerated() {
      if case .no(let reason) = isReadOnly ? .no("read-only") : await control.permits(step) {
        plan.verdicts.append(
          DryRunVerdict(
            step: index, accepted: false, message: "not permitted: \(reason)",
            // What this process was told not to write is a policy of ours, not a right that is missing.
            failure: reason == "read-only" ? .refused : .forbidden))
        continue
      }
      var verdict = await control.dryRun(step)
      for _ in 0..<3 where verdict.failure == .conflict {
        guard let rebased = try? await StepGuards.rebased(plan.steps[index], through: control) else { break }
        plan.steps[index] = rebased
        verdict = await control.dryRun(rebased)
      }
      verdict.step = index
      plan.verdicts.append(verdict)
    }
    return plan
  }

  private func snapshot(after steps: [Step], _ view: MeshView) async -> MeshSnapshot {
    var snapshot = view.snapshot
    for step in steps {
      if case .delete = step.write {
        snapshot.apply(.remove(step.object))
        continue
      }
      guard let object = step.after else { continue }
      for rules in (view.rules[step.object.plane] ?? [:]).values {
        guard let entities = try? rules.entities(from: object, plane: step.object.plane), !entities.isEmpty else {
          continue
        }
        for entity in entities { snapshot.apply(.upsert(entity)) }
      }
    }
    return snapshot
  }

  private func add(_ step: Step, to blast: inout BlastRadius, view: MeshView, after: MeshSnapshot) {
    guard let before = view.snapshot.routes[step.object], let changed = after.routes[step.object] else { return }
    var later = view
    later.snapshot = after
    let now = view.splits(of: before)
    // A plane such as App Mesh tells of workloads and not of their instances: none known is not none there.
    let instancesKnown = view.snapshot.endpoints.keys.contains { $0.plane == step.object.plane }
    for split in later.splits(of: changed) {
      guard let old = now.first(where: { $0.ruleIndex == split.ruleIndex }) else { continue }
      let rps = old.backends.compactMap { $0.traffic.value?.rps }.reduce(0, +)
      for backend in split.backends {
        let oldShare = old.backends.first { $0.name == backend.name }?.desired.value?.share ?? 0
        let gain = (backend.desired.value?.share ?? 0) - oldShare
        guard gain > 0.000_1 else { continue }
        if after.takesNothing(backend) { blast.unready.append(backend.name) }
        if rps > 0 {
          let moved = gain * rps
          let perPod =
            backend.ready > 0
            ? ", \(backend.ready) ready → \(Figures.rate(rps * (backend.desired.value?.share ?? 0) / Double(backend.ready))) each"
            : instancesKnown ? ", no ready instance" : ", instances not known"
          blast.movedRPS = (blast.movedRPS ?? 0) + moved
          blast.lines.append("≈\(Figures.rate(moved)) of \(Figures.rate(rps)) move to \(backend.name)\(perPod)")
        } else {
          let reason = backend.traffic.reason ?? "no traffic seen"
          blast.lines.append(
            "\(Figures.percent(gain)) more go to \(backend.name) (rate unknown: \(reason)), "
              + (instancesKnown ? "\(backend.ready) ready" : "instances not known"))
        }
      }
      let index = TrafficIndex(view, plane: step.object.plane)
      let callers = split.backends.flatMap(\.workloads).flatMap { index.inbound(to: $0) }
        .map { "\($0.source.namespace)/\($0.source.workload)" }.filter { !$0.hasSuffix("/") }
      blast.callers = Set(blast.callers + callers).sorted()
    }
  }

  private func summary(of intent: Intent, _ steps: [Step], others: [String]) -> String {
    switch intent {
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

extension MeshSnapshot {
  /// Whether it is known that nothing of a backend takes requests: none of its instances is ready, or its workloads are
  /// scaled to none. What a platform starts when it is called, and what runs outside, is never judged so.
  fileprivate func takesNothing(_ backend: SplitBackend) -> Bool {
    let known = backend.workloads.compactMap { workloads[$0] }
    guard backend.ready == 0, known.allSatisfy({ $0.runtime != .serverless && $0.runtime != .external }) else {
      return false
    }
    return backend.total > 0 || (!known.isEmpty && known.allSatisfy { $0.desired == 0 })
  }
}

extension Intent {
  /// The plane it is for.
  public var plane: PlaneName {
    switch self {
    case .weights(let intent): intent.route.plane
    case .rule(let intent): intent.route.plane
    case .mtls(let intent): intent.plane
    case .object(let intent): intent.ref.plane
    case .delete(let ref): ref.plane
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

/// The identities of plans: short, typeable, and in the order of time.
enum PlanID {
  static func make() -> String {
    let time = String(UInt64(max(0, Instant.now.seconds)), radix: 36)
    let random = String(UInt32.random(in: 0..<1_679_616), radix: 36)
    return "p\(time)\(String(repeating: "0", count: max(0, 4 - random.count)))\(random)"
  }
}
