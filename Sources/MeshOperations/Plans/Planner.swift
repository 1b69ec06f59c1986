public import MeshModel
public import MeshPlanes

/// Turns intents into a plan: the plane's steps, what they move and break, and what the server says to them.
public struct Planner: Sendable {
  let control: any ControlPlane

  /// Creates a planner for a plane.
  public init(_ control: any ControlPlane) { self.control = control }

  /// The plan of an intent over a view; nothing is written, and nothing is asked of the server beyond reading.
  public func plan(_ intent: Intent, in view: MeshView) async throws(MeshError) -> Plan {
    try await plan([intent], in: view)
  }

  /// The one plan of several intents of a plane: each is judged with those before it done, and what is referred to is
  /// written before what refers to it.
  public func plan(_ intents: [Intent], in view: MeshView) async throws(MeshError) -> Plan {
    let kinds = await control.configurationKinds
    let intents = Self.inOrder(intents, of: kinds)
    guard let first = intents.first else { throw MeshError(.usage, "nothing is wanted") }
    var steps: [Step] = []
    var parts: [(intent: Intent, steps: [Step])] = []
    var after = view.snapshot
    for intent in intents {
      let own = try await control.steps(for: intent, in: after)
      if let twice = own.map(\.object).first(where: { object in steps.contains { $0.object == object } }) {
        throw MeshError(.usage, "it is changed twice", object: twice, remedy: "make one change of the two")
      }
      after = snapshot(after: own, on: after, view)
      steps += own
      parts.append((intent, own))
    }
    if intents.count > 1 { steps = Self.inOrder(steps, of: kinds, view.snapshot, after: after) }
    var plan = Plan(
      id: PlanID.make(), intent: first, furtherIntents: Array(intents.dropFirst()), summary: "", steps: steps)
    await weigh(&plan, in: view, after: after)
    await bind(&plan)
    let named = parts.count == 1 ? plan.blastRadius.others : []
    let summaries = parts.prefix(3).map { $0.intent.summary($0.steps, others: named) }
    let more = parts.count > 3 ? " and \(parts.count - 3) more" : ""
    plan.summary = summaries.joined(separator: "; ") + more
    return plan
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
      if Self.awaitsNamespace(step, after: plan.steps[..<index], verdict) {
        verdict = DryRunVerdict(
          step: index, accepted: nil, message: "not validated by the server: this plan makes its namespace first")
      }
      verdict.step = index
      plan.verdicts.append(verdict)
    }
    return plan
  }

  /// Notes the identity of the control plane, where steps or what takes them back make something anew.
  private func bind(_ plan: inout Plan) async {
    let makesAnew = plan.steps.contains { if case .patch = $0.write { false } else { true } }
    guard makesAnew else { return }
    do throws(MeshError) { plan.madeFor = try await control.uid() } catch {
      plan.warnings.append(
        "which cluster it is for cannot be told, so any would take it as a saved plan: \(error.message)")
    }
  }

  /// Whether the server finds no namespace for a step because the plan makes it first.
  private static func awaitsNamespace(_ step: Step, after earlier: some Sequence<Step>, _ verdict: DryRunVerdict)
    -> Bool
  {
    let namespace = step.object.namespace
    guard verdict.accepted == false, case .create = step.write, !namespace.isEmpty else { return false }
    let isMade = earlier.contains { earlier in
      if case .create = earlier.write {
        earlier.object.kind == "namespace" && earlier.object.name == namespace
      } else {
        false
      }
    }
    return isMade && verdict.message.contains("namespaces \"\(namespace)\" not found")
  }

  /// A configuration as steps leave it.
  func snapshot(after steps: some Sequence<Step>, on before: MeshSnapshot, _ view: MeshView) -> MeshSnapshot {
    var snapshot = before
    for step in steps {
      if case .delete = step.write {
        snapshot.apply(.remove(step.object))
        continue
      }
      guard let object = step.after else { continue }
      for entity in control.entities(from: object) { snapshot.apply(.upsert(entity)) }
      for rules in (view.rules[step.object.plane] ?? [:]).values {
        guard let entities = try? rules.entities(from: object, plane: step.object.plane), !entities.isEmpty else {
          continue
        }
        for entity in entities { snapshot.apply(.upsert(entity)) }
      }
    }
    return snapshot
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

  /// The kind of what it is about; empty where the plane says which object that is.
  var kind: ObjectKind {
    switch self {
    case .weights(let intent): intent.route.kind
    case .rule(let intent): intent.route.kind
    case .mtls: ""
    case .object(let intent): intent.ref.kind
    case .delete(let ref): ref.kind
    }
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
