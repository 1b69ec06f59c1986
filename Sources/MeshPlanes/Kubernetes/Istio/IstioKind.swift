import MeshModel

/// The kinds of Istio's configuration API that are read.
///
/// Source: Istio's custom resource definitions (`crd-all.gen.yaml`): networking and security kinds are stored in `v1`;
/// `v1beta1` and, for networking, `v1alpha3` are served too, and are all that Istio 1.1 to 1.21 served.
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

  /// The API group.
  var group: String {
    switch self {
    case .peerAuthentication, .authorizationPolicy, .requestAuthentication: Self.security
    default: Self.networking
    }
  }

  static let networking = "networking.istio.io"
  static let security = "security.istio.io"

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
    }
  }

  /// The plural in paths.
  var plural: String {
    switch self {
    case .serviceEntry: "serviceentries"
    case .workloadEntry: "workloadentries"
    case .authorizationPolicy: "authorizationpolicies"
    default: rawValue + "s"
    }
  }

  /// The resource as the Kubernetes plane lists it.
  var resource: DialectResource {
    DialectResource(
      group: group,
      versions: group == Self.security ? ["v1", "v1beta1"] : ["v1", "v1beta1", "v1alpha3"],
      plural: plural, kind: rawValue)
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
