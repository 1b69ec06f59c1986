import MeshModel

/// Routing over one snapshot: a backend is a revision, or the latest ready one of a Configuration.
struct KnativeRouting: RoutingRules {
  let targets: BackendTargets
  /// The latest ready revision of each Configuration, by namespace and name.
  private let latest: [String: String]

  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    targets = BackendTargets(snapshot, plane: plane)
    latest = snapshot.destinations.values.reduce(into: [:]) { latest, policy in
      guard policy.ref.plane == plane, policy.ref.kind == KnativeDialect.configuration else { return }
      latest["\(policy.ref.namespace)/\(policy.ref.name)"] = policy.subsets.first?.name
    }
  }

  func target(of backend: Backend, in route: Route) -> BackendTarget {
    let revision = revision(of: backend, in: route)
    var target = targets.target(revision, in: route.ref.namespace)
    target.workloads = targets.selected(
      by: [KnativeObjectReader.revisionLabel: revision], in: route.ref.namespace)
    return target
  }

  /// The revision that a backend means now.
  private func revision(of backend: Backend, in route: Route) -> String {
    guard let name = KnativeObjectReader.configuration(of: backend) else { return backend.host }
    return latest["\(route.ref.namespace)/\(name)"] ?? backend.host
  }

  /// What Knative reports as in effect.
  func programmed(_ rule: Rule, of route: Route, in report: ProgrammedReport) -> [Known<ProgrammedWeight>] {
    guard let status = route.status.first else {
      return rule.backends.map { _ in .unknown("Knative has not reported yet") }
    }
    let isGood = status.isCurrent && status["Ready"]?.holds ?? status["RoutesReady"]?.holds ?? true
    return rule.backends.map { backend in
      let followed = KnativeObjectReader.followed(revision(of: backend, in: route))
      let percent = status.weights[backend.name] ?? status.weights[followed] ?? 0
      return .known(
        ProgrammedWeight(weight: percent, share: Double(percent) / 100, proxies: 1, acknowledged: isGood ? 1 : 0),
        source: "status.traffic", at: report.at)
    }
  }
}
