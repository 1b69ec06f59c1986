/// Istio's rules for mutual TLS, as the proxies of the embedded mesh apply them.
///
/// Source: Istio, `policy_applier.go` and `cluster_tls.go`. The client has an implementation of its own; the two check each other.
struct MutualTLS {
  let configuration: MeshConfiguration
  let mesh: Scenario.Mesh
  let registry: Registry

  /// What a client sends to the endpoints of a cluster.
  enum ClientMode: Sendable, Hashable {
    /// Mesh certificates where the endpoint can take them.
    case automatic
    case plaintext
    case mesh
    /// The client's own TLS, one-way or with certificates of its own.
    case own
    /// Linkerd's certificates where the endpoint has its proxy, else plaintext.
    case linkerd
  }

  /// What comes of a connection.
  enum Verdict: Sendable, Hashable {
    case mutualTLS, plaintext, broken
  }

  /// What an instance accepts on a port of its container (§4.1).
  func accepted(by instance: Instance, port: Int) -> PeerAuthentication.Mode {
    if mesh.isSOFA { return acceptedOfOld(by: instance, port: port) }
    let policies = configuration.peerAuthentications.values
    func oldest(_ matches: (PeerAuthentication) -> Bool) -> PeerAuthentication? {
      policies.filter(matches).min { ($0.created, $0.namespace, $0.name) < ($1.created, $1.namespace, $1.name) }
    }
    let root = mesh.rootNamespace
    let forMesh = oldest { $0.namespace == root && $0.selector.isEmpty }
    let forNamespace =
      instance.namespace == root
      ? nil : oldest { $0.namespace == instance.namespace && $0.selector.isEmpty }
    let forWorkload = oldest {
      $0.namespace == instance.namespace && $0.namespace != root && !$0.selector.isEmpty
        && instance.matches($0.selector)
    }
    let inherited = forWorkload?.mode ?? forNamespace?.mode ?? forMesh?.mode ?? .permissive
    return forWorkload?.portModes[port] ?? inherited
  }

  /// What a client with a proxy sends to a service port (§4.2.1 to 3).
  ///
  /// A backend TLS policy of the Gateway API is for gateways alone, and goes before a destination rule.
  func sent(
    by proxy: AppProxy, rule: DestinationRule?, service: RegistryService, port: RegistryService.Port, subset: String?
  ) -> ClientMode {
    if proxy == .gateway, configuration.hasBackendTLS(service, port: port) { return .own }
    switch rule?.mode(port: port.number, subset: subset) {
    case .disable: return .plaintext
    case .istioMutual: return .mesh
    case .simple, .mutual: return .own
    case nil: break
    }
    if service.isExternal || !mesh.autoMTLS || serviceMode(service.namespace) == .disable { return .plaintext }
    return .automatic
  }

  /// The mode of a namespace without workload policies, all that choosing a cluster's TLS looks at.
  private func serviceMode(_ namespace: String) -> PeerAuthentication.Mode {
    func oldest(_ namespace: String) -> PeerAuthentication? {
      configuration.peerAuthentications.values.filter { $0.namespace == namespace && $0.selector.isEmpty }
        .min { ($0.created, $0.name) < ($1.created, $1.name) }
    }
    return oldest(namespace)?.mode ?? oldest(mesh.rootNamespace)?.mode ?? .permissive
  }

  /// Whether an instance's endpoint carries `tlsMode=istio` (§4.2.4).
  func takesMeshTLS(_ instance: Instance, port: Int) -> Bool {
    let isKnown =
      instance.isMachine ? instance.hasProxy : instance.labels["security.istio.io/tlsMode"] == "istio"
    return instance.proxy == .ambient || (isKnown && accepted(by: instance, port: port) != .disable)
  }

  /// What comes of a connection from a client to a server (§4.3).
  static func verdict(
    _ sent: ClientMode, offered takesMeshTLS: Bool, accepted: PeerAuthentication.Mode, serverHasProxy: Bool
  ) -> Verdict {
    let usesTLS = sent == .mesh || (sent == .automatic && takesMeshTLS)
    guard serverHasProxy else { return sent == .mesh ? .broken : .plaintext }
    if usesTLS { return accepted == .disable ? .broken : .mutualTLS }
    // One-way TLS of the client's own passes for plaintext to the server's proxy, and a STRICT port refuses it.
    return accepted == .strict ? .broken : .plaintext
  }
}
