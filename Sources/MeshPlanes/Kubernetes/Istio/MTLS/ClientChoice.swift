public import MeshModel

/// What a caller's proxy sends.
public enum ClientChoice: Sendable, Hashable {
  /// Mesh TLS where the instance takes it, plaintext where not, without a word in the configuration.
  case auto
  /// The mode a DestinationRule says.
  case rule(ClientTLSMode)
  /// Plaintext, since nothing asks for more.
  case plaintext
  /// Plaintext, since the caller has no proxy.
  case unmeshed

  /// The choice in the words of ``MTLSVerdict/client``.
  public var label: String {
    switch self {
    case .auto: "auto"
    case .rule(let mode): mode.rawValue
    case .plaintext: "plaintext"
    case .unmeshed: "no proxy"
    }
  }
}

/// A caller, as far as TLS depends on it.
public struct MTLSClient: Sendable, Hashable {
  /// Its namespace.
  public var namespace: String
  /// Its labels, for DestinationRules with a `workloadSelector`.
  public var labels: [String: String]
  /// How it takes part in the mesh.
  public var proxy: ProxyMode

  /// Creates a caller.
  public init(namespace: String, labels: [String: String] = [:], proxy: ProxyMode = .sidecar) {
    self.namespace = namespace
    self.labels = labels
    self.proxy = proxy
  }
}

/// A place where a DestinationRule says what TLS to use.
struct ClientTLSSetting {
  var mode: ClientTLSMode
  var source: ValuePointer
  var place: String

  /// The TLS mode that holds for a subset and a service port, the most specific first.
  ///
  /// Source: Istio, `MergeTrafficPolicy` (Istio, `cluster_tls.go` and `push_context.go`, step 1): the subset's port, the subset, the
  /// rule's port, the rule. A port with settings of its own inherits nothing: without `tls` there it has none.
  static func find(_ policies: [DestinationPolicy], subset: String?, port: Int) -> ClientTLSSetting? {
    guard let policy = policies.first else { return nil }
    func pointer(_ object: ObjectRef, _ base: [String], _ tail: [String]) -> ValuePointer {
      ValuePointer(object: object, pointer: JSONPointer(base + tail))
    }
    if let subset,
      let (owner, found) = policies.lazy.compactMap({ policy in
        policy.subsets.first { $0.name == subset }.map { (policy, $0) }
      }).first
    {
      let base = found.pointer.tokens + ["trafficPolicy"]
      if let mode = found.settings.ports[port] {
        return ClientTLSSetting(
          mode: mode, source: pointer(owner.ref, base, ["portLevelSettings"]), place: "subset \(subset), port \(port)")
      }
      if found.settings.portsWithoutTLS.contains(port) { return nil }
      if let mode = found.settings.tls {
        return ClientTLSSetting(
          mode: mode, source: pointer(owner.ref, base, ["tls", "mode"]), place: "subset \(subset)")
      }
    }
    let base = ["spec", "trafficPolicy"]
    if let mode = policy.settings.ports[port] {
      return ClientTLSSetting(
        mode: mode, source: pointer(policy.ref, base, ["portLevelSettings"]), place: "port \(port)")
    }
    if policy.settings.portsWithoutTLS.contains(port) { return nil }
    if let mode = policy.settings.tls {
      return ClientTLSSetting(mode: mode, source: pointer(policy.ref, base, ["tls", "mode"]), place: "every port")
    }
    return nil
  }
}
