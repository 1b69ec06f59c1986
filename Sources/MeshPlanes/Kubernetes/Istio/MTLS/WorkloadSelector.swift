import MeshModel

/// The labels that tell one workload from the others of its namespace.
enum WorkloadSelector {
  /// The fewest customary labels that select this workload and, if possible, no other.
  static func labels(for workload: Workload, in snapshot: MeshSnapshot) -> [String: String] {
    let others = snapshot.workloads.values.filter {
      $0.ref.plane == workload.ref.plane && $0.ref.namespace == workload.ref.namespace && $0.ref != workload.ref
    }
    let customary = [
      ["app"], ["app.kubernetes.io/name"], ["app", "version"],
      ["app.kubernetes.io/name", "app.kubernetes.io/instance"],
    ]
    for names in customary {
      var selector: [String: String] = [:]
      for name in names { selector[name] = workload.labels[name] }
      guard selector.count == names.count else { continue }
      if !others.contains(where: { IstioHost.selects(selector, $0.labels) }) { return selector }
    }
    return workload.labels.filter { !changing.contains($0.key) }
  }

  /// Labels that a rollout changes, or that injection adds.
  private static let changing: Set<String> = [
    "pod-template-hash", "controller-revision-hash", "rollouts-pod-template-hash", "security.istio.io/tlsMode",
    "service.istio.io/canonical-name", "service.istio.io/canonical-revision", "istio.io/rev",
    "sidecar.istio.io/inject", "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index",
  ]
}
