public import MeshModel
public import MeshPlanes
import MeshTelemetry

/// One cell of the client × server matrix: policy, programmed and observed for a pair.
public struct MTLSPair: Sendable, Hashable {
  /// The calling workload.
  public var client: ObjectRef
  /// The workload called.
  public var server: ObjectRef
  /// The service called.
  public var service: ObjectRef
  /// The service port called.
  public var port: Int
  /// What policy makes of it.
  public var policy: MTLSVerdict
  /// What the proxies at both ends run.
  public var programmed: Known<ProgrammedMTLS> = .unknown("proxies were not asked for their TLS contexts")
  /// What telemetry saw: the share that was mutually authenticated and the connections or requests it rests on.
  public var observed: Known<Proportion>
  /// What flows between the two.
  public var traffic: TrafficSum

  /// Requests a second between the two.
  public var rps: Double { traffic.rps }

  /// Whether policy and traffic disagree or the pair breaks.
  public var needsAttention: Bool {
    if policy.outcome == .breaks || isProgrammedOtherwise { return true }
    guard let share = observed.value?.share else { return false }
    switch policy.outcome {
    case .mtls: return share < 0.99
    case .plaintext: return share > 0.01
    default: return false
    }
  }

  /// Whether the proxies run something that does not come to what policy says.
  public var isProgrammedOtherwise: Bool {
    guard let programmed = programmed.value, policy.outcome != .unknown else { return false }
    return programmed.outcome != policy.outcome
  }

  /// What the truths come to, in words.
  public var verdict: String {
    switch policy.outcome {
    case .breaks where isProgrammedOtherwise:
      return "BREAKS once proxies take it: they run \(programmed.value?.outcome.rawValue ?? "")"
    case .breaks: return "BREAKS"
    case _ where isProgrammedOtherwise:
      return "policy says \(policy.outcome.rawValue), proxies run \(programmed.value?.outcome.rawValue ?? "")"
    case .mtls where needsAttention: return "policy says mTLS, traffic is not"
    case .plaintext where needsAttention: return "policy says plaintext, traffic is mTLS"
    case .mtls where policy.server == .permissive: return "could be STRICT"
    default: return "ok"
    }
  }
}

/// What one workload accepts.
public struct MTLSRow: Sendable, Hashable {
  /// The workload.
  public var workload: ObjectRef
  /// The container port, or `nil` for all ports without a setting of their own.
  public var port: Int?
  /// The mode by policy.
  public var mode: MTLSMode
  /// The mode its proxy runs.
  public var programmed: Known<MTLSMode> = .unknown("proxies were not asked for their TLS contexts")
  /// The share of what reached the workload that was mutually authenticated.
  public var observed: Known<Proportion> = .unknown("no telemetry source")
  /// Why.
  public var reasons: [Reason]
}

extension MeshView {
  /// What every workload accepts, with a row of its own for each port that differs.
  public func mtlsRows(plane: PlaneName? = nil, namespace: String? = nil) -> [MTLSRow] {
    var rows: [MTLSRow] = []
    for name in Set(snapshot.workloads.keys.map(\.plane)).sorted() where plane == nil || plane == name {
      guard let mtls = mtlsRules(plane: name) else { continue }
      var ports: [ObjectRef: Set<Int>] = [:]
      for policy in snapshot.mtlsPolicies.values where policy.ref.plane == name && !policy.ports.isEmpty {
        ports[policy.ref] = Set(policy.ports.keys)
      }
      let (shares, otherwise) = mtlsShares(plane: name)
      let exceptional = Set(ports.values.flatMap(\.self)).union(mtls.exceptionalPorts).sorted()
      for workload in snapshot.workloads.values where workload.ref.isIn(plane: name, namespace: namespace) {
        let base = mtls.accepted(by: workload, port: nil)
        let own = Set(exceptional.filter { mtls.accepted(by: workload, port: $0).mode != base.mode })
        rows.append(
          MTLSRow(
            workload: workload.ref, port: nil, mode: base.mode,
            programmed: programmedMode(of: workload.ref, port: nil, exceptional: own),
            observed: shares[workload.ref] ?? .unknown(otherwise), reasons: base.reasons))
        for port in exceptional {
          let own = mtls.accepted(by: workload, port: port)
          if own.mode != base.mode {
            rows.append(
              MTLSRow(
                workload: workload.ref, port: port, mode: own.mode,
                programmed: programmedMode(of: workload.ref, port: port, exceptional: []),
                observed: .unknown("metrics name no port"), reasons: own.reasons))
          }
        }
      }
    }
    return rows.sorted { ($0.workload, $0.port ?? -1) < ($1.workload, $1.port ?? -1) }
  }

  /// The pairs that really talk (as telemetry saw them), disagreements first.
  public func mtlsMatrix(plane: PlaneName? = nil, namespace: String? = nil) -> [MTLSPair] {
    var pairs: [MTLSPair] = []
    let placed = placedEdges()
    // Of all workloads and services, which seldom need to be gone through.
    lazy var workloads = WorkloadIndex(snapshot)
    for status in planes where plane == nil || plane == status.plane.name {
      let name = status.plane.name
      guard let mtls = mtlsRules(plane: name), let report = traffic(on: name).value else { continue }
      lazy var others = Dictionary(
        snapshot.services.values.filter { $0.ref.plane == name }.map { ("\($0.ref.namespace)/\($0.ref.name)", $0) },
        uniquingKeysWith: { first, _ in first })
      func service(_ key: PairKey) -> Service? {
        let ref = ObjectRef(
          plane: name, namespace: key.destinationNamespace, kind: "service", name: key.serviceName)
        return snapshot.services[ref] ?? others["\(ref.namespace)/\(ref.name)"]
      }
      var grouped: [PairKey: [Edge]] = [:]
      for placed in placed where placed.destination == name {
        grouped[PairKey(placed), default: []].append(placed.edge)
      }
      for (key, edges) in grouped {
        guard namespace == nil || namespace == key.destinationNamespace || namespace == key.sourceNamespace,
          let service = service(key)
        else { continue }
        let client = workload(key.sourceNamespace, key.source, plane: key.sourcePlane)
        let servers =
          key.destination.isEmpty || key.destination == "unknown"
          ? self.workloads(of: service, workloads)
          : snapshot.workloads[
            ObjectRef(plane: name, namespace: key.destinationNamespace, kind: "workload", name: key.destination)
          ].map { [$0] } ?? []
        for server in servers {
          pairs.append(
            pair(client: client, server: server, service: service, edges: edges, mtls: mtls, gap: report.gaps.first))
        }
      }
    }
    return pairs.sorted {
      ($0.needsAttention ? 0 : 1, $0.server, $0.client, $0.port) < (
        $1.needsAttention ? 0 : 1, $1.server, $1.client, $1.port
      )
    }
  }

  /// The callers that would no longer get through if a plane's policies were those of another snapshot.
  public func breaks(with changed: MeshSnapshot, plane: PlaneName) -> [MTLSPair] {
    var after = self
    after.snapshot = changed
    guard let rules = after.mtlsRules(plane: plane) else { return [] }
    return mtlsMatrix(plane: plane).compactMap { pair in
      guard pair.policy.outcome != .breaks, let server = changed.workloads[pair.server],
        let service = changed.services[pair.service]
      else { return nil }
      var pair = pair
      let client = after.workload(pair.client.namespace, pair.client.name, plane: pair.client.plane)
      pair.policy = rules.verdict(client: client, server: server, service: service, port: pair.port)
      return pair.policy.outcome == .breaks ? pair : nil
    }
  }

  /// The mTLS rules of a plane: those of the dialect that has any; where two meshes share it, of each workload's own.
  public func mtlsRules(plane: PlaneName) -> (any MTLSRules)? {
    let linkerd = LinkerdDialect.isServed(on: plane, in: snapshot) ? rules[plane]?[.linkerd] : nil
    if let linkerd, LinkerdDialect.isTheMesh(of: plane, in: snapshot) {
      return linkerd.mtls(in: snapshot, plane: plane)
    }
    let platforms: [Dialect] = [.appMesh, .trafficDirector, .serviceFabric, .consul]
    let own = (rules[plane]?[.istio] ?? platforms.lazy.compactMap { rules[plane]?[$0] }.first)?
      .mtls(in: snapshot, plane: plane)
    guard let linkerd, let own else { return own }
    let members = LinkerdDialect.members(of: plane, in: snapshot)
    guard !members.isEmpty else { return own }
    return SharedPlaneMTLS(members: members, inside: linkerd.mtls(in: snapshot, plane: plane), outside: own)
  }

  private func pair(
    client: Workload, server: Workload, service: Service, edges: [Edge], mtls: any MTLSRules, gap: String?
  ) -> MTLSPair {
    var secured = SecuredShare()
    for edge in edges { secured.add(edge.traffic) }
    let query = edges.first { $0.traffic.mtlsShare != nil }?.traffic.query
    let observed: Known<Proportion> =
      secured.proportion.map { .known($0, source: query ?? "", at: at) }
      ?? .unknown(gap ?? "no report from the destination")
    let (port, policy) = likeliestPort(of: service, edges, observed) { port in
      mtls.verdict(client: client, server: server, service: service, port: port)
    }
    return MTLSPair(
      client: client.ref, server: server.ref, service: service.ref, port: port, policy: policy,
      programmed: programmedMTLS(client: client, server: server, service: service, port: port), observed: observed,
      traffic: TrafficSum(edges.countedOnce().map(\.traffic)))
  }

  /// The port that was called, as far as it can be told: metrics name no port, so of the ports that speak the protocol
  /// the first whose policy agrees with what was seen, else the first.
  private func likeliestPort(
    of service: Service, _ edges: [Edge], _ observed: Known<Proportion>, _ verdict: (Int) -> MTLSVerdict
  ) -> (port: Int, policy: MTLSVerdict) {
    let speaking = service.ports.filter { $0.appProtocol == edges.first?.transport }
    let candidates = (speaking.isEmpty ? service.ports : speaking).map { ($0.port, verdict($0.port)) }
    guard let first = candidates.first else { return (0, verdict(0)) }
    guard let share = observed.value?.share else { return first }
    return candidates.first { share > 0.5 ? $0.1.outcome == .mtls : $0.1.outcome == .plaintext } ?? first
  }

  private func workload(_ namespace: String, _ name: String, plane: PlaneName) -> Workload {
    let ref = ObjectRef(plane: plane, namespace: namespace, kind: "workload", name: name)
    return snapshot.workloads[ref] ?? Workload(ref: ref, labels: [:], nativeKind: "unknown")
  }
}

private struct PairKey: Hashable {
  let sourcePlane: PlaneName
  let sourceNamespace: String
  let source: String
  let destinationNamespace: String
  let destination: String
  let serviceName: String

  init(_ placed: PlacedEdge) {
    let edge = placed.edge
    sourcePlane = placed.source
    let isKnown = !edge.source.workload.isEmpty && edge.source.workload != "unknown"
    sourceNamespace = isKnown ? edge.source.namespace : ""
    source = isKnown ? edge.source.workload : "unknown"
    let parts = edge.destination.service.split(separator: ".").map(String.init)
    serviceName = parts.first ?? edge.destination.service
    destinationNamespace = parts.count > 1 && parts.contains("svc") ? parts[1] : edge.destination.namespace
    destination = edge.destination.workload
  }
}
