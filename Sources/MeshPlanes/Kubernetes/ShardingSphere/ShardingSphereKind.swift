import MeshModel

/// The kinds of ShardingSphere-on-Cloud that are read.
///
/// Source: its custom resource definitions, `shardingsphere.apache.org/v1alpha1`.
enum ShardingSphereKind: String, CaseIterable {
  case computeNode = "computenode"
  case storageNode = "storagenode"

  /// The resource as the Kubernetes plane lists it.
  var resource: DialectResource {
    DialectResource(
      group: "shardingsphere.apache.org", versions: ["v1alpha1"], plural: rawValue + "s", kind: rawValue)
  }
}
