public import MeshModel

/// Istio's mTLS, computed: what servers accept, what callers send, and what comes of it.
///
/// Pure over a snapshot; the policies are indexed once, so asking for thousands of pairs is cheap.
/// Source: Istio, `policy_applier.go`, `cluster_tls.go` and `push_context.go`.
public struct IstioMTLS: Sendable {
  /// The settings of the mesh.
  public let settings: MeshSettings
  /// What servers accept.
  public let servers: ServerModes
  let destinations: DestinationIndex
  let hosts: HostIndex
  let instances: InstanceIndex
  let snapshot: MeshSnapshot
  let plane: PlaneName
  /// How gateways reach Services by the Gateway API's BackendTLSPolicies.
  private let backendTLS: [String: [DestinationPolicy]]

  /// Indexes one plane of a snapshot.
  public init(_ snapshot: MeshSnapshot, plane: PlaneName, settings: MeshSettings? = nil) {
    self.init(snapshot, plane: plane, index: IstioIndex(snapshot, plane: plane, settings: settings))
  }

  /// Uses an index that was made already.
  init(_ snapshot: MeshSnapshot, plane: PlaneName, index: IstioIndex) {
    settings = index.settings
    destinations = index.destinations
    hosts = index.hosts
    instances = index.instances
    self.snapshot = snapshot
    self.plane = plane
    backendTLS = index.backendTLS
    servers = ServerModes(snapshot, plane: plane, settings: settings)
  }

  /// The mode of a workload's container port (`nil`: of the ports without a mode of their own), and why.
  public func serverMode(workload: Workload, port: Int?) -> (mode: MTLSMode, reasons: [Reason]) {
    servers.mode(namespace: workload.ref.namespace, labels: workload.labels, port: port)
  }

  /// A workload as a caller: its labels, and how most of its instances take part in the mesh.
  ///
  /// A caller that only telemetry knows of, and knows no name for, has no proxy: a proxy would have told its name.
  public func client(_ workload: Workload) -> MTLSClient {
    MTLSClient(
      namespace: workload.ref.namespace, labels: workload.labels,
      proxy: snapshot.readiness[workload.ref]?.proxy ?? (workload.nativeKind == "unknown" ? .none : .sidecar))
  }

  /// What a caller's proxy sends to a service's port, and why.
  ///
  /// Source: Istio, `cluster_tls.go` and `push_context.go`, steps 1–3.
  public func choice(
    client: MTLSClient, service: Service, port: Int, subset: String? = nil
  ) -> (choice: ClientChoice, reasons: [Reason]) {
    switch client.proxy {
    case .none: return (.unmeshed, [Reason("the caller has no proxy: it sends what the application sends")])
    case .ambient:
      let text =
        "the caller's node proxy uses mesh TLS with every instance that takes it; DestinationRules do not apply to it"
      return (service.isExternal ? .plaintext : .auto, [Reason(text)])
    case .gateway:
      if let found = backendTLS(to: service, port: port) { return found }
    case .sidecar: break
    }
    let host = hosts.canonicalHost(of: service)
    let policies = destinations.policies(
      host: host, serviceNamespace: service.ref.namespace, callerNamespace: client.namespace,
      callerLabels: client.labels)
    if let found = ClientTLSSetting.find(policies, subset: subset, port: port) {
      let text = "DestinationRule \(found.source.object.name) says \(found.mode.rawValue) for \(found.place)"
      return (.rule(found.mode), [Reason(text, source: found.source)])
    }
    var reasons = policies.map {
      Reason(
        "DestinationRule \($0.ref.name) says nothing of TLS here",
        source: ValuePointer(object: $0.ref, pointer: "/spec"))
    }
    if reasons.isEmpty { reasons = [Reason("no DestinationRule covers \(host) for callers in \(client.namespace)")] }
    if service.isExternal { return (.plaintext, reasons + [Reason("\(host) is outside the mesh: nothing is added")]) }
    guard settings.autoMTLS else {
      let text =
        servers.older == nil
        ? "auto mTLS is off in this mesh" : "auto mTLS is off: before Istio 1.5 only DestinationRules ask for mesh TLS"
      return (.plaintext, reasons + [Reason(text)])
    }
    if service.isHeadless {
      // Source: §4.2 step 3: headless and pass-through services have one mode for all instances.
      let found = instances.instances(of: service)
      if found.isEmpty {
        return (
          .plaintext, reasons + [Reason("the service has no address of its own and no instance: plaintext is assumed")]
        )
      }
      if let plain = found.first(where: { !takesMeshTLS($0, service: service, port: port) }) {
        let text = "the service has no address of its own and \(plain.ref.name) takes no mesh TLS: plaintext for all"
        return (.plaintext, reasons + [Reason(text)])
      }
      return (.auto, reasons + [Reason("the service has no address of its own and every instance takes mesh TLS")])
    }
    let inferred = servers.assumedMode(of: service, port: port)
    if inferred.mode == .disable {
      let text =
        servers.older == nil
        ? "callers assume DISABLE for namespace \(service.ref.namespace), whatever policies of single workloads say"
        : "callers send plaintext where the policy of the service asks for no mTLS"
      return (.plaintext, reasons + inferred.reasons + [Reason(text)])
    }
    return (.auto, reasons + [Reason("auto mTLS is on in this mesh")])
  }

  /// What a gateway sends where a BackendTLSPolicy says so: TLS by which the server alone proves itself.
  ///
  /// Source: Gateway API, BackendTLSPolicy: of several for one Service the one for the port, then the oldest; one that is
  /// not accepted has no effect.
  private func backendTLS(to service: Service, port: Int) -> (choice: ClientChoice, reasons: [Reason])? {
    guard let all = backendTLS["\(service.ref.namespace)/\(service.ref.name)"] else { return nil }
    let name = service.ports.first { $0.port == port }?.name
    let fitting = all.filter { policy in
      GatewayObjectReader.section(of: policy).map { $0 == name } ?? true
        && !policy.status.contains { $0["Accepted"]?.holds == false }
    }
    func rank(_ policy: DestinationPolicy) -> (Int, Instant, ObjectRef) {
      (GatewayObjectReader.section(of: policy) == nil ? 1 : 0, policy.createdAt, policy.ref)
    }
    guard let policy = fitting.min(by: { rank($0) < rank($1) }) else { return nil }
    let text =
      "BackendTLSPolicy \(policy.ref.name) has gateways begin TLS of their own: \(policy.settings.verification ?? "")"
    return (.rule(.simple), [Reason(text, source: ValuePointer(object: policy.ref, pointer: "/spec"))])
  }

  /// Whether an instance is known to callers as one that takes mesh TLS on a service's port (§4.2 step 4).
  func takesMeshTLS(_ endpoint: Endpoint, service: Service, port: Int) -> Bool {
    guard endpoint.acceptsMeshTLS, endpoint.proxy != .none else { return false }
    return accepted(endpoint, port: containerPort(of: service, port: port)).server != .mode(.disable)
  }

  /// What an instance accepts on a container port.
  func accepted(_ endpoint: Endpoint, port: Int) -> (server: EdgeRule.Server, reasons: [Reason]) {
    guard endpoint.proxy != .none else {
      return (.noProxy, [Reason("\(endpoint.ref.name) has no proxy")])
    }
    var (mode, reasons) = servers.mode(namespace: endpoint.ref.namespace, labels: endpoint.labels, port: port)
    if endpoint.proxy == .ambient, mode == .disable {
      // Source: §4.1, ambient: DISABLE is handled as PERMISSIVE there.
      mode = .permissive
      reasons.append(Reason("the node proxy cannot refuse mesh TLS: DISABLE is as PERMISSIVE in ambient mode"))
    }
    return (.mode(mode), reasons)
  }

  /// The container port behind a service's port.
  func containerPort(of service: Service, port: Int) -> Int {
    service.ports.first { $0.port == port }?.targetPort ?? port
  }
}

extension HostIndex {
  /// The full name of a service.
  public func canonicalHost(of service: Service) -> String {
    if service.ref.kind == IstioKind.serviceEntry.rawValue { return service.hosts.first ?? service.ref.name }
    return "\(service.ref.name).\(service.ref.namespace).svc.\(settings.domain)"
  }
}
