import MeshModel
import MeshPlanes

/// What steps move and break.
extension Planner {
  /// The problems of the objects that are written, and those of other objects that are none of `others`.
  static func shown(_ problems: Set<Finding>, of objects: Set<ObjectRef>, but others: Set<Finding>) -> [Finding] {
    let elsewhere = problems.subtracting(others).filter { !objects.contains($0.object) }
    let own = problems.filter { objects.contains($0.object) }
    return (own + Array(elsewhere).subtracting(Array(others.subtracting(problems)))).sorted {
      ($1.severity, $0.code, $0.object, $0.pointer.description, $0.message)
        < ($0.severity, $1.code, $1.object, $1.pointer.description, $1.message)
    }
  }

  /// What workloads would take otherwise though none of the intents, which are all for workloads, names them.
  func otherModes(than intents: [Intent], _ view: MeshView, after: MeshSnapshot) -> [MeshView.ModeChange] {
    var named: [MTLSIntent] = []
    for intent in intents {
      guard case .mtls(let wanted) = intent, wanted.scope == .workload || wanted.scope == .port else { return [] }
      named.append(wanted)
    }
    guard let plane = named.first?.plane else { return [] }
    return view.changedModes(by: after, plane: plane).filter { change in
      !named.contains { $0.workload == change.workload.name && $0.namespace == change.workload.namespace }
    }
  }

  func add(_ step: Step, to blast: inout BlastRadius, view: MeshView, after: MeshSnapshot) {
    guard let changed = after.routes[step.object] else { return }
    var later = view
    later.snapshot = after
    let now = view.snapshot.routes[step.object].map { view.splits(of: $0) } ?? []
    // A plane such as App Mesh tells of workloads and not of their instances: none known is not none there.
    let instancesKnown = view.snapshot.endpoints.keys.contains { $0.plane == step.object.plane }
    for split in later.splits(of: changed) {
      // A rule that is new takes what it will take: of that nothing was measured.
      let old = now.first { $0.ruleIndex == split.ruleIndex }
      let rps = old?.backends.compactMap { $0.traffic.value?.rps }.reduce(0, +) ?? 0
      for backend in split.backends {
        let oldShare = old?.backends.first { $0.name == backend.name }?.desired.value?.share ?? 0
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
          let change =
            old == nil
            ? "\(Figures.percent(gain)) of what the new rule takes go to \(backend.name)"
            : "\(Figures.percent(gain)) more go to \(backend.name) (rate unknown: "
              + "\(backend.traffic.reason ?? "no traffic seen"))"
          blast.lines.append(change + (instancesKnown ? ", \(backend.ready) ready" : ", instances not known"))
        }
      }
      let index = TrafficIndex(view, plane: step.object.plane)
      let callers = split.backends.flatMap(\.workloads).flatMap { index.inbound(to: $0) }
        .map { "\($0.source.namespace)/\($0.source.workload)" }.filter { !$0.hasSuffix("/") }
      blast.callers = Set(blast.callers + callers).sorted()
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

extension MeshView {
  /// The problems that the configuration of a plane would have in another state of it.
  func problems(of snapshot: MeshSnapshot, on plane: PlaneName) -> Set<Finding> {
    Set((rules[plane] ?? [:]).values.flatMap { $0.findings(in: snapshot, plane: plane) })
  }
}
