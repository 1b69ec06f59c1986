import ArgumentParser
import MeshKit

/// Where something of Azure is, as typed for `planes add`.
struct AzureOptions: ParsableArguments {
  @Option(help: "The subscription of a service-fabric plane, or of the AKS cluster a kubernetes plane is.")
  var subscription: String?
  @Option(help: "The resource group in the subscription.")
  var resourceGroup: String?
  @Option(help: "The name of the AKS cluster a kubernetes plane is: its Istio add-on is shown by planes check.")
  var aksCluster: String?

  /// What was typed, for a plane of a kind; `nil` where nothing is said of Azure.
  func settings(of kind: Plane.Kind, at server: ServerOptions) throws(MeshError) -> AzureSettings? {
    var pairs = [("subscription", subscription), ("resourceGroup", resourceGroup), ("cluster", aksCluster)]
    if kind != .xds, kind != .consul {
      pairs += [
        ("url", server.url), ("caFile", server.caFile), ("clientCertificate", server.certFile),
        ("clientKey", server.keyFile),
      ]
    }
    pairs.removeAll { $0.1 == nil }
    let known =
      switch kind {
      case .serviceFabric: AzureSettings.fields
      case .kubernetes: AzureSettings.clusterFields
      default: [String]()
      }
    if let stray = pairs.first(where: { !known.contains($0.0) }) {
      throw MeshError(.usage, "\(stray.0) is not for planes of kind \(kind.rawValue)")
    }
    var settings = AzureSettings()
    for (name, value) in pairs { settings[name] = value }
    if kind == .serviceFabric, let fault = PlaneRegistry.fault(in: settings) { throw MeshError(.usage, fault) }
    if kind == .kubernetes, !pairs.isEmpty, pairs.count < 3 {
      throw MeshError(.usage, "an AKS cluster is named by --subscription, --resource-group and --aks-cluster")
    }
    return kind == .serviceFabric || !pairs.isEmpty ? settings : nil
  }
}
