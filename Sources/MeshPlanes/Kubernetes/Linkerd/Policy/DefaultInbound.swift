import MeshModel

/// What a port lets in that no Server claims, or that a Server leaves to its `accessPolicy`.
///
/// Source: Linkerd, "Authorization Policy", default policies: the annotation `config.linkerd.io/default-inbound-policy` of the
/// namespace and of the pod template, and `proxy.defaultInboundPolicy` for the cluster.
enum DefaultInbound: String, CaseIterable {
  case allUnauthenticated = "all-unauthenticated"
  case allAuthenticated = "all-authenticated"
  case clusterUnauthenticated = "cluster-unauthenticated"
  case clusterAuthenticated = "cluster-authenticated"
  case deny
  /// Everybody is let in, and what would have been refused is counted.
  case audit

  static let annotation = "config.linkerd.io/default-inbound-policy"

  /// Whether only callers with a proven identity are let in.
  var needsIdentity: Bool { self == .allAuthenticated || self == .clusterAuthenticated }

  /// Whether only callers inside the cluster's networks are let in.
  var needsCluster: Bool { self == .clusterAuthenticated || self == .clusterUnauthenticated }

  /// What a caller needs, in words.
  var need: String {
    switch self {
    case .allUnauthenticated: "nothing"
    case .allAuthenticated: "an identity of the mesh"
    case .clusterUnauthenticated: "an address in the cluster's networks"
    case .clusterAuthenticated: "an identity of the mesh and an address in the cluster's networks"
    case .deny: "a policy that names it"
    case .audit: "nothing (what would be refused is counted)"
    }
  }
}

/// A default inbound policy with where it was found.
struct FoundDefault {
  /// The policy; `nil` for a word that Linkerd does not know.
  var policy: DefaultInbound?
  var word: String
  var reasons: [Reason]
}
