import MeshModel
import MeshTransport

/// A reader of what tells one mesh and one cluster from others, beside the mesh's configuration.
///
/// Three small reads, each of which may be denied: what is not known stays empty.
enum MeshIdentityReader {
  /// Fills in the cluster's name, its network and the roots of trust.
  ///
  /// - Parameter place: The namespace of istiod.
  static func complete(
    _ settings: MeshSettings, revision: String, in place: String = "istio-system", using access: any KubernetesAccess
  ) async -> MeshSettings {
    var settings = settings
    func ref(_ kind: ObjectKind, _ name: String, in namespace: String) -> ObjectRef {
      ObjectRef(plane: access.plane, namespace: namespace, kind: kind, name: name)
    }
    // A revision's istiod bears its name (Istio, `manifests/charts/istio-control/istio-discovery`).
    let istiod = revision.isEmpty || revision == "default" ? "istiod" : "istiod-\(revision)"
    async let deployment = try? access.native(ref("deployment", istiod, in: place))
    async let namespace = try? access.native(ref("namespace", place, in: ""))
    async let roots = try? access.native(ref("configmap", "istio-ca-root-cert", in: place))
    settings.cluster = cluster(of: await deployment?.json) ?? ""
    settings.network = await namespace?.json["metadata"]?["labels"]?["topology.istio.io/network"]?.string ?? ""
    settings.roots = certificates(await roots?.json["data"]?["root-cert.pem"]?.string ?? "")
    return settings
  }

  /// The variable `CLUSTER_ID` of istiod's container; `nil` where it is not set there.
  static func cluster(of deployment: JSONValue?) -> String? {
    let containers = deployment?["spec"]?["template"]?["spec"]?["containers"]?.array ?? []
    return containers.lazy.flatMap { $0["env"]?.array ?? [] }
      .first { $0["name"]?.string == "CLUSTER_ID" }?["value"]?.string
  }

  /// The certificates of a PEM text, each as its base64 text without line breaks.
  static func certificates(_ pem: String) -> Set<String> {
    Set(PEMText.certificates(pem).map { Base64.encode($0) })
  }
}
