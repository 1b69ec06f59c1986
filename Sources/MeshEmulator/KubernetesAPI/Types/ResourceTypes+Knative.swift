extension ResourceTypes {
  /// The kinds of Knative Serving, as its own custom resource definitions declare them.
  static let knative: [ResourceType] = [
    ResourceType(
      "Configuration", "configurations", group: "serving.knative.dev", versions: ["v1"], shortNames: ["config", "cfg"],
      categories: ["all", "knative", "serving"],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [
        .init("LatestCreated", ".status.latestCreatedRevisionName"),
        .init("LatestReady", ".status.latestReadyRevisionName"),
        .init("Ready", ".status.conditions[?(@.type=='Ready')].status"),
        .init("Reason", ".status.conditions[?(@.type=='Ready')].reason"),
      ],
      schema: .named("Knative.Configuration")),
    ResourceType(
      "Revision", "revisions", group: "serving.knative.dev", versions: ["v1"], shortNames: ["rev"],
      categories: ["all", "knative", "serving"],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [
        .init("Config Name", ".metadata.labels['serving\\.knative\\.dev/configuration']"),
        .init("Generation", ".metadata.labels['serving\\.knative\\.dev/configurationGeneration']"),
        .init("Ready", ".status.conditions[?(@.type=='Ready')].status"),
        .init("Reason", ".status.conditions[?(@.type=='Ready')].reason"),
        .init("Actual Replicas", ".status.actualReplicas", type: "integer"),
        .init("Desired Replicas", ".status.desiredReplicas", type: "integer"),
      ],
      schema: .named("Knative.Revision")),
    ResourceType(
      "Route", "routes", group: "serving.knative.dev", versions: ["v1"], shortNames: ["rt"],
      categories: ["all", "knative", "serving"],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [
        .init("URL", ".status.url"), .init("Ready", ".status.conditions[?(@.type=='Ready')].status"),
        .init("Reason", ".status.conditions[?(@.type=='Ready')].reason"),
      ],
      schema: .named("Knative.Route")),
    ResourceType(
      "Service", "services", group: "serving.knative.dev", versions: ["v1"], shortNames: ["kservice", "ksvc"],
      categories: ["all", "knative", "serving"],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [
        .init("URL", ".status.url"), .init("LatestCreated", ".status.latestCreatedRevisionName"),
        .init("LatestReady", ".status.latestReadyRevisionName"),
        .init("Ready", ".status.conditions[?(@.type=='Ready')].status"),
        .init("Reason", ".status.conditions[?(@.type=='Ready')].reason"),
      ],
      schema: .named("Knative.Service")),
  ]
}
