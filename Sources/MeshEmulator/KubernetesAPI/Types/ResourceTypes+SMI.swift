extension ResourceTypes {
  /// The kinds of the Service Mesh Interface, as its own custom resource definitions declare them.
  static let smi: [ResourceType] =
    [
      ResourceType(
        "TrafficTarget", "traffictargets", group: "access.smi-spec.io",
        versions: ["v1alpha4", "v1alpha3", "v1alpha2", "v1alpha1"], shortNames: ["tt"], categories: [],
        isNamespaced: true, isCustom: true, subresources: ["status"],
        columns: [.init("Age", ".metadata.creationTimestamp", type: "date")],
        schema: .named("SMI.TrafficTarget")),
      ResourceType(
        "HTTPRouteGroup", "httproutegroups", group: "specs.smi-spec.io",
        versions: ["v1alpha4", "v1alpha3", "v1alpha2", "v1alpha1"], shortNames: ["htr"], categories: [],
        isNamespaced: true, isCustom: true, subresources: ["status"],
        columns: [.init("Age", ".metadata.creationTimestamp", type: "date")],
        schema: .named("SMI.HTTPRouteGroup")),
      ResourceType(
        "TrafficSplit", "trafficsplits", group: "split.smi-spec.io",
        versions: ["v1alpha4", "v1alpha3", "v1alpha2", "v1alpha1"], shortNames: ["ts"], categories: [],
        isNamespaced: true, isCustom: true, subresources: ["status"],
        columns: [.init("Age", ".metadata.creationTimestamp", type: "date")],
        schema: .named("SMI.TrafficSplit")),
    ] + trafficMetrics

  /// The kinds that the Traffic Metrics API tells of.
  private static let trafficMetrics = [
    "namespaces", "deployments", "statefulsets", "daemonsets", "pods", "services", "trafficsplits",
  ].map { plural in
    var type = ResourceType(
      "TrafficMetrics", plural, group: "metrics.smi-spec.io", versions: ["v1alpha1"], singular: plural,
      isNamespaced: plural != "namespaces", subresources: [])
    type.isAggregated = true
    return type
  }
}
