import MeshModel
import Yams

/// A reader of Linkerd's settings: the Helm values in the ConfigMap `linkerd-config`.
///
/// Source: Linkerd's chart `linkerd-control-plane`, `templates/config.yaml` and `values.yaml`.
enum LinkerdSettings {
  static func settings(using access: any KubernetesAccess) async -> MeshSettings? {
    let ref = ObjectRef(plane: access.plane, namespace: "linkerd", kind: "configmap", name: "linkerd-config")
    guard let native = try? await access.native(ref), let text = native.json["data"]?["values"]?.string else {
      return nil
    }
    return settings(values: text)
  }

  /// Settings from the text of the values; `nil` where it cannot be read.
  static func settings(values text: String) -> MeshSettings? {
    // Only composed, never constructed: the text is foreign.
    guard let node = try? Yams.compose(yaml: text), case .mapping(let values) = node else { return nil }
    func word(_ node: Node?) -> String? { node?.scalar.flatMap { $0.string.isEmpty ? nil : $0.string } }
    var settings = MeshSettings(rootNamespace: "linkerd")
    settings.trustDomain = word(values["identityTrustDomain"]) ?? word(values["clusterDomain"]) ?? settings.trustDomain
    settings.domain = word(values["clusterDomain"]) ?? settings.domain
    settings.version = word(values["linkerdVersion"]) ?? ""
    settings.defaultInbound = word(values["proxy"]?.mapping?["defaultInboundPolicy"])
    settings.clusterNetworks = (word(values["clusterNetworks"]) ?? "").split(separator: ",").map(String.init)
    return settings
  }
}
