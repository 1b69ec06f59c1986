import MeshModel

/// What servers accept by the API of Istio 1.0 to 1.5: Policy by service and by namespace, MeshPolicy for the mesh.
///
/// The most specific policy counts whole and inherits nothing; where there is none, a proxy takes plaintext only.
/// Sources: Istio 1.1, `pilot/pkg/model/config.go` (`AuthenticationPolicyByDestination`); Istio 1.4,
/// `pilot/pkg/model/push_context.go` (`AuthenticationPolicyForWorkload`): policies for ports before those for all of a
/// service, the oldest first. Before 1.4 the first that Pilot comes upon counts.
struct AuthenticationPolicies: Sendable {
  /// Whether PeerAuthentication is not served, so that nothing else says what servers accept.
  let countsAlone: Bool
  private var mesh: MTLSPolicy?
  private var general: [String: [MTLSPolicy]] = [:]
  private var aimed: [ServiceKey: [MTLSPolicy]] = [:]
  private let services: ServicesByLabel

  private struct ServiceKey: Hashable {
    var namespace: String
    var service: String
  }

  /// The one MeshPolicy that is used, and the one name of a Policy for a namespace. Source: Istio 1.1,
  /// `DefaultAuthenticationPolicyName`.
  static let defaultName = "default"

  /// Which API says what servers accept on a plane.
  enum Reign {
    /// PeerAuthentication alone: nothing else is served, or istiod is of 1.6 or later and reads nothing else.
    case newer
    /// PeerAuthentication where one applies to a workload, else the older policies. Source: Istio 1.5,
    /// `pilot/pkg/security/authn/v1beta1/policy_applier.go` (`shouldUseAlphaMtlsPolicy`).
    case both
    /// Policy and MeshPolicy alone.
    case older
  }

  /// Which API counts. That of a revision (`istio.io/rev`) is Istio's since 1.6, which does not read the older policies.
  static func reign(_ snapshot: MeshSnapshot, plane: PlaneName, version: String) -> Reign {
    func isServed(_ kind: IstioKind) -> Bool {
      snapshot.feeds[MeshSnapshot.FeedKey(plane: plane, kind: kind.rawValue)] != nil
    }
    func isThere(_ kinds: Set<ObjectKind>) -> Bool {
      snapshot.mtlsPolicies.keys.contains { $0.plane == plane && kinds.contains($0.kind) }
    }
    let newer: Set<ObjectKind> = [IstioKind.peerAuthentication.rawValue]
    guard isServed(.policy) || isServed(.meshPolicy) || isThere(Self.kinds) else { return .newer }
    guard isServed(.peerAuthentication) || isThere(newer) else { return .older }
    return version.isEmpty ? .both : .newer
  }

  /// The kinds of the older API.
  static let kinds: Set<ObjectKind> = [IstioKind.policy.rawValue, IstioKind.meshPolicy.rawValue]

  /// Indexes the older policies of one plane; `nil` where they do not count there.
  init?(_ snapshot: MeshSnapshot, plane: PlaneName, version: String) {
    switch Self.reign(snapshot, plane: plane, version: version) {
    case .newer: return nil
    case .both: countsAlone = false
    case .older: countsAlone = true
    }
    let policies = snapshot.mtlsPolicies.values.filter { $0.ref.plane == plane && Self.kinds.contains($0.ref.kind) }
    for policy in policies.sorted(by: { ($0.createdAt, $0.ref) < ($1.createdAt, $1.ref) }) {
      if policy.ref.kind == IstioKind.meshPolicy.rawValue {
        if policy.ref.name == Self.defaultName { mesh = policy }
      } else if let targets = policy.targets {
        for service in Set(targets.map(\.service)) {
          aimed[ServiceKey(namespace: policy.ref.namespace, service: service), default: []].append(policy)
        }
      } else {
        general[policy.ref.namespace, default: []].append(policy)
      }
    }
    services = ServicesByLabel(snapshot, plane: plane)
  }

  /// The services of a namespace that lead to a workload with labels.
  func services(leadingTo labels: [String: String], in namespace: String) -> [Service] {
    services.leading(to: labels, in: namespace)
  }

  /// The policies for all of a namespace, the effective one first.
  func namespacePolicies(_ namespace: String) -> [MTLSPolicy] { general[namespace] ?? [] }

  /// The policies that name a service, the oldest first.
  func servicePolicies(_ namespace: String, _ service: String) -> [MTLSPolicy] {
    aimed[ServiceKey(namespace: namespace, service: service)] ?? []
  }

  /// The policy that counts for a service's port (`nil`: for its ports without one of their own), and for what it is.
  func policy(namespace: String, service: String, port: ServicePort?) -> (policy: MTLSPolicy, level: String)? {
    let own = servicePolicies(namespace, service)
    if let port, let found = own.first(where: { $0.names(service, port: port) }) {
      return (found, "port \(port.port) of service \(service)")
    }
    if let found = own.first(where: { $0.namesWhole(service) }) { return (found, "service \(service)") }
    if let found = general[namespace]?.first { return (found, "namespace \(namespace)") }
    return mesh.map { ($0, "the mesh") }
  }

  /// The mode of a service's port, and why.
  func mode(of service: Service, port: Int) -> (mode: MTLSMode, reasons: [Reason]) {
    let port = service.ports.first { $0.port == port }
    return Self.result(policy(namespace: service.ref.namespace, service: service.ref.name, port: port))
  }

  /// The mode of a workload's container port (`nil`: of the ports without a policy of their own), and why; `isSet` tells
  /// whether a policy says so.
  func mode(
    namespace: String, labels: [String: String], port: Int?
  ) -> (mode: MTLSMode, reasons: [Reason], isSet: Bool) {
    let leading = services(leadingTo: labels, in: namespace)
    // Source: Istio 1.1, `buildSidecarInboundListeners`: listeners are made for the ports that services lead to.
    guard !leading.isEmpty else {
      return (.disable, [Reason("no service leads to it, and the older API reaches workloads by services only")], false)
    }
    var found: [(policy: MTLSPolicy, level: String)?] = []
    for service in leading {
      let ports = service.ports.filter { ($0.targetPort ?? $0.port) == port }
      if port != nil, ports.isEmpty { continue }
      for port in port == nil ? [ServicePort?.none] : ports.map(Optional.some) {
        found.append(policy(namespace: namespace, service: service.ref.name, port: port))
      }
    }
    guard let first = found.first else {
      return (.disable, [Reason("no service leads to port \(port ?? 0), so that no policy reaches it")], false)
    }
    var (mode, reasons) = Self.result(first)
    if let other = found.first(where: { $0.map(\.policy.mode) ?? .disable != mode }) {
      let text = other.map { "\($0.policy.ref.name) for \($0.level) says \($0.policy.mode.rawValue)" } ?? "nothing else"
      reasons.append(
        Reason("\(text): a workload behind several services goes by one of them, which Pilot does not say"))
    }
    return (mode, reasons, first != nil)
  }

  private static func result(_ found: (policy: MTLSPolicy, level: String)?) -> (mode: MTLSMode, reasons: [Reason]) {
    guard let (policy, level) = found else {
      return (.disable, [Reason("no Policy and no MeshPolicy default holds here: the proxy takes plaintext only")])
    }
    let kind = policy.ref.kind == IstioKind.meshPolicy.rawValue ? "MeshPolicy" : "Policy"
    let says =
      policy.mode == .disable ? "asks for no mTLS, so that only plaintext is taken" : "sets \(policy.mode.rawValue)"
    let source = ValuePointer(object: policy.ref, pointer: "/spec/peers")
    return (policy.mode, [Reason("\(kind) \(policy.ref.name) for \(level) \(says)", source: source)])
  }

  /// The container ports behind ports that policies name.
  var exceptionalPorts: Set<Int> {
    var ports: Set<Int> = []
    for (key, policies) in aimed {
      guard policies.contains(where: { $0.targets?.contains { !$0.ports.isEmpty } ?? false }),
        let service = services.named(key.service, in: key.namespace)
      else { continue }
      for port in service.ports where policies.contains(where: { $0.names(key.service, port: port) }) {
        ports.insert(port.targetPort ?? port.port)
      }
    }
    return ports
  }
}

extension MTLSPolicy {
  /// Whether a target names a port of a service. Source: Istio 1.1, `Port.Match`: by number or by name.
  func names(_ service: String, port: ServicePort) -> Bool {
    (targets ?? []).contains { target in
      target.service == service && target.ports.contains { $0 == String(port.port) || $0 == port.name }
    }
  }

  /// Whether a target is all of a service.
  func namesWhole(_ service: String) -> Bool {
    (targets ?? []).contains { $0.service == service && $0.ports.isEmpty }
  }
}

/// The services of a plane by namespace and one label they select by.
struct ServicesByLabel: Sendable {
  private struct Label: Hashable {
    var namespace: String
    var name: String
    var value: String
  }

  private var byLabel: [Label: [Kept<Service>]] = [:]
  private var byName: [Label: Kept<Service>] = [:]

  /// Indexes the services of one plane.
  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    for kept in snapshot.services.kept where kept.value.ref.plane == plane && !kept.value.isExternal {
      let service = kept.value
      byName[Label(namespace: service.ref.namespace, name: "", value: service.ref.name)] = kept
      guard let first = service.selector.min(by: { $0.key < $1.key }) else { continue }
      byLabel[Label(namespace: service.ref.namespace, name: first.key, value: first.value), default: []].append(kept)
    }
  }

  /// The services of a namespace that select labels, by name.
  func leading(to labels: [String: String], in namespace: String) -> [Service] {
    var found: [Service] = []
    for (name, value) in labels {
      for kept in byLabel[Label(namespace: namespace, name: name, value: value)] ?? []
      where IstioHost.selects(kept.value.selector, labels) { found.append(kept.value) }
    }
    return found.sorted { $0.ref < $1.ref }
  }

  /// The service of a name.
  func named(_ name: String, in namespace: String) -> Service? {
    byName[Label(namespace: namespace, name: "", value: name)]?.value
  }
}
