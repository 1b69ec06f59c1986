import MeshModel

extension IstioAnalysis {
  /// Problems of the policies of Istio 1.0 to 1.5, and of their meeting with DestinationRules and PeerAuthentications.
  func checkOlderPolicies(into found: inout [Finding]) {
    let policies = snapshot.mtlsPolicies.values.filter {
      $0.ref.plane == plane && AuthenticationPolicies.kinds.contains($0.ref.kind)
    }
    guard !policies.isEmpty else { return }
    guard let older = mtls.servers.older else {
      for policy in policies {
        found.append(
          Finding(
            code: "MD0506", severity: .warning, object: policy.ref, pointer: "/spec",
            message: "PeerAuthentication counts here: Istio since 1.6 does not read \(IstioKind.authentication)",
            remedy: "Say it by a PeerAuthentication, and delete this"))
      }
      return
    }
    for policy in policies {
      if policy.ref.kind == IstioKind.meshPolicy.rawValue {
        guard policy.ref.name != AuthenticationPolicies.defaultName else { continue }
        found.append(
          Finding(
            code: "MD0507", severity: .error, object: policy.ref, pointer: "/metadata/name",
            message: "only the MeshPolicy with the name default is used: this one has no effect",
            remedy: "Name it default, or delete it"))
        continue
      }
      checkOverruled(policy, older, into: &found)
      if policy.targets == nil {
        guard let first = older.namespacePolicies(policy.ref.namespace).first, first.ref != policy.ref else { continue }
        found.append(
          Finding(
            code: "MD0002", severity: .error, object: policy.ref, pointer: "/spec",
            message: "\(first.ref.name) is an older policy for all of \(policy.ref.namespace): this one has no effect",
            remedy: "Keep the one with the name default"))
      } else {
        checkTargets(policy, older, into: &found)
      }
    }
    checkCallersWithoutTLS(older, into: &found)
  }

  private func checkOverruled(_ policy: MTLSPolicy, _ older: AuthenticationPolicies, into found: inout [Finding]) {
    guard !older.countsAlone,
      let newer = mtls.servers.namespacePolicies(policy.ref.namespace).first ?? mtls.servers.meshPolicies.first
    else { return }
    found.append(
      Finding(
        code: "MD0506", severity: .warning, object: policy.ref, pointer: "/spec",
        message: "the PeerAuthentication \(newer.ref.name) in \(newer.ref.namespace) counts: this one has no effect",
        remedy: "Say it by a PeerAuthentication, and delete this"))
  }

  private func checkTargets(_ policy: MTLSPolicy, _ older: AuthenticationPolicies, into found: inout [Finding]) {
    guard knowsServices else { return }
    for (index, target) in (policy.targets ?? []).enumerated() {
      let pointer = JSONPointer(["spec", "targets", String(index)])
      let ref = ObjectRef(plane: plane, namespace: policy.ref.namespace, kind: "service", name: target.service)
      guard let service = snapshot.services[ref] else {
        found.append(
          Finding(
            code: "MD0004", severity: .warning, object: policy.ref, pointer: pointer,
            message: "there is no service \(target.service) in \(policy.ref.namespace)",
            remedy: "Name a service of the policy's namespace, by its short name"))
        continue
      }
      for name in target.ports where !service.ports.contains(where: { String($0.port) == name || $0.name == name }) {
        let ports = service.ports.map { String($0.port) }.joined(separator: ", ")
        found.append(
          Finding(
            code: "MD0004", severity: .warning, object: policy.ref, pointer: pointer,
            message: "the service \(target.service) has no port \(name)",
            remedy: "Ports here are the service's, not the containers': \(ports)"))
      }
      let rivals = older.servicePolicies(policy.ref.namespace, target.service)
      let isSame = { (other: MTLSPolicy.Target) in other.service == target.service && other.ports == target.ports }
      if let first = rivals.first(where: { $0.targets?.contains(where: isSame) ?? false }), first.ref != policy.ref {
        found.append(
          Finding(
            code: "MD0003", severity: .error, object: policy.ref, pointer: pointer,
            message: "\(first.ref.name) is older and names the same: this one has no effect there",
            remedy: "Make one policy of the two"))
      }
    }
  }

  /// Services that take mesh TLS only, where no DestinationRule lets callers use it: the classic way to break a mesh of
  /// those versions. Source: Istio 1.1, "Authentication Policy": servers by policies, clients by DestinationRules.
  private func checkCallersWithoutTLS(_ older: AuthenticationPolicies, into found: inout [Finding]) {
    guard !settings.autoMTLS, knowsInstances else { return }
    var broken: [ObjectRef: [(service: ObjectRef, port: Int)]] = [:]
    for service in snapshot.services.values where service.ref.plane == plane && !service.isExternal {
      let client = MTLSClient(namespace: service.ref.namespace)
      for port in service.ports {
        guard
          let (policy, _) = older.policy(namespace: service.ref.namespace, service: service.ref.name, port: port),
          policy.mode == .strict
        else { continue }
        let verdict = mtls.verdict(client: client, service: service, port: port.port)
        guard verdict.outcome == .breaks, verdict.client == ClientChoice.plaintext.label else { continue }
        broken[policy.ref, default: []].append((service.ref, port.port))
      }
    }
    for (ref, places) in broken {
      guard let first = places.min(by: { ($0.service, $0.port) < ($1.service, $1.port) }) else { continue }
      let more = places.count > 1 ? " and \(places.count - 1) more" : ""
      found.append(
        Finding(
          code: "MD0503", severity: .error, object: ref, pointer: "/spec/peers",
          message:
            "\(first.service.name):\(first.port)\(more) takes mesh TLS only, but no DestinationRule lets callers use it: "
            + "connections break",
          remedy: "Give callers a DestinationRule with ISTIO_MUTUAL, or set PERMISSIVE",
          equivalents: ["KIA0401", "KIA0501"]))
    }
  }
}
