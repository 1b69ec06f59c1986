public import MeshModel

/// What servers accept: Istio's PeerAuthentications by scope, and the policies of Istio 1.0 to 1.5 where those count.
///
/// Source: Istio, `authn.ComposePeerAuthentication` and `model.AuthenticationPolicies` (Istio, `policy_applier.go` and `model/authentication.go`).
public struct ServerModes: Sendable {
  /// The namespace whose policies hold for the mesh.
  public let rootNamespace: String
  private let selectorless: [String: [MTLSPolicy]]
  private let selecting: [String: [MTLSPolicy]]
  /// The policies of the older API, where they count.
  let older: AuthenticationPolicies?

  /// Indexes the policies of one plane.
  public init(_ snapshot: MeshSnapshot, plane: PlaneName, settings: MeshSettings? = nil) {
    let settings = settings ?? snapshot.meshes[plane] ?? MeshSettings()
    rootNamespace = settings.rootNamespace
    older = AuthenticationPolicies(snapshot, plane: plane, version: settings.version)
    var selectorless: [String: [MTLSPolicy]] = [:]
    var selecting: [String: [MTLSPolicy]] = [:]
    for (ref, policy) in snapshot.mtlsPolicies
    where ref.plane == plane && ref.kind == IstioKind.peerAuthentication.rawValue {
      if policy.selector.isEmpty {
        selectorless[ref.namespace, default: []].append(policy)
      } else {
        selecting[ref.namespace, default: []].append(policy)
      }
    }
    self.selectorless = selectorless.mapValues(Self.oldestFirst)
    self.selecting = selecting.mapValues(Self.oldestFirst)
  }

  /// Policies by age, the oldest first; of the same age the first by name, so that the result is one and the same.
  private static func oldestFirst(_ policies: [MTLSPolicy]) -> [MTLSPolicy] {
    guard policies.count > 1 else { return policies }
    return policies.sorted { ($0.createdAt, $0.ref) < ($1.createdAt, $1.ref) }
  }

  /// The mesh-wide policies, the effective one first.
  public var meshPolicies: [MTLSPolicy] { selectorless[rootNamespace] ?? [] }

  /// The policies for all of a namespace, the effective one first; none for the root namespace, where they are
  /// mesh-wide.
  public func namespacePolicies(_ namespace: String) -> [MTLSPolicy] {
    namespace == rootNamespace ? [] : selectorless[namespace] ?? []
  }

  /// The policies that select a workload by its labels, the effective one first.
  ///
  /// A policy with a selector in the root namespace is not considered at this level.
  public func workloadPolicies(namespace: String, labels: [String: String]) -> [MTLSPolicy] {
    guard namespace != rootNamespace else { return [] }
    return (selecting[namespace] ?? []).filter { IstioHost.selects($0.selector, labels) }
  }

  /// All policies with a selector in a namespace.
  public func selectingPolicies(_ namespace: String) -> [MTLSPolicy] { selecting[namespace] ?? [] }

  /// The mode that proxies assume for a namespace when they decide what to send, and why.
  ///
  /// Workload policies are not looked at (Istio, `cluster_tls.go` and `push_context.go`, step 3).
  public func inferredMode(namespace: String) -> (mode: MTLSMode, reasons: [Reason]) {
    var mode = MTLSMode.permissive
    var reasons = [Reason("PERMISSIVE where nothing is set")]
    func take(_ policy: MTLSPolicy?, _ level: String) {
      guard let policy else { return }
      let source = ValuePointer(object: policy.ref, pointer: "/spec/mtls/mode")
      if policy.mode == .unset {
        reasons.append(
          Reason("the \(level) policy \(policy.ref.name) sets no mode: \(mode.rawValue) is inherited", source: source))
      } else {
        mode = policy.mode
        reasons.append(Reason("the \(level) policy \(policy.ref.name) sets \(policy.mode.rawValue)", source: source))
      }
    }
    take(meshPolicies.first, "mesh")
    take(namespacePolicies(namespace).first, "namespace")
    return (mode, reasons)
  }

  /// The mode that callers assume of a service's port when they decide what to send, and why.
  ///
  /// Source: Istio 1.4, `pilot/pkg/networking/core/v1alpha3/cluster.go`: by the policy of the service and port.
  func assumedMode(of service: Service, port: Int) -> (mode: MTLSMode, reasons: [Reason]) {
    if let older, older.countsAlone || !applies(to: [:], in: service.ref.namespace) {
      return older.mode(of: service, port: port)
    }
    return inferredMode(namespace: service.ref.namespace)
  }

  /// Whether any PeerAuthentication applies to a workload.
  private func applies(to labels: [String: String], in namespace: String) -> Bool {
    !meshPolicies.isEmpty || !namespacePolicies(namespace).isEmpty
      || !workloadPolicies(namespace: namespace, labels: labels).isEmpty
  }

  /// The mode by the older API, where it counts for a workload.
  private func olderMode(
    namespace: String, labels: [String: String], port: Int?
  ) -> (mode: MTLSMode, reasons: [Reason])? {
    guard let older else { return nil }
    let (mode, reasons, isSet) = older.mode(namespace: namespace, labels: labels, port: port)
    if older.countsAlone { return (mode, reasons) }
    guard isSet, !applies(to: labels, in: namespace) else { return nil }
    return (mode, [Reason("no PeerAuthentication applies, so that Istio 1.5 goes by the older API")] + reasons)
  }

  /// The mode of a workload's port, and why.
  ///
  /// - Parameter port: The container's port (not the service's); `nil` asks for the ports without a mode of their own.
  public func mode(
    namespace: String, labels: [String: String], port: Int?
  ) -> (mode: MTLSMode, reasons: [Reason]) {
    if let found = olderMode(namespace: namespace, labels: labels, port: port) { return found }
    var (mode, reasons) = inferredMode(namespace: namespace)
    func ignored(_ policies: [MTLSPolicy], _ level: String) {
      for policy in policies.dropFirst() {
        reasons.append(
          Reason(
            "the \(level) policy \(policy.ref.name) is younger and not used",
            source: ValuePointer(object: policy.ref, pointer: "/spec")))
      }
    }
    ignored(meshPolicies, "mesh")
    ignored(namespacePolicies(namespace), "namespace")
    let policies = workloadPolicies(namespace: namespace, labels: labels)
    if let policy = policies.first {
      let source = ValuePointer(object: policy.ref, pointer: "/spec/mtls/mode")
      if policy.mode == .unset {
        reasons.append(
          Reason("the workload policy \(policy.ref.name) sets no mode: \(mode.rawValue) is inherited", source: source))
      } else {
        mode = policy.mode
        reasons.append(Reason("the workload policy \(policy.ref.name) sets \(mode.rawValue)", source: source))
      }
      if let port, let own = policy.ports[port] {
        let place = ValuePointer(
          object: policy.ref, pointer: JSONPointer(["spec", "portLevelMtls", String(port), "mode"]))
        if own == .unset {
          reasons.append(Reason("port \(port) sets no mode: \(mode.rawValue) is inherited", source: place))
        } else {
          mode = own
          reasons.append(Reason("port \(port) sets \(own.rawValue)", source: place))
        }
      }
      ignored(policies, "workload")
    }
    return (mode, reasons)
  }
}
