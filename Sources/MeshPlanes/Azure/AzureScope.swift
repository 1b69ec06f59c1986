import MeshTransport

/// The places that paths at Azure Resource Manager begin with.
enum AzureScope {
  /// A resource group of a subscription.
  static func group(_ name: String, of subscription: String) -> String {
    self.subscription(subscription) + "/resourceGroups/\(PercentCoding.encode(name))"
  }

  /// A subscription.
  static func subscription(_ id: String) -> String { "/subscriptions/\(PercentCoding.encode(id))" }
}
