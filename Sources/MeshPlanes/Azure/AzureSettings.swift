/// Where something of Azure is, as configured; what is not said comes from the environment as for Microsoft's own tools.
public struct AzureSettings: Sendable, Hashable {
  /// The fields of a plane of kind `service-fabric` in `config.yaml`, in the order in which they are written.
  public static let fields = ["subscription", "resourceGroup", "url", "caFile", "clientCertificate", "clientKey"]
  /// The fields of `azure` of a plane of kind `kubernetes`: which cluster of AKS it is.
  public static let clusterFields = ["subscription", "resourceGroup", "cluster", "endpoint"]

  private var values: [String: String] = [:]

  /// Settings that say nothing.
  public init() {}

  /// The text of a field: the subscription and its resource group, or the address of a Service Fabric cluster with the
  /// files of TLS; the name of an AKS cluster, and where Azure Resource Manager is other than Azure's own.
  public subscript(field: String) -> String? {
    get { values[field] }
    set { values[field] = newValue }
  }
}
