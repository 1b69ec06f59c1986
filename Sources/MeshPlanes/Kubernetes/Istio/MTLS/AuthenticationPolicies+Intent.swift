import MeshModel

extension AuthenticationPolicies {
  /// The policy an intent comes to: the one that holds at its level, with another mode; `nil` where no service leads to its
  /// workload.
  func policy(for intent: MTLSIntent, workload: Workload?) -> MTLSPolicy? {
    let kind: IstioKind = intent.scope == .mesh ? .meshPolicy : .policy
    let namespace = intent.scope == .mesh ? "" : intent.namespace
    func created(_ name: String, _ targets: [MTLSPolicy.Target]? = nil) -> MTLSPolicy {
      MTLSPolicy(
        ref: ObjectRef(plane: intent.plane, namespace: namespace, kind: kind.rawValue, name: name),
        createdAt: Instant(seconds: .greatestFiniteMagnitude), targets: targets)
    }
    switch intent.scope {
    case .mesh: return created(Self.defaultName)
    case .namespace: return namespacePolicies(namespace).first ?? created(Self.defaultName)
    case .workload, .port:
      guard let workload, let service = services(leadingTo: workload.labels, in: namespace).first else { return nil }
      let name = service.ref.name
      let own = servicePolicies(namespace, name)
      guard intent.scope == .port else {
        return own.first { $0.namesWhole(name) } ?? created(name, [MTLSPolicy.Target(service: name)])
      }
      guard let port = service.ports.first(where: { ($0.targetPort ?? $0.port) == intent.port }) else { return nil }
      return own.first { $0.names(name, port: port) }
        ?? created("\(name)-\(port.port)", [MTLSPolicy.Target(service: name, ports: [String(port.port)])])
    }
  }
}
