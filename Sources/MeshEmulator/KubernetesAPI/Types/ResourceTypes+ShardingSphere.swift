extension ResourceTypes {
  /// The kinds of ShardingSphere-on-Cloud, as its own custom resource definitions declare them.
  static let shardingSphere: [ResourceType] = [
    ResourceType(
      "ComputeNode", "computenodes", group: "shardingsphere.apache.org", versions: ["v1alpha1"], shortNames: [],
      categories: [],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [
        .init("Ready", ".status.ready"), .init("Status", ".status.phase"),
        .init("Cluster-IP", ".status.loadBalancer.clusterIP"),
        .init("ServicePorts", ".spec.portBindings[*].servicePort", type: "integer"),
        .init("Age", ".metadata.creationTimestamp", type: "date"),
      ],
      schema: .named("ShardingSphere.ComputeNode")),
    ResourceType(
      "StorageNode", "storagenodes", group: "shardingsphere.apache.org", versions: ["v1alpha1"], shortNames: [],
      categories: [],
      isNamespaced: true, isCustom: true, subresources: ["status"],
      columns: [
        .init("Phase", ".status.phase"), .init("ClusterStatus", ".status.cluster.status"),
        .init("StorageProvider", ".spec.storageProviderName"),
        .init("Age", ".metadata.creationTimestamp", type: "date"),
      ],
      schema: .named("ShardingSphere.StorageNode")),
  ]
}
