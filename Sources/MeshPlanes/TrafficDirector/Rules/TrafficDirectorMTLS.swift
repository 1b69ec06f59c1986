import MeshModel

/// What the proxies of Traffic Director accept and what their callers prove.
///
/// Source: google-cloud-network-services 0.10.4, `EndpointPolicy` and `EndpointMatcher`: a proxy gets the policy that fits
/// the labels in its own metadata best; without one nothing that comes in is authenticated. Google does not tell which
/// labels a proxy has, so where policies for some labels say something else than what holds for the rest, the mode is not
/// known. Callers prove what the backend service's client TLS policy says.
struct TrafficDirectorMTLS: MTLSRules {
  private let snapshot: MeshSnapshot
  private let policies: [AccessPolicy]

  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    self.snapshot = snapshot
    policies = snapshot.accessPolicies.values
      .filter { $0.ref.plane == plane && $0.ref.kind == TrafficDirectorKind.endpointPolicy.rawValue }
      .sorted { $0.ref < $1.ref }
  }

  func accepted(by workload: Workload, port: Int?) -> (mode: MTLSMode, reasons: [Reason]) {
    let (accepted, reasons) = acceptance(port)
    return (accepted?.mode ?? .unset, reasons)
  }

  func verdict(client: Workload, server: Workload, service: Service, port: Int) -> MTLSVerdict {
    let (accepted, reasons) = acceptance(service.ports.first { $0.port == port }?.targetPort ?? port)
    let tls = clientTLS(service)
    let words = tls == .mutual ? "mTLS" : tls == .simple ? "TLS" : "plaintext"
    let clientReason = Reason(
      tls == nil
        ? "backend service \(service.ref.name) has no client TLS policy"
        : "callers of backend service \(service.ref.name) use TLS"
          + (tls == .mutual ? " with a certificate of their own" : " without a certificate of their own"))
    guard let accepted else {
      return MTLSVerdict(server: .unset, client: words, outcome: .unknown, reasons: reasons + [clientReason])
    }
    return MTLSVerdict(
      server: accepted.mode, client: words, outcome: accepted.outcome(with: tls), reasons: reasons + [clientReason])
  }

  /// What proxies accept on a port, where it is the same whichever policy a proxy gets; `nil` where it is not.
  private func acceptance(_ port: Int?) -> (ServerTLS?, [Reason]) {
    let fitting = policies.filter { policy in
      guard !policy.port.isEmpty else { return true }
      return port.map { policy.port.split(separator: ",").contains(Substring(String($0))) } ?? false
    }
    guard !fitting.isEmpty else {
      return (.plaintext, [Reason("no endpoint policy: calls that come in are not authenticated")])
    }
    // A policy that names the port is for it before those for all ports.
    let general = fitting.filter { $0.selector.isEmpty }
    let own = general.filter { !$0.port.isEmpty }
    let found =
      (own.isEmpty ? general : own).map { ($0, tls(of: $0)) }
      + fitting.filter { !$0.selector.isEmpty }.map { ($0, tls(of: $0)) }
    var reasons = found.map { policy, tls in
      Reason(
        "\(policy.rules.joined(separator: "; ")): "
          + (tls.map { $0.rawValue + $0.remark } ?? "its server TLS policy was not read"),
        source: ValuePointer(object: policy.ref, pointer: "/serverTlsPolicy"))
    }
    var kinds = Set(found.map { $0.1 })
    if general.isEmpty {
      kinds.insert(.plaintext)
      reasons.append(Reason("other proxies have no endpoint policy: calls that come in are not authenticated"))
    }
    if kinds.count == 1, let only = kinds.first, let only { return (only, reasons) }
    return (
      nil,
      reasons + [Reason("which endpoint policy a proxy gets is told by labels of its own, which Google does not tell")]
    )
  }

  private func tls(of policy: AccessPolicy) -> ServerTLS? {
    guard let target = policy.targets.first else { return .plaintext }
    return snapshot.accessPolicies[target].flatMap { ServerTLS(rawValue: $0.action) }
  }

  private func clientTLS(_ service: Service) -> ClientTLSMode? {
    var ref = service.ref
    ref.kind = TrafficDirectorBackendReader.clientPolicyKind
    return snapshot.destinations[ref]?.settings.tls
  }
}
