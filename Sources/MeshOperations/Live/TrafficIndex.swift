public import MeshModel
import MeshTelemetry

/// The traffic of one plane, found by workload and by service in constant time.
public struct TrafficIndex: Sendable {
  /// A workload as telemetry names it.
  public struct WorkloadKey: Sendable, Hashable {
    let namespace: String
    let workload: String
  }

  private var inbound: [WorkloadKey: [Edge]] = [:]
  private var outbound: [WorkloadKey: [Edge]] = [:]
  private var toService: [String: [Edge]] = [:]
  private var byRoute: [RouteKey: [BackendFlow]] = [:]
  private let reporting: Set<EdgeEnd>

  private struct RouteKey: Hashable {
    let kind: ObjectKind
    let namespace: String
    let name: String
  }

  /// Indexes the traffic at a plane's workloads, whichever plane's source told of it; empty where none is known.
  public init(_ view: MeshView, plane: PlaneName) {
    reporting = view.traffic(on: plane).value?.reporting ?? []
    for placed in view.placedEdges() {
      let edge = placed.edge
      if placed.destination == plane {
        inbound[WorkloadKey(namespace: edge.destination.namespace, workload: edge.destination.workload), default: []]
          .append(edge)
        toService[Self.serviceKey(edge.destination.service, namespace: edge.destination.namespace), default: []]
          .append(edge)
      }
      if placed.source == plane {
        outbound[WorkloadKey(namespace: edge.source.namespace, workload: edge.source.workload), default: []]
          .append(edge)
      }
    }
    for flow in view.traffic(on: plane).value?.backends ?? [] {
      byRoute[RouteKey(kind: flow.routeKind, namespace: flow.namespace, name: flow.route), default: []].append(flow)
    }
  }

  /// What a route's backends got, where proxies count by route.
  func flows(of route: ObjectRef) -> [BackendFlow] {
    byRoute[RouteKey(kind: route.kind, namespace: route.namespace, name: route.name)] ?? []
  }

  /// What a service got as the backend of whatever route, where gateways count by service.
  func flows(toService name: String, namespace: String) -> [BackendFlow] {
    (byRoute[RouteKey(kind: "", namespace: namespace, name: "")] ?? []).filter { $0.backend == name }
  }

  /// The edges that end at a workload; of addresses written for a service, which no proxy names, those of the service.
  public func inbound(to workload: ObjectRef) -> [Edge] {
    if workload.kind == Service.addressesKind {
      return inbound(toHost: workload.name, namespace: workload.namespace).filter {
        $0.destination.workload.isEmpty || $0.destination.workload == "unknown"
      }
    }
    return inbound[WorkloadKey(namespace: workload.namespace, workload: workload.name)] ?? []
  }

  /// The edges that begin at a workload.
  public func outbound(from workload: ObjectRef) -> [Edge] {
    outbound[WorkloadKey(namespace: workload.namespace, workload: workload.name)] ?? []
  }

  /// Whether a workload's own proxy reported: what it does not tell of did not happen.
  func isReporting(_ workload: ObjectRef) -> Bool {
    let key = WorkloadKey(namespace: workload.namespace, workload: workload.name)
    return inbound[key]?.contains { $0.reporter == .destination || $0.reporter == .alone } == true
      || outbound[key]?.contains { $0.reporter == .source } == true
      || reporting.contains(EdgeEnd(namespace: workload.namespace, workload: workload.name))
  }

  /// Why nothing seen of what reaches a workload is not none; `nil` where its own proxy would have told of it.
  func gap(to workload: ObjectRef, proxy: ProxyMode?) -> String? {
    guard isReporting(workload) else { return HealthRow.unmeasured }
    // Whatever a sidecar takes it tells of. A gateway tells of what it sends on, and callers without a proxy of nothing.
    return proxy == .gateway && !isServer(workload) ? HealthRow.outermost : nil
  }

  /// Whether a workload's own proxy reported what reached it.
  private func isServer(_ workload: ObjectRef) -> Bool {
    inbound[WorkloadKey(namespace: workload.namespace, workload: workload.name)]?
      .contains { $0.reporter == .destination || $0.reporter == .alone } == true
  }

  /// The edges that end at a service.
  public func inbound(toHost host: String, namespace: String) -> [Edge] {
    toService[Self.serviceKey(host, namespace: namespace)] ?? []
  }

  /// The digests of the hosts at which any edge ends.
  var digestsOfHosts: Set<Int> { Set(toService.keys.lazy.map(\.hashValue)) }

  /// The digest of a host as traffic is filed under it: where no edge has it, none ends there; where one has, one may.
  static func digest(ofHost host: String, namespace: String) -> Int {
    serviceKey(host, namespace: namespace).hashValue
  }

  /// `reviews.shop` for `reviews`, `reviews.shop` and `reviews.shop.svc.cluster.local`; other hosts as they are.
  private static func serviceKey(_ host: String, namespace: String) -> String {
    let bytes = host.utf8
    guard var dot = bytes.firstIndex(of: 0x2E) else { return "\(host).\(namespace)" }
    while true {
      let rest = bytes[bytes.index(after: dot)...]
      if rest.starts(with: "svc".utf8), (rest.dropFirst(3).first ?? 0x2E) == 0x2E { return String(host[..<dot]) }
      guard let next = rest.firstIndex(of: 0x2E) else { return host }
      dot = next
    }
  }
}

/// The sum of several flows.
public struct TrafficSum: Sendable, Hashable {
  /// Requests a second.
  public var rps = 0.0
  /// The share of requests that failed, 0–1; `nil` without requests.
  public var errorRate: Double?
  /// Failed requests a second.
  public var errorsPerSecond = 0.0
  /// Latency percentiles in milliseconds: the worst of the flows at that percentile, weighted by nothing (an upper bound).
  public var p50ms: Double?
  /// The 95th percentile in milliseconds.
  public var p95ms: Double?
  /// The 99th percentile in milliseconds.
  public var p99ms: Double?
  /// Whether several flows have latencies, so that the percentiles of all together may be less than these.
  public var isLatencyBound = false
  /// The 99th percentile in milliseconds that verdicts rest on: the mean of the flows', weighted by their requests, so that no
  /// rare caller makes it; `nil` where there are too few of all together.
  public var weightedP99ms: Double?
  /// Bytes a second both ways; `nil` where not measured.
  public var bytesPerSecond: Double?
  /// Messages a second of gRPC both ways; `nil` where not measured.
  public var messagesPerSecond: Double?
  /// The share of traffic that was mutually authenticated, 0–1.
  public var mtlsShare: Double?
  /// The number of requests or connections behind the numbers.
  public var n = 0.0

  /// The least number of requests with which a 99th percentile says something.
  static let leastOfPercentile = 30.0

  /// The sum of flows.
  public init(_ flows: some Sequence<Traffic>) {
    var secured = SecuredShare()
    var latencies = 0.0
    var requests = 0.0
    for flow in flows {
      rps += flow.requestsPerSecond
      errorsPerSecond += (flow.errorRate() ?? 0) * flow.requestsPerSecond
      n += flow.n
      isLatencyBound = isLatencyBound || (p99ms != nil && flow.p99ms != nil)
      if let p99 = flow.p99ms {
        latencies += p99 * flow.n
        requests += flow.n
      }
      p50ms = Self.worst(p50ms, flow.p50ms)
      p95ms = Self.worst(p95ms, flow.p95ms)
      p99ms = Self.worst(p99ms, flow.p99ms)
      bytesPerSecond = Self.added(bytesPerSecond, flow.bytesInPerSecond, flow.bytesOutPerSecond)
      messagesPerSecond = Self.added(messagesPerSecond, flow.messagesInPerSecond, flow.messagesOutPerSecond)
      secured.add(flow)
    }
    if rps > 0 { errorRate = errorsPerSecond / rps }
    mtlsShare = secured.share
    if requests >= Self.leastOfPercentile { weightedP99ms = latencies / requests }
  }

  /// The sum of what was measured; `nil` where nothing was.
  public static func added(_ values: Double?...) -> Double? {
    let known = values.compactMap(\.self)
    return known.isEmpty ? nil : known.reduce(0, +)
  }

  private static func worst(_ left: Double?, _ right: Double?) -> Double? {
    guard let left, let right else { return left ?? right }
    return max(left, right)
  }
}
