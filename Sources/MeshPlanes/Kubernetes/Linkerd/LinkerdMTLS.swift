import MeshModel

/// What Linkerd makes of calls: mTLS between meshed pods always, and policies that say who is let in.
///
/// Source: Linkerd's policy: a Server claims a port of pods; then only callers that an authorization of it lets in pass,
/// and others as its `accessPolicy` says. Ports no Server claims follow the default inbound policy.
struct LinkerdMTLS: MTLSRules {
  private let servers: [AccessPolicy]
  private let policies: [AccessPolicy]
  private let snapshot: MeshSnapshot

  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    let own = snapshot.accessPolicies.values.filter { $0.ref.plane == plane }
    servers = own.filter { $0.ref.kind == LinkerdKind.server.rawValue }.sorted { $0.ref < $1.ref }
    policies = own.filter {
      [LinkerdKind.authorizationPolicy.rawValue, LinkerdKind.serverAuthorization.rawValue].contains($0.ref.kind)
    }.sorted { $0.ref < $1.ref }
    self.snapshot = snapshot
  }

  /// The Server that claims a port of a workload.
  private func server(_ workload: Workload, _ port: Int?) -> AccessPolicy? {
    servers.first { server in
      server.ref.namespace == workload.ref.namespace && IstioHost.selects(server.selector, workload.labels)
        && (port.map { server.port == String($0) } ?? false || Int(server.port) == nil)
    }
  }

  /// The policies that let callers in by a Server.
  private func policies(of server: AccessPolicy) -> [AccessPolicy] {
    policies.filter { policy in
      policy.targets.contains { $0 == server.ref || ($0.kind == "namespace" && $0.name == server.ref.namespace) }
    }
  }

  /// Strict where only proven identities are let in; else permissive.
  func accepted(by workload: Workload, port: Int?) -> (mode: MTLSMode, reasons: [Reason]) {
    guard let server = server(workload, port) else {
      return (.permissive, [Reason("no Server claims the port: the default inbound policy holds, which lets all in")])
    }
    var reasons = [
      Reason(
        "Server \(server.ref.name): \(server.rules.joined())",
        source: ValuePointer(object: server.ref, pointer: "/spec"))
    ]
    var isStrict = !["all-unauthenticated", "cluster-unauthenticated", "audit"].contains(server.action)
    for policy in policies(of: server) {
      let needs = needs(policy)
      if needs.isEmpty { isStrict = false }
      reasons.append(
        Reason(
          "\(policy.ref.name) lets in \(needs.isEmpty ? policy.rules.joined(separator: ", ") : needs.joined(separator: ", "))",
          source: ValuePointer(object: policy.ref, pointer: "/spec")))
    }
    return (isStrict ? .strict : .permissive, reasons)
  }

  /// The identities a policy asks for; none where it asks for no identity.
  private func needs(_ policy: AccessPolicy) -> [String] {
    policy.principals + policy.requires.compactMap { snapshot.accessPolicies[$0] }.flatMap(\.principals)
  }

  /// Meshed callers use mTLS; whoever is not named by a policy of the port's Server is refused.
  func verdict(client: Workload, server: Workload, service: Service, port: Int) -> MTLSVerdict {
    let target = service.ports.first { $0.port == port }?.targetPort ?? port
    let (mode, reasons) = accepted(by: server, port: target)
    let isMeshed = [client, server].map { snapshot.readiness[$0.ref]?.proxy ?? .none != .none }
    let sent = isMeshed[0] && isMeshed[1] ? "mTLS" : "plaintext"
    func verdict(_ outcome: MTLSVerdict.Outcome, _ more: Reason...) -> MTLSVerdict {
      MTLSVerdict(server: mode, client: sent, outcome: outcome, reasons: reasons + more)
    }
    guard let claimed = self.server(server, target) else {
      return verdict(sent == "mTLS" ? .mtls : .plaintext)
    }
    let account = "\(client.ref.namespace)/\(client.serviceAccount)"
    let identity = "\(client.serviceAccount).\(client.ref.namespace).serviceaccount.identity."
    let named = policies(of: claimed).contains { policy in
      let needs = needs(policy)
      return needs.isEmpty
        || (sent == "mTLS"
          && needs.contains {
            $0 == "*" || $0 == account || $0 == "\(client.ref.namespace)/*" || $0.hasPrefix(identity)
          })
    }
    if named { return verdict(sent == "mTLS" ? .mtls : .plaintext) }
    switch claimed.action {
    case "all-unauthenticated", "cluster-unauthenticated", "audit":
      return verdict(sent == "mTLS" ? .mtls : .plaintext)
    default:
      if sent == "mTLS", ["all-authenticated", "cluster-authenticated"].contains(claimed.action) {
        return verdict(.mtls)
      }
      return verdict(.breaks, Reason("\(account) is not let in: no policy of Server \(claimed.ref.name) names it"))
    }
  }
}
