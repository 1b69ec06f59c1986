import MeshModel

/// What Consul's sidecars accept: mutual TLS alone, unless a mode lets plaintext in too.
///
/// Source: Consul documentation, configuration entries `service-defaults` and `proxy-defaults`, `MutualTLSMode`: a service's
/// own mode goes before the proxies' default, and the default is strict. Proxies always call each other by mutual TLS, also
/// those of peers ("Cluster peering overview": mesh gateways pass the sidecars' mutual TLS on).
struct ConsulMTLS: MTLSRules {
  private let snapshot: MeshSnapshot
  private let plane: PlaneName
  private let general: MTLSPolicy?

  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    self.snapshot = snapshot
    self.plane = plane
    general =
      snapshot.mtlsPolicies[
        ConsulName(kind: .proxyDefaults, name: "global", namespace: nil).ref(plane: plane)]
  }

  func accepted(by workload: Workload, port: Int?) -> (mode: MTLSMode, reasons: [Reason]) {
    if let peer = workload.labels[ConsulPeering.peerLabel] {
      return (.strict, [Reason("it is a service of peer \(peer): calls go there by mutual TLS alone")])
    }
    let proxy = snapshot.readiness[workload.ref]?.proxy
    if proxy == ProxyMode.none {
      return (.disable, [Reason("it has no sidecar: whoever reaches its port speaks plaintext")])
    }
    let service = workload.labels[ConsulReading.serviceLabel] ?? workload.ref.name
    let own = snapshot.mtlsPolicies[
      ConsulName(kind: .serviceDefaults, name: service, namespace: workload.ref.namespace).ref(plane: plane)]
    for (policy, words) in [(own, "the service's own mode"), (general, "the mode of all proxies")] {
      guard let policy, policy.mode != .unset else { continue }
      let source = ValuePointer(object: policy.ref, pointer: "/MutualTLSMode")
      return (
        policy.mode, [Reason("\(words) is \(policy.mode == .permissive ? "permissive" : "strict")", source: source)]
      )
    }
    return (.strict, [Reason("no MutualTLSMode is set: sidecars take mutual TLS alone")])
  }

  func verdict(client: Workload, server: Workload, service: Service, port: Int) -> MTLSVerdict {
    let (mode, serverReasons) = accepted(by: server, port: port)
    let proxy = snapshot.readiness[client.ref]?.proxy
    guard let proxy else {
      return MTLSVerdict(
        server: mode, client: "unknown", outcome: .unknown,
        reasons: serverReasons + [Reason("the caller's instances are not known")])
    }
    guard mode != .disable else {
      return MTLSVerdict(server: mode, client: "plaintext", outcome: .plaintext, reasons: serverReasons)
    }
    if proxy == .none {
      let reason = Reason("\(client.ref.name) has no sidecar and speaks plaintext")
      return MTLSVerdict(
        server: mode, client: "plaintext", outcome: mode == .permissive ? .plaintext : .breaks,
        reasons: serverReasons + [reason])
    }
    return MTLSVerdict(
      server: mode, client: "mTLS", outcome: .mtls,
      reasons: serverReasons + [Reason("\(client.ref.name)'s sidecar always calls the mesh by mutual TLS")])
  }
}
