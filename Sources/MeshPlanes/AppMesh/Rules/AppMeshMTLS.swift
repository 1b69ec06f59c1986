import MeshModel

/// What App Mesh's listeners accept and what its clients prove.
///
/// A listener's TLS is mutual where it validates clients; a client's where its policy holds a certificate. A listener that
/// is STRICT without validation is encrypted and proves no client: it counts as no mutual TLS, and the reason says so.
struct AppMeshMTLS: MTLSRules {
  private let snapshot: MeshSnapshot
  private let listeners: [ObjectRef: [AccessPolicy]]

  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    self.snapshot = snapshot
    var listeners: [ObjectRef: [AccessPolicy]] = [:]
    for policy in snapshot.accessPolicies.values
    where policy.ref.plane == plane && policy.ref.kind == AppMeshNodeReader.listenerKind {
      guard let node = Self.node(of: policy.ref) else { continue }
      listeners[node, default: []].append(policy)
    }
    self.listeners = listeners.mapValues { $0.sorted { $0.ref < $1.ref } }
  }

  private static func node(of listener: ObjectRef) -> ObjectRef? {
    guard let colon = listener.name.lastIndex(of: ":") else { return nil }
    var ref = listener
    ref.kind = "workload"
    ref.name = String(listener.name[..<colon])
    return ref
  }

  func accepted(by workload: Workload, port: Int?) -> (mode: MTLSMode, reasons: [Reason]) {
    let own = listeners[workload.ref] ?? []
    let chosen = port.flatMap { port in own.first { $0.ref.name.hasSuffix(":\(port)") } }
    let candidates = chosen.map { [$0] } ?? own
    guard !candidates.isEmpty else { return (.disable, [Reason("the node has no listener")]) }
    let policy = MTLSPolicySource(workload: workload.ref, snapshot: snapshot)
    let reasons = candidates.map { listener in
      Reason(listener.rules.joined(separator: "; ") + (listener.kind?.remark ?? ""), source: policy.pointer)
    }
    return (candidates.map { $0.kind?.mode ?? .disable }.min(by: AppMeshListener.isWeaker) ?? .disable, reasons)
  }

  func verdict(client: Workload, server: Workload, service: Service, port: Int) -> MTLSVerdict {
    let (mode, serverReasons) = accepted(by: server, port: port)
    let own = listeners[server.ref] ?? []
    let listener = own.first { $0.ref.name.hasSuffix(":\(port)") } ?? (own.count == 1 ? own.first : nil)
    guard let kind = listener?.kind else {
      return MTLSVerdict(
        server: mode, client: "unknown", outcome: .unknown,
        reasons: serverReasons + [Reason("which listener serves port \(port) cannot be told")])
    }
    guard snapshot.workloads[client.ref] != nil else {
      return MTLSVerdict(
        server: mode, client: "unknown", outcome: .unknown,
        reasons: serverReasons + [Reason("the caller is no virtual node of this mesh")])
    }
    let tls = clientTLS(client, service: service, port: port)
    let clientReason = Reason(
      tls == nil
        ? "\(client.ref.name) enforces no TLS towards \(service.ref.name)"
        : "\(client.ref.name) enforces TLS towards \(service.ref.name)"
          + (tls == .mutual ? " and has a certificate" : " and has no certificate"))
    return MTLSVerdict(
      server: mode, client: tls == .mutual ? "mTLS" : tls == .simple ? "TLS" : "plaintext",
      outcome: kind.outcome(with: tls), reasons: serverReasons + [clientReason])
  }

  private func clientTLS(_ client: Workload, service: Service, port: Int) -> ClientTLSMode? {
    func policy(_ host: String) -> DestinationPolicy? {
      var ref = client.ref
      ref.kind = AppMeshNodeReader.clientPolicyKind
      ref.name += ":" + host.replacing("/", with: "%2F").replacing(":", with: "%3A")
      return snapshot.destinations[ref]
    }
    let settings = (policy(service.hosts.first ?? service.ref.name) ?? policy("*"))?.settings
    return settings?.ports[port] ?? settings?.tls
  }
}

/// Where in the native node a listener's settings stand.
private struct MTLSPolicySource {
  let workload: ObjectRef
  let snapshot: MeshSnapshot

  var pointer: ValuePointer {
    var ref = workload
    ref.kind = AppMeshKind.virtualNode.rawValue
    return ValuePointer(object: ref, pointer: "/spec/listeners")
  }
}

extension AccessPolicy {
  /// The kind of a listener that this was made of.
  fileprivate var kind: ServerTLS? { ServerTLS(rawValue: action) }
}
