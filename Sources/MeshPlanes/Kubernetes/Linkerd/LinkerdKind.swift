import MeshModel

/// The kinds of Linkerd's own APIs that are read.
///
/// Source: Linkerd's custom resource definitions. HTTPRoute and AuthorizationPolicy are names of other APIs too, so these
/// are written with their group.
enum LinkerdKind: String, CaseIterable {
  case httpRoute = "httproute.policy.linkerd.io"
  case serviceProfile = "serviceprofile"
  case server
  case serverAuthorization = "serverauthorization"
  case authorizationPolicy = "authorizationpolicy.policy.linkerd.io"
  case meshTLSAuthentication = "meshtlsauthentication"
  case networkAuthentication = "networkauthentication"
  case rateLimit = "httplocalratelimitpolicy"
  case egressNetwork = "egressnetwork"
  case externalWorkload = "externalworkload"

  static let policy = "policy.linkerd.io"

  /// The resource as the Kubernetes plane lists it.
  var resource: DialectResource {
    switch self {
    case .httpRoute: Self.policy(self, "httproutes", ["v1beta3", "v1beta2", "v1beta1", "v1alpha1"])
    case .serviceProfile:
      DialectResource(
        group: "linkerd.io", versions: ["v1alpha2", "v1alpha1"], plural: "serviceprofiles", kind: rawValue)
    case .server: Self.policy(self, "servers", ["v1beta3", "v1beta2", "v1beta1", "v1alpha1"])
    case .serverAuthorization: Self.policy(self, "serverauthorizations", ["v1beta1", "v1alpha1"])
    case .authorizationPolicy: Self.policy(self, "authorizationpolicies", ["v1alpha1"])
    case .meshTLSAuthentication: Self.policy(self, "meshtlsauthentications", ["v1alpha1"])
    case .networkAuthentication: Self.policy(self, "networkauthentications", ["v1alpha1"])
    case .rateLimit: Self.policy(self, "httplocalratelimitpolicies", ["v1alpha1"])
    case .egressNetwork: Self.policy(self, "egressnetworks", ["v1alpha1"])
    case .externalWorkload:
      DialectResource(
        group: "workload.linkerd.io", versions: ["v1beta1", "v1alpha1"], plural: "externalworkloads", kind: rawValue)
    }
  }

  private static func policy(_ kind: LinkerdKind, _ plural: String, _ versions: [String]) -> DialectResource {
    DialectResource(group: policy, versions: versions, plural: plural, kind: kind.rawValue)
  }

  /// The kind that a reference in a policy means.
  static func named(_ kind: String) -> ObjectKind {
    switch kind {
    case "HTTPRoute": httpRoute.rawValue
    case "AuthorizationPolicy": authorizationPolicy.rawValue
    default: kind.lowercased()
    }
  }
}
