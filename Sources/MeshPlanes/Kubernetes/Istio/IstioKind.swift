import MeshModel

/// The kinds of Istio's configuration API that are read.
///
/// Source: Istio's custom resource definitions (`crd-all.gen.yaml`): networking and security kinds are stored in `v1`;
/// `v1beta1` and, for networking, `v1alpha3` are served too, and are all that Istio 1.1 to 1.21 served. Istio 1.0 to 1.5 had
/// `authentication.istio.io/v1alpha1` for what PeerAuthentication says since.
enum IstioKind: String, CaseIterable {
  case virtualService = "virtualservice"
  case destinationRule = "destinationrule"
  case gateway
  case serviceEntry = "serviceentry"
  case workloadEntry = "workloadentry"
  case workloadGroup = "workloadgroup"
  case sidecar
  case peerAuthentication = "peerauthentication"
  case authorizationPolicy = "authorizationpolicy"
  case requestAuthentication = "requestauthentication"
  case policy = "policy.authentication.istio.io"
  case meshPolicy = "meshpolicy"

  /// The API group.
  var group: String {
    switch self {
    case .peerAuthentication, .authorizationPolicy, .requestAuthentication: Self.security
    case .policy, .meshPolicy: Self.authentication
    default: Self.networking
    }
  }

  static let networking = "networking.istio.io"
  static let security = "security.istio.io"
  static let authentication = "authentication.istio.io"

  /// The kind as objects spell it.
  var spelling: String {
    switch self {
    case .virtualService: "VirtualService"
    case .destinationRule: "DestinationRule"
    case .gateway: "Gateway"
    case .serviceEntry: "ServiceEntry"
    case .workloadEntry: "WorkloadEntry"
    case .workloadGroup: "WorkloadGroup"
    case .sidecar: "Sidecar"
    case .peerAuthentication: "PeerAuthentication"
    case .authorizationPolicy: "AuthorizationPolicy"
    case .requestAuthentication: "RequestAuthentication"
    case .policy: "Policy"
    case .meshPolicy: "MeshPolicy"
    }
  }

  /// The plural in paths.
  var plural: String {
    switch self {
    case .serviceEntry: "serviceentries"
    case .workloadEntry: "workloadentries"
    case .authorizationPolicy: "authorizationpolicies"
    case .policy: "policies"
    case .meshPolicy: "meshpolicies"
    default: rawValue + "s"
    }
  }

  /// The resource as the Kubernetes plane lists it.
  var resource: DialectResource {
    DialectResource(
      group: group, versions: versions, plural: plural, kind: rawValue, isNamespaced: self != .meshPolicy)
  }

  private var versions: [String] {
    switch group {
    case Self.security: ["v1", "v1beta1"]
    case Self.authentication: ["v1alpha1"]
    default: ["v1", "v1beta1", "v1alpha3"]
    }
  }

  /// The kind of an object by its own `apiVersion` and `kind`; `nil` where it is not one of these.
  init?(apiVersion: String, kind: String) {
    guard let found = Self.allCases.first(where: { $0.spelling == kind }), apiVersion.hasPrefix(found.group + "/")
    else {
      return nil
    }
    self = found
  }
}
