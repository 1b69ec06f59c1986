import MeshModel

/// The kinds of the Service Mesh Interface that are read.
///
/// Source: SMI 0.6.0 (split v1alpha4, specs v1alpha4, access v1alpha3; CNCF-archived in 2023) and its older versions.
enum SMIKind: String, CaseIterable {
  case trafficSplit = "trafficsplit"
  case httpRouteGroup = "httproutegroup"
  case trafficTarget = "traffictarget"

  /// The resource as the Kubernetes plane lists it.
  var resource: DialectResource {
    DialectResource(
      group: group, versions: ["v1alpha4", "v1alpha3", "v1alpha2", "v1alpha1"], plural: rawValue + "s", kind: rawValue)
  }

  private var group: String {
    switch self {
    case .trafficSplit: "split.smi-spec.io"
    case .httpRouteGroup: "specs.smi-spec.io"
    case .trafficTarget: "access.smi-spec.io"
    }
  }
}
