import MeshModel

/// The collections of network services and network security that a mesh is made of, with the members each resource has.
enum TrafficDirectorCollection: String, CaseIterable, Sendable {
  case meshes, gateways, httpRoutes, grpcRoutes, tcpRoutes, tlsRoutes, endpointPolicies
  case serverTlsPolicies, clientTlsPolicies, authorizationPolicies

  /// The name of one resource, such as `httpRoute`.
  var singular: String {
    if self == .meshes { return "mesh" }
    return rawValue.hasSuffix("ies") ? rawValue.dropLast(3) + "y" : String(rawValue.dropLast())
  }

  /// The parameter that names a resource to be made.
  var idParameter: String { singular + "Id" }

  /// Whether it belongs to network security.
  private var isSecurity: Bool { [.serverTlsPolicies, .clientTlsPolicies, .authorizationPolicies].contains(self) }

  /// The message type of a result; `nil` of a delete, which has none.
  func messageType(_ result: JSONValue) -> String? {
    guard result.object != nil else { return nil }
    return "google.cloud.\(isSecurity ? "networksecurity" : "networkservices").v1."
      + singular.prefix(1).uppercased() + singular.dropFirst()
  }

  /// The members that a request may have; others are refused, as Google refuses them.
  var members: Set<String> {
    let own: Set<String> =
      switch self {
      case .meshes: ["interceptionPort", "envoyHeaders"]
      case .gateways:
        [
          "type", "addresses", "ports", "allPorts", "scope", "serverTlsPolicy", "certificateUrls",
          "gatewaySecurityPolicy", "network", "subnetwork", "ipVersion", "envoyHeaders", "routingMode",
          "allowGlobalAccess",
        ]
      case .httpRoutes, .grpcRoutes: ["hostnames", "meshes", "gateways", "rules"]
      case .tcpRoutes: ["meshes", "gateways", "rules"]
      case .tlsRoutes: ["meshes", "gateways", "rules", "targetProxies"]
      case .endpointPolicies:
        [
          "type", "authorizationPolicy", "endpointMatcher", "trafficPortSelector", "serverTlsPolicy", "clientTlsPolicy",
        ]
      case .serverTlsPolicies: ["allowOpen", "serverCertificate", "mtlsPolicy"]
      case .clientTlsPolicies: ["sni", "clientCertificate", "serverValidationCa"]
      case .authorizationPolicies: ["action", "rules"]
      }
    return own.union(["name", "selfLink", "description", "createTime", "updateTime", "labels"])
  }

  /// The members that must be there.
  var required: [String] {
    switch self {
    case .httpRoutes, .grpcRoutes: ["hostnames", "rules"]
    case .tcpRoutes, .tlsRoutes: ["rules"]
    case .gateways: ["type"]
    case .endpointPolicies: ["type", "endpointMatcher"]
    case .authorizationPolicies: ["action"]
    default: []
    }
  }

  var isRoute: Bool { [.httpRoutes, .grpcRoutes, .tcpRoutes, .tlsRoutes].contains(self) }
}
