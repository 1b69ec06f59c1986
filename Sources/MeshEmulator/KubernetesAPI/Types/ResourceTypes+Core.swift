extension ResourceTypes {
  /// The kinds of the core group.
  static let core: [ResourceType] = [
    ResourceType("ConfigMap", "configmaps", shortNames: ["cm"], subresources: [], schema: .named("ConfigMap")),
    ResourceType(
      "Endpoints", "endpoints", singular: "endpoints", shortNames: ["ep"], subresources: [],
      schema: .named("Endpoints")),
    ResourceType("Event", "events", shortNames: ["ev"], subresources: [], schema: .named("Event")),
    ResourceType("Namespace", "namespaces", shortNames: ["ns"], isNamespaced: false, schema: .named("Namespace")),
    ResourceType("Node", "nodes", shortNames: ["no"], isNamespaced: false, schema: .named("Node")),
    ResourceType(
      "Pod", "pods", shortNames: ["po"], categories: ["all"], countsGenerations: true,
      subresources: ["proxy", "status"], schema: .named("Pod")),
    ResourceType("Secret", "secrets", subresources: [], schema: .named("Secret")),
    ResourceType(
      "ServiceAccount", "serviceaccounts", shortNames: ["sa"], subresources: [], schema: .named("ServiceAccount")),
    ResourceType(
      "Service", "services", shortNames: ["svc"], categories: ["all"], subresources: ["proxy", "status"],
      schema: .named("Service")),
  ]

  /// The kinds of `apps`, `discovery.k8s.io` and the definitions of custom kinds.
  static let workloads: [ResourceType] = [
    workload("DaemonSet", "daemonsets", "ds"),
    workload("Deployment", "deployments", "deploy"),
    workload("ReplicaSet", "replicasets", "rs"),
    workload("StatefulSet", "statefulsets", "sts"),
    ResourceType(
      "CustomResourceDefinition", "customresourcedefinitions", group: "apiextensions.k8s.io",
      shortNames: ["crd", "crds"], categories: ["api-extensions"], isNamespaced: false, countsGenerations: true),
    ResourceType(
      "EndpointSlice", "endpointslices", group: "discovery.k8s.io", countsGenerations: true, subresources: [],
      schema: .named("EndpointSlice")),
  ]

  private static func workload(_ kind: String, _ plural: String, _ short: String) -> ResourceType {
    ResourceType(
      kind, plural, group: "apps", shortNames: [short], categories: ["all"], countsGenerations: true,
      schema: .named(kind))
  }
}
