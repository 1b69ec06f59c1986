import MeshModel

/// The kinds of the Gateway API that are read.
///
/// Source: Gateway API 1.6.1, standard channel. `gateway` and `service` are names of other APIs too, so the kind of a
/// Gateway is written with its group, as kubectl takes it.
enum GatewayAPIKind: String, CaseIterable {
  case httpRoute = "httproute"
  case grpcRoute = "grpcroute"
  case tlsRoute = "tlsroute"
  case tcpRoute = "tcproute"
  case gateway = "gateway.gateway.networking.k8s.io"
  case referenceGrant = "referencegrant"
  case listenerSet = "listenerset"
  case backendTLSPolicy = "backendtlspolicy"

  static let group = "gateway.networking.k8s.io"

  /// The resource as the Kubernetes plane lists it.
  var resource: DialectResource {
    DialectResource(group: Self.group, versions: versions, plural: plural, kind: rawValue)
  }

  private var plural: String {
    switch self {
    case .gateway: "gateways"
    case .backendTLSPolicy: "backendtlspolicies"
    default: rawValue + "s"
    }
  }

  private var versions: [String] {
    switch self {
    case .httpRoute, .gateway: ["v1", "v1beta1"]
    case .grpcRoute: ["v1", "v1alpha2"]
    case .tlsRoute: ["v1", "v1alpha3", "v1alpha2"]
    case .tcpRoute: ["v1", "v1alpha2"]
    case .referenceGrant: ["v1", "v1beta1"]
    case .listenerSet: ["v1"]
    case .backendTLSPolicy: ["v1", "v1alpha3"]
    }
  }
}
