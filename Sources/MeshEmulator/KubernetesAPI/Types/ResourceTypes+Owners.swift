extension ResourceTypes {
  /// The kinds by which other tools own what a mesh is configured with, as their own custom resource definitions declare
  /// them: no controller works on them here.
  static let owners: [ResourceType] = [
    ResourceType(
      "Canary", "canaries", group: "flagger.app", versions: ["v1beta1"], shortNames: ["cd"], categories: ["all"],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [
        .init("Status", ".status.phase"), .init("Suspended", ".spec.suspend", type: "boolean", priority: 1),
        .init("Weight", ".status.canaryWeight"), .init("LastTransitionTime", ".status.lastTransitionTime"),
      ],
      schema: .anything),
    ResourceType(
      "Rollout", "rollouts", group: "argoproj.io", versions: ["v1alpha1"], shortNames: ["ro"], isNamespaced: true,
      isCustom: true, subresources: ["status"],
      columns: [
        .init("Desired", ".spec.replicas", type: "integer"), .init("Current", ".status.replicas", type: "integer"),
        .init("Age", ".metadata.creationTimestamp", type: "date"),
      ],
      schema: .anything),
    ResourceType(
      "Application", "applications", group: "argoproj.io", versions: ["v1alpha1"], shortNames: ["app", "apps"],
      isNamespaced: true, isCustom: true, subresources: [],
      columns: [
        .init("Sync Status", ".status.sync.status"), .init("Health Status", ".status.health.status"),
      ],
      schema: .anything),
    ResourceType(
      "Kustomization", "kustomizations", group: "kustomize.toolkit.fluxcd.io", versions: ["v1"], shortNames: ["ks"],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [
        .init("Age", ".metadata.creationTimestamp", type: "date"),
        .init("Ready", ".status.conditions[?(@.type==\"Ready\")].status"),
      ],
      schema: .anything),
    ResourceType(
      "HelmRelease", "helmreleases", group: "helm.toolkit.fluxcd.io", versions: ["v2"], shortNames: ["hr"],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [
        .init("Age", ".metadata.creationTimestamp", type: "date"),
        .init("Ready", ".status.conditions[?(@.type==\"Ready\")].status"),
      ],
      schema: .anything),
  ]
}
