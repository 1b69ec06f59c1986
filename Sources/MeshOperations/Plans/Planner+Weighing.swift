public import MeshModel
import MeshPlanes

/// What a plan comes to over a view: what it moves and breaks, the problems before and after, and who else writes its objects.
extension Planner {
  /// A plan that was made elsewhere, with what its steps come to here and now: what a file says of that is not believed.
  ///
  /// What a step makes of its object is worked out on the object as it is. Where that cannot be, it cannot be told who would
  /// break, and the plan's risk says so.
  public func weighed(_ plan: Plan, in view: MeshView) async -> Plan {
    var plan = plan
    (plan.blastRadius, plan.owners, plan.warnings, plan.verdicts) = (BlastRadius(), [], [], [])
    var unknowns: [String] = []
    for (index, step) in plan.steps.enumerated() {
      do throws(MeshError) { plan.steps[index].after = try await outcome(of: step) } catch {
        unknowns.append("step \(index + 1) does not fit \(step.object) as it is now: \(error.message)")
      }
    }
    await weigh(&plan, in: view, after: snapshot(after: plan.steps, on: view.snapshot, view))
    plan.blastRadius.unknowns += unknowns
    return plan
  }

  /// A plan with its steps moved onto the objects as they are now, as applying moves them; a conflict where somebody
  /// changed since what a step changes.
  public func current(_ plan: Plan) async throws(MeshError) -> Plan {
    var plan = plan
    for (index, step) in plan.steps.enumerated() {
      // What an earlier step makes of the same object is not there yet.
      if plan.steps[..<index].contains(where: { $0.object == step.object }) { continue }
      if case .create = step.write {
        do throws(MeshError) { _ = try await control.native(step.object) } catch {
          guard error.code == .notFound else { throw error }
          continue
        }
      } else {
        let now = try await control.native(step.object)
        if now.version == step.precondition.version {
          // How it was is not believed of a file either.
          plan.steps[index].before = now.json
          continue
        }
        if let rebased = try await StepGuards.rebased(step, through: control) {
          plan.steps[index] = rebased
          continue
        }
      }
      throw MeshError(
        .conflict, "step \(index + 1) does not fit the object as it is now", object: step.object,
        remedy: "somebody changed it since it was read: look at it and plan again")
    }
    return plan
  }

  /// What a step makes of its object as it is now; `nil` where it deletes it.
  private func outcome(of step: Step) async throws(MeshError) -> JSONValue? {
    switch step.write {
    case .delete: return nil
    case .create(let object): return object
    case .patch(let patch):
      let now = try await control.native(step.object)
      do throws(JSONPatchError) { return try StepGuards.revision(patch, now.version).applied(to: now.json) } catch {
        throw MeshError(.conflict, error.description, object: step.object)
      }
    }
  }

  /// Works out what a plan comes to over a view whose configuration its steps leave as `after`.
  func weigh(_ plan: inout Plan, in view: MeshView, after: MeshSnapshot) async {
    let (steps, plane) = (plan.steps, plan.intent.plane)
    let intents = [plan.intent] + plan.furtherIntents
    let problems = (now: view.problems(of: view.snapshot, on: plane), then: view.problems(of: after, on: plane))
    let touched = Set(steps.map(\.object))
    plan.findingsBefore = Self.shown(problems.now, of: touched, but: problems.then)
    plan.findingsAfter = Self.shown(problems.then, of: touched, but: problems.now)
    if intents.count > 1 {
      plan.warnings += passingErrors(of: steps, view, plane: plane, but: problems.now.union(problems.then))
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
    let others = otherModes(than: intents, view, after: after)
    blast.others = Set(others.map(\.workload.shortName)).sorted()
    blast.lines += others.map {
      "\($0.workload.shortName) would take \($0.after.rawValue) too, not \($0.before.rawValue) as now"
    }
    plan.blastRadius = blast
    for step in steps {
      let marks = view.snapshot.routes[step.object]?.owners ?? step.before.map { ObjectOwners.owners(of: $0) } ?? []
      for mark in marks {
        let known = await OwnerSearch(control).known(mark, of: step.object)
        guard !plan.owners.contains(known.owner) else { continue }
        plan.owners.append(known.owner)
        plan.warnings.append(known.warning)
      }
    }
    if steps.count > 1 { plan.warnings.append("\(steps.count) objects are written one after another, not at once") }
    if steps.contains(where: { !$0.precondition.isAtomic }) {
      plan.warnings.append(
        "this plane has no write precondition: it is read, compared and written, and the last writer wins")
    }
  }
}
