/// Traffic of one kind between two workloads as one side reports it: one set of metric labels and its rate.
struct Flow: Sendable {
  enum Kind: Sendable, Hashable {
    /// Requests and connections in Istio's words.
    case request, connection
    /// Responses and connections in Linkerd's words.
    case linkerdResponse, linkerdStream
    /// What a backend of a route answered in Linkerd's words, and how long it took.
    case linkerdBackend(isGRPC: Bool), linkerdBackendTime(isGRPC: Bool)

    /// The buckets of its latencies; `nil` where none are counted.
    var buckets: Buckets? {
      switch self {
      case .request: .istio
      case .linkerdResponse: .linkerd
      case .linkerdBackendTime: .linkerdBackend
      case .connection, .linkerdStream, .linkerdBackend: nil
      }
    }
  }

  var kind: Kind
  /// The labels as exposition text prints them, without braces.
  var labels: String
  /// Requests or connections a second.
  var rate: Double
  /// The share of times up to each bucket's bound.
  var buckets: [Double]
  /// The mean time in milliseconds.
  var meanLatency: Double
  var requestBytes: Double
  var responseBytes: Double
  /// The messages of gRPC streams each way, for each request; 0 for HTTP.
  var messages: Double
  /// The connections that are open at a time.
  var open = 0.0
  /// The connections that are opened for each request.
  var openedShare = 1.0
}

/// The flows of a whole mesh: every caller's calls, followed to the end of their chains.
struct FlowSolver {
  private var solver: CallSolver
  private let apps: [String: WorkloadBehaviour]
  private let arrivals: [Scenario.Arrival]
  private let labels: FlowLabels
  private let linkerd: LinkerdLabels
  private var flows: [String: Flow] = [:]
  private var outcomes: [String: [CallOutcome]] = [:]
  /// Requests a second that each workload serves.
  private(set) var served: [String: Double] = [:]
  /// The same by who sent them, where limits of rates ask for it.
  private(set) var loads: [String: LinkerdRateLimit.Load] = [:]
  /// Connections a second that each workload's proxies refuse.
  private(set) var refused: [String: Double] = [:]
  /// Requests a second from each workload's proxies, for their own statistics.
  private(set) var upstream: [String: [UpstreamKey: Double]] = [:]

  init(_ solver: CallSolver, arrivals: [Scenario.Arrival], mesh: Scenario.Mesh) {
    self.solver = solver
    apps = solver.behaviours
    self.arrivals = arrivals
    labels = FlowLabels(mesh: mesh)
    linkerd = LinkerdLabels(trustDomain: mesh.trustDomain)
  }

  /// All flows, ordered by their labels.
  mutating func solve() -> [Flow] {
    var incoming: [String: Double] = [:]
    for arrival in arrivals {
      let outcome = solver.outcome(of: arrival.call, from: arrival.gateway, isArrival: true)
      follow(outcome, call: arrival.call, from: arrival.gateway, rate: arrival.call.rate, into: &incoming)
    }
    for (workload, app) in apps.sorted(by: { $0.key < $1.key }) {
      for (index, call) in app.calls.enumerated() where call.rate > 0 {
        follow(outcome(workload, index, call), call: call, from: workload, rate: call.rate, into: &incoming)
      }
    }
    // Waves of calls: what one wave brings to a workload makes the calls of the next. A cycle fades or is cut here.
    for _ in 0..<24 where !incoming.isEmpty {
      var next: [String: Double] = [:]
      for (workload, rate) in incoming.sorted(by: { $0.key < $1.key }) where rate > 1e-9 {
        for (index, call) in (apps[workload]?.calls ?? []).enumerated() where call.per > 0 {
          follow(outcome(workload, index, call), call: call, from: workload, rate: rate * call.per, into: &next)
        }
      }
      incoming = next
    }
    return flows.keys.sorted().compactMap { flows[$0] }
  }

  private mutating func outcome(_ workload: String, _ index: Int, _ call: Scenario.Call) -> CallOutcome {
    if let known = outcomes[workload], known.indices.contains(index) { return known[index] }
    let all = (apps[workload]?.calls ?? []).map { solver.outcome(of: $0, from: workload) }
    outcomes[workload] = all
    return all.indices.contains(index) ? all[index] : CallOutcome()
  }

  private mutating func follow(
    _ outcome: CallOutcome, call: Scenario.Call, from workload: String, rate: Double, into next: inout [String: Double]
  ) {
    guard let caller = solver.instances(workload).first else { return }
    let port = outcome.service?.port(outcome.port)
    let isConnection = port.map { !["HTTP", "HTTP2", "GRPC"].contains($0.protocol) } ?? false
    let isGRPC = port?.protocol == "GRPC"
    if caller.hasProxy {
      for part in outcome.seen where part.share > 0 {
        let text = labels.source(
          caller: caller, outcome: part, service: part.service ?? outcome.service, isGRPC: isGRPC,
          isConnection: isConnection)
        add(text, isConnection ? .connection : .request, part, call, rate * part.share, isGRPC)
      }
      for part in outcome.served where part.share > 0 && !part.cluster.isEmpty {
        let key = UpstreamKey(cluster: part.cluster, workload: part.destination?.id ?? "", isError: part.isFailure)
        upstream[workload, default: [:]][key, default: 0] += rate * part.share
      }
    }
    addCarried(outcome, of: call, from: caller, rate, isConnection: isConnection)
    if outcome.waypoint != nil {
      for part in outcome.seen where part.share > 0 {
        let text = labels.waypoint(
          caller: caller, outcome: part, service: part.service ?? outcome.service, isGRPC: isGRPC,
          isConnection: isConnection)
        add(text, isConnection ? .connection : .request, part, call, rate * part.share, isGRPC)
      }
    }
    if caller.proxy == .linkerd, let service = outcome.parent ?? outcome.service {
      for var part in outcome.seen where part.share > 0 {
        part.service = part.service ?? outcome.service
        addOutbound(part, of: call, from: caller, to: service, rate * part.share, isGRPC, isConnection)
      }
    }
    for (destination, share) in outcome.refused { refused[destination.id, default: 0] += rate * share }
    for part in outcome.served where part.share > 0 {
      guard let destination = part.destination else { continue }
      served[destination.id, default: 0] += rate * part.share
      // A refused request is answered by the proxy; the application never calls on.
      if !part.isRefused { next[destination.id, default: 0] += rate * part.share }
      if !solver.linkerd.rateLimits.isEmpty {
        let account = part.isMutualTLS ? "\(caller.namespace)/\(caller.serviceAccount)" : nil
        loads[destination.id, default: LinkerdRateLimit.Load()].add(rate * part.share, account: account)
      }
      if destination.isOfLinkerd, let service = outcome.parent ?? part.service ?? outcome.service {
        addInbound(part, of: call, from: caller, at: destination, service, rate * part.share, isGRPC, isConnection)
      }
      guard destination.hasProxy else { continue }
      let text = labels.destination(
        caller: caller, outcome: part, service: part.service ?? outcome.service, isGRPC: isGRPC,
        isConnection: isConnection)
      add(text, isConnection ? .connection : .request, part, call, rate * part.share, isGRPC)
    }
  }

  /// What the proxies of nodes count: the connections that carry calls to and from workloads in ambient mode.
  private mutating func addCarried(
    _ outcome: CallOutcome, of call: Scenario.Call, from caller: Instance, _ rate: Double, isConnection: Bool
  ) {
    let share = isConnection ? 1 : Self.connectionsPerRequest
    var carried = call
    carried.requestBytes /= share
    carried.responseBytes /= share
    let source = Destination(caller)
    if source.isAmbient, let waypoint = outcome.waypoint {
      let leg = Outcome(share: 1, code: 200, destination: waypoint, isMutualTLS: true, latency: .about(1))
      let text = labels.node("source", from: source, outcome: leg, service: outcome.service)
      add(text, .connection, leg, carried, rate * share, false)
    }
    for part in outcome.served where part.share > 0 {
      guard let destination = part.destination else { continue }
      let service = part.service ?? outcome.service
      if source.isAmbient, outcome.waypoint == nil {
        let text = labels.node("source", from: source, outcome: part, service: service)
        add(text, .connection, part, carried, rate * part.share * share, false)
      }
      if destination.isAmbient {
        let text = labels.node("destination", from: outcome.waypoint ?? source, outcome: part, service: service)
        add(text, .connection, part, carried, rate * part.share * share, false)
      }
    }
  }

  /// What a caller's proxy of Linkerd counts.
  private mutating func addOutbound(
    _ part: Outcome, of call: Scenario.Call, from caller: Instance, to service: RegistryService, _ rate: Double,
    _ isGRPC: Bool, _ isConnection: Bool
  ) {
    let authority = Self.authority(service, call)
    let stream = linkerd.outboundStream(caller, part, authority: authority)
    add(stream, .linkerdStream, part, call, rate, isGRPC)
    if !isConnection { flows[stream]?.openedShare = Self.connectionsPerRequest }
    if part.destination != nil { flows[stream]?.open = Double(solver.instances(caller.workloadID).count) }
    guard !isConnection else { return }
    add(
      linkerd.outbound(caller, part, authority: authority, isGRPC: isGRPC), .linkerdResponse, part, call, rate, isGRPC)
    guard let origin = part.origin, origin.kind != "ServiceProfile" else { return }
    add(
      linkerd.backend(caller, part, parent: service, origin: origin, isGRPC: isGRPC), .linkerdBackend(isGRPC: isGRPC),
      part, call, rate, isGRPC)
    add(
      linkerd.backendEdge(caller, part, parent: service, origin: origin), .linkerdBackendTime(isGRPC: isGRPC), part,
      call, rate, isGRPC)
  }

  /// What a server's proxy of Linkerd counts; what it does not let in is no response of the server's.
  private mutating func addInbound(
    _ part: Outcome, of call: Scenario.Call, from caller: Instance, at server: Destination, _ service: RegistryService,
    _ rate: Double, _ isGRPC: Bool, _ isConnection: Bool
  ) {
    let authority = Self.authority(service, call)
    let stream = linkerd.inboundStream(caller, part, at: server, authority: authority)
    add(stream, .linkerdStream, part, call, rate, isGRPC)
    if !isConnection { flows[stream]?.openedShare = Self.connectionsPerRequest }
    guard !isConnection, !part.isRefused else { return }
    add(
      linkerd.inbound(caller, part, at: server, authority: authority, isGRPC: isGRPC), .linkerdResponse, part, call,
      rate, isGRPC)
  }

  /// Connections are kept: so many are opened for each request.
  private static let connectionsPerRequest = 0.01

  private static func authority(_ service: RegistryService, _ call: Scenario.Call) -> String {
    "\(service.host):\(service.port(call.port)?.number ?? service.ports.first?.number ?? 0)"
  }

  private mutating func add(
    _ labels: String, _ kind: Flow.Kind, _ outcome: Outcome, _ call: Scenario.Call, _ rate: Double, _ isGRPC: Bool
  ) {
    guard rate > 0 else { return }
    let carries = outcome.code != 0 && outcome.flags != "UH" && !outcome.flags.hasPrefix("UC")
    let mean = outcome.latency.mean
    let (sent, received) = (call.requestBytes, carries ? call.responseBytes : 0)
    let limits = kind.buckets?.limits ?? []
    guard var flow = flows[labels] else {
      flows[labels] = Flow(
        kind: kind, labels: labels, rate: rate,
        buckets: limits.map { outcome.latency.share(upTo: $0) }, meanLatency: mean, requestBytes: sent,
        responseBytes: received, messages: isGRPC ? 1 : 0)
      return
    }
    let total = flow.rate + rate
    let (old, new) = (flow.rate / total, rate / total)
    for (index, limit) in limits.enumerated() {
      flow.buckets[index] = flow.buckets[index] * old + outcome.latency.share(upTo: limit) * new
    }
    flow.meanLatency = flow.meanLatency * old + mean * new
    flow.requestBytes = flow.requestBytes * old + sent * new
    flow.responseBytes = flow.responseBytes * old + received * new
    flow.rate = total
    flows[labels] = flow
  }
}

/// What a proxy counts for the endpoints of one cluster.
struct UpstreamKey: Sendable, Hashable {
  /// The cluster, `outbound|port|subset|host`.
  var cluster: String
  /// The workload of the endpoints.
  var workload: String
  /// Whether the answers were errors.
  var isError: Bool
}
