public import MeshModel

/// A call that would no longer get through, or would lose its protection, after a change.
public struct MTLSBreakage: Sendable, Hashable {
  /// The caller.
  public var client: ObjectRef
  /// The service called.
  public var service: ObjectRef
  /// The service's port.
  public var port: Int
  /// The result now.
  public var before: MTLSVerdict
  /// The result after the change.
  public var after: MTLSVerdict

  /// Creates a breakage.
  public init(client: ObjectRef, service: ObjectRef, port: Int, before: MTLSVerdict, after: MTLSVerdict) {
    self.client = client
    self.service = service
    self.port = port
    self.before = before
    self.after = after
  }
}

/// A call that is made, as telemetry or the operator knows it.
public struct MTLSCall: Sendable, Hashable {
  /// The calling workload.
  public var client: ObjectRef
  /// The service called.
  public var service: ObjectRef
  /// The service's port; `nil` stands for every port.
  public var port: Int?

  /// Creates a call.
  public init(client: ObjectRef, service: ObjectRef, port: Int? = nil) {
    self.client = client
    self.service = service
    self.port = port
  }
}

extension IstioMTLS {
  /// The calls that get through now and would break once an intent is carried out.
  ///
  /// - Parameter calls: The calls that are made, where they are known. Without them every workload is taken as a
  /// possible
  ///   caller of every service whose instances the intent concerns; that tells what could break, not what will.
  public func whatBreaks(for intent: MTLSIntent, calls: [MTLSCall]? = nil) -> [MTLSBreakage] {
    guard let changed = applying(intent) else { return [] }
    var result: [MTLSBreakage] = []
    /// The breakage of a call, without its caller.
    func breakage(_ client: MTLSClient, _ service: Service, _ port: Int) -> (before: MTLSVerdict, after: MTLSVerdict)? {
      let after = changed.verdict(client: client, service: service, port: port)
      guard after.outcome == .breaks else { return nil }
      let before = verdict(client: client, service: service, port: port)
      return before.outcome == .breaks ? nil : (before, after)
    }
    func tell(
      _ clients: [Workload], _ service: Service, _ port: Int, _ found: (before: MTLSVerdict, after: MTLSVerdict)
    ) {
      result += clients.map {
        MTLSBreakage(client: $0.ref, service: service.ref, port: port, before: found.before, after: found.after)
      }
    }
    if let calls {
      for call in calls {
        guard let client = snapshot.workloads[call.client], let service = snapshot.services[call.service] else {
          continue
        }
        for port in call.port.map({ [$0] }) ?? service.ports.map(\.port) {
          if let found = breakage(self.client(client), service, port) { tell([client], service, port, found) }
        }
      }
    } else {
      let callers = callers()
      for service in snapshot.services.values where concerns(service, intent) {
        let special = destinations.namespacesThatMatter(
          host: hosts.canonicalHost(of: service), serviceNamespace: service.ref.namespace)
        let (own, common) = split(callers) { special?.contains($0.namespace) ?? true }
        for port in service.ports.map(\.port) {
          for (client, workloads) in own {
            if let found = breakage(client, service, port) { tell(workloads, service, port, found) }
          }
          // Callers elsewhere differ only in how they take part in the mesh.
          for proxy in [ProxyMode.sidecar, .ambient, .gateway, .none] {
            guard let first = common.first(where: { $0.0.proxy == proxy }),
              let found = breakage(first.0, service, port)
            else { continue }
            for (client, workloads) in common where client.proxy == proxy { tell(workloads, service, port, found) }
          }
        }
      }
    }
    return result.sorted { ($0.client, $0.service, $0.port) < ($1.client, $1.service, $1.port) }
  }

  /// The workloads by what the result of a call depends on, so that each pair is computed once.
  private func callers() -> [(MTLSClient, [Workload])] {
    let selecting = Set(
      snapshot.destinations.values.lazy.filter { !$0.workloadSelector.isEmpty }.map(\.ref.namespace))
    var result: [MTLSClient: [Workload]] = [:]
    for workload in snapshot.workloads.values where workload.ref.plane == plane {
      var client = client(workload)
      if !selecting.contains(workload.ref.namespace) { client.labels = [:] }
      result[client, default: []].append(workload)
    }
    return result.map { ($0.key, $0.value) }
  }

  /// The callers that pass a test, and the others.
  private func split(
    _ callers: [(MTLSClient, [Workload])], _ test: (MTLSClient) -> Bool
  ) -> ([(MTLSClient, [Workload])], [(MTLSClient, [Workload])]) {
    var (left, right) = ([(MTLSClient, [Workload])](), [(MTLSClient, [Workload])]())
    for caller in callers { if test(caller.0) { left.append(caller) } else { right.append(caller) } }
    return (left, right)
  }

  /// Whether an intent's scope covers an instance of a service.
  private func concerns(_ service: Service, _ intent: MTLSIntent) -> Bool {
    guard service.ref.plane == plane, !service.isExternal else { return false }
    switch intent.scope {
    case .mesh: return true
    case .namespace: return service.ref.namespace == intent.namespace
    case .workload, .port:
      guard service.ref.namespace == intent.namespace, !service.selector.isEmpty else { return false }
      return workload(intent).map { IstioHost.selects(service.selector, $0.labels) } ?? false
    }
  }

  /// The workload an intent names.
  func workload(_ intent: MTLSIntent) -> Workload? {
    snapshot.workloads.values.filter {
      $0.ref.plane == plane && $0.ref.namespace == intent.namespace && $0.ref.name == intent.workload
    }.min { $0.ref < $1.ref }
  }

  /// The mTLS of the mesh as it would be once an intent is carried out; `nil` where its workload is not known.
  public func applying(_ intent: MTLSIntent) -> IstioMTLS? {
    var changed = snapshot
    if let older = servers.older, older.countsAlone {
      guard var policy = older.policy(for: intent, workload: workload(intent)) else { return nil }
      policy.mode = intent.mode
      changed.apply(intent.mode == .unset ? .remove(policy.ref) : .upsert(.mtlsPolicy(policy)))
      return IstioMTLS(changed, plane: plane, settings: settings)
    }
    let namespace = intent.scope == .mesh ? settings.rootNamespace : intent.namespace
    func created(_ selector: [String: String]) -> MTLSPolicy {
      let ref = ObjectRef(
        plane: plane, namespace: namespace, kind: IstioKind.peerAuthentication.rawValue,
        name: intent.workload.isEmpty ? "default" : intent.workload)
      return MTLSPolicy(ref: ref, selector: selector, createdAt: Instant(seconds: .greatestFiniteMagnitude))
    }
    var policy: MTLSPolicy
    switch intent.scope {
    case .mesh: policy = servers.meshPolicies.first ?? created([:])
    case .namespace: policy = servers.namespacePolicies(namespace).first ?? created([:])
    case .workload, .port:
      guard let workload = workload(intent) else { return nil }
      policy =
        servers.workloadPolicies(namespace: namespace, labels: workload.labels).first
        ?? created(WorkloadSelector.labels(for: workload, in: snapshot))
    }
    if intent.scope == .port, let port = intent.port {
      policy.ports[port] = intent.mode == .unset ? nil : intent.mode
    } else {
      policy.mode = intent.mode
    }
    changed.apply(.upsert(.mtlsPolicy(policy)))
    return IstioMTLS(changed, plane: plane, settings: settings)
  }
}

/// The labels that tell one workload from the others of its namespace.
enum WorkloadSelector {
  /// The fewest customary labels that select this workload and, if possible, no other.
  static func labels(for workload: Workload, in snapshot: MeshSnapshot) -> [String: String] {
    let others = snapshot.workloads.values.filter {
      $0.ref.plane == workload.ref.plane && $0.ref.namespace == workload.ref.namespace && $0.ref != workload.ref
    }
    let customary = [
      ["app"], ["app.kubernetes.io/name"], ["app", "version"],
      ["app.kubernetes.io/name", "app.kubernetes.io/instance"],
    ]
    for names in customary {
      var selector: [String: String] = [:]
      for name in names { selector[name] = workload.labels[name] }
      guard selector.count == names.count else { continue }
      if !others.contains(where: { IstioHost.selects(selector, $0.labels) }) { return selector }
    }
    return workload.labels.filter { !changing.contains($0.key) }
  }

  /// Labels that a rollout changes, or that injection adds.
  private static let changing: Set<String> = [
    "pod-template-hash", "controller-revision-hash", "rollouts-pod-template-hash", "security.istio.io/tlsMode",
    "service.istio.io/canonical-name", "service.istio.io/canonical-revision", "istio.io/rev",
    "sidecar.istio.io/inject", "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index",
  ]
}
