public import MeshModel
import MeshPlanes
import MeshTelemetry

/// What the proxies at both ends of a call run for its TLS, and what comes of it.
public struct ProgrammedMTLS: Sendable, Hashable {
  /// What the server's proxy takes.
  public var server: MTLSMode
  /// What the client's proxy sends: `auto`, `ISTIO_MUTUAL`, `TLS`, `plaintext` or `no proxy`.
  public var client: String
  /// What comes of the two.
  public var outcome: MTLSVerdict.Outcome
  /// The proxies that said so.
  public var proxies: [ObjectRef]

  /// What comes of what a client sends (`nil`: it has no proxy) and what a server takes (`nil`: it has no proxy).
  static func outcome(_ sends: OutboundTLS.Sends?, _ takes: InboundTLS?) -> MTLSVerdict.Outcome {
    let takes = takes ?? InboundTLS(port: nil, takesMeshTLS: false, takesPlaintext: true)
    switch sends {
    case .auto where takes.takesMeshTLS: return .mtls
    case .mesh: return takes.takesMeshTLS ? .mtls : .breaks
    case .own: return takes.takesPlaintext ? .applicationTLS : .breaks
    case .auto, .plaintext, nil: return takes.takesPlaintext ? .plaintext : .breaks
    }
  }
}

extension MeshView {
  /// What to ask proxies for the mTLS of a plane: both ends of the calls seen, then other workloads of a namespace by name;
  /// of those that may have a proxy to ask, and `limit` of them in all.
  public func tlsQuestions(plane: PlaneName, namespace: String? = nil, limit: Int = 200) -> [ProxyTLSQuestion] {
    var questions: [ObjectRef: ProxyTLSQuestion] = [:]
    var order: [ObjectRef] = []
    func ask(_ workload: ObjectRef, _ change: (inout ProxyTLSQuestion) -> Void) {
      if questions[workload] == nil {
        guard order.count < limit, snapshot.workloads[workload] != nil, snapshot.reasonNotToAsk(workload) == nil
        else { return }
        order.append(workload)
      }
      change(&questions[workload, default: ProxyTLSQuestion(workload: workload)])
    }
    for pair in mtlsMatrix(plane: plane, namespace: namespace) {
      ask(pair.server) { $0.isServer = true }
      guard let host = snapshot.services[pair.service]?.hosts.first else { continue }
      ask(pair.client) { question in
        question.hosts.insert(host)
        // Nobody may have been seen to call it, and what it takes is shown all the same.
        if pair.client.isIn(plane: plane, namespace: namespace) { question.isServer = true }
      }
    }
    // The first few of twenty thousand: each is compared with the last of those found so far, and none is sorted.
    let room = limit - order.count
    var others: [ObjectRef] = []
    for ref in snapshot.workloads.keys where room > 0 && ref.isIn(plane: plane, namespace: namespace) {
      if others.count == room, let last = others.last, last < ref { continue }
      guard questions[ref] == nil, snapshot.reasonNotToAsk(ref) == nil else { continue }
      others.insert(ref, at: others.firstIndex { ref < $0 } ?? others.endIndex)
      if others.count > room { others.removeLast() }
    }
    for ref in others { ask(ref) { $0.isServer = true } }
    return order.compactMap { questions[$0] }
  }

  /// What the proxies at both ends of a call run, or why it is not known.
  func programmedMTLS(client: Workload, server: Workload, service: Service, port: Int) -> Known<ProgrammedMTLS> {
    let plane = server.ref.plane
    guard case .known(let report, let source, let at)? = proxyTLS[plane] else {
      return .unknown(proxyTLS[plane]?.reason ?? "proxies were not asked for their TLS contexts")
    }
    var proxies: [ObjectRef] = []
    var takes: InboundTLS?
    if snapshot.readiness[server.ref]?.proxy != ProxyMode.none {
      guard let contexts = report.workloads[server.ref] else {
        return .unknown("\(server.ref.name): \(gap(of: server.ref, in: report))")
      }
      let target = service.ports.first { $0.port == port }?.targetPort ?? port
      guard let found = contexts.inbound(port: target) else {
        return .unknown("the proxy of \(server.ref.name) has no listener for port \(target)")
      }
      takes = found
      proxies.append(contexts.proxy)
    }
    var sends: OutboundTLS.Sends?
    if client.nativeKind != "unknown", snapshot.readiness[client.ref]?.proxy != ProxyMode.none {
      guard let contexts = report.workloads[client.ref] else {
        return .unknown("\(client.ref.name): \(gap(of: client.ref, in: report))")
      }
      guard let found = contexts.outbound(host: service.hosts.first ?? "", port: port) else {
        return .unknown("the proxy of \(client.ref.name) has no cluster for \(service.ref.name):\(port)")
      }
      sends = found.sends
      proxies.append(contexts.proxy)
    }
    guard !proxies.isEmpty else { return .unknown("neither end has a proxy") }
    return .known(
      ProgrammedMTLS(
        server: takes?.mode ?? .disable, client: sends?.rawValue ?? "no proxy",
        outcome: ProgrammedMTLS.outcome(sends, takes), proxies: proxies),
      source: Self.source(source, of: [server.ref, client.ref], in: report), at: at)
  }

  /// Why a report does not tell what the proxies of a workload run: of a large mesh few were asked for.
  private func gap(of workload: ObjectRef, in report: ProxyTLSReport) -> String {
    report.gaps[workload] ?? snapshot.reasonNotToAsk(workload) ?? report.otherwise
  }

  /// Whose word contexts are: the proxies' own, or their control plane's where it alone tells.
  private static func source(_ source: String, of workloads: [ObjectRef], in report: ProxyTLSReport) -> String {
    report.sent.isDisjoint(with: workloads) ? source : "the control plane's config_dump, acknowledged by proxies"
  }

  /// What a workload's proxy takes on a container port (`nil`: on those without a mode of their own), or why it is not
  /// known.
  func programmedMode(of workload: ObjectRef, port: Int?, exceptional: Set<Int>) -> Known<MTLSMode> {
    guard case .known(let report, let source, let at)? = proxyTLS[workload.plane] else {
      return .unknown(proxyTLS[workload.plane]?.reason ?? "proxies were not asked for their TLS contexts")
    }
    guard let contexts = report.workloads[workload] else {
      return .unknown(gap(of: workload, in: report))
    }
    let word = Self.source(source, of: [workload], in: report)
    if let port {
      guard let found = contexts.inbound(port: port) else {
        return .unknown("its proxy has no listener for port \(port)")
      }
      return .known(found.mode, source: word, at: at)
    }
    let own = contexts.inbound.filter { entry in entry.port.map { !exceptional.contains($0) } ?? false }
    let modes = Set((own.isEmpty ? contexts.inbound.filter { $0.port == nil } : own).map(\.mode))
    guard let only = modes.first else { return .unknown("its proxy has no inbound listener") }
    guard modes.count == 1 else {
      let ports = own.map { "\($0.port ?? 0) \($0.mode.rawValue)" }.joined(separator: ", ")
      return .unknown("its proxy differs by port: \(ports)")
    }
    return .known(only, source: word, at: at)
  }

  /// The share of what reached each workload of a plane that was mutually authenticated.
  func mtlsShares(plane: PlaneName) -> (shares: [ObjectRef: Known<Proportion>], otherwise: String) {
    guard let report = traffic(on: plane).value else {
      return ([:], traffic(on: plane).reason ?? "no telemetry source")
    }
    var sums: [ObjectRef: (secured: SecuredShare, query: String)] = [:]
    for placed in placedEdges() where placed.destination == plane {
      let edge = placed.edge
      guard edge.traffic.mtlsShare != nil else { continue }
      let ref = ObjectRef(
        plane: plane, namespace: edge.destination.namespace, kind: "workload", name: edge.destination.workload)
      sums[ref, default: (SecuredShare(), edge.traffic.query)].secured.add(edge.traffic)
    }
    let shares = sums.compactMapValues { sum in
      sum.secured.proportion.map { Known.known($0, source: sum.query, at: report.at) }
    }
    return (shares, report.gaps.first ?? "no traffic was reported by its own proxy")
  }
}
