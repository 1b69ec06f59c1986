/// What telemetry measured of a flow over one window.
///
/// Every number is over the same `window`; a number that the source could not give is `nil`, never zero.
public struct Traffic: Sendable, Hashable {
  /// Requests a second by response class: `2xx`, `3xx`, `4xx`, `5xx`, `grpc-error`, `no-response`.
  public var rates: [ResponseClass: Double]
  /// Latency in milliseconds at the 50th, 95th and 99th percentile.
  public var p50ms: Double?
  /// The 95th percentile in milliseconds.
  public var p95ms: Double?
  /// The 99th percentile in milliseconds.
  public var p99ms: Double?
  /// Bytes a second to the destination.
  public var bytesInPerSecond: Double?
  /// Bytes a second back to the source.
  public var bytesOutPerSecond: Double?
  /// Messages a second of gRPC requests, streams counted message by message.
  public var messagesInPerSecond: Double?
  /// Messages a second of gRPC responses.
  public var messagesOutPerSecond: Double?
  /// The share of traffic that was mutually authenticated, 0–1.
  public var mtlsShare: Double?
  /// The number of requests (or connections, for TCP) the numbers rest on.
  public var n: Double
  /// The window in seconds.
  public var window: Double
  /// When it was measured.
  public var at: Instant
  /// The identifier of the queries in the report that gave it.
  public var query: String

  /// The classes of answer.
  public enum ResponseClass: String, Sendable, Hashable, CaseIterable {
    case informational = "1xx"
    case success = "2xx"
    case redirect = "3xx"
    case clientError = "4xx"
    case serverError = "5xx"
    case grpcError = "grpc-error"
    case noResponse = "no-response"
  }

  /// Creates a measurement.
  public init(
    rates: [ResponseClass: Double] = [:], p50ms: Double? = nil, p95ms: Double? = nil, p99ms: Double? = nil,
    bytesInPerSecond: Double? = nil, bytesOutPerSecond: Double? = nil, messagesInPerSecond: Double? = nil,
    messagesOutPerSecond: Double? = nil, mtlsShare: Double? = nil, n: Double = 0, window: Double, at: Instant,
    query: String = ""
  ) {
    self.rates = rates
    self.p50ms = p50ms
    self.p95ms = p95ms
    self.p99ms = p99ms
    self.bytesInPerSecond = bytesInPerSecond
    self.bytesOutPerSecond = bytesOutPerSecond
    self.messagesInPerSecond = messagesInPerSecond
    self.messagesOutPerSecond = messagesOutPerSecond
    self.mtlsShare = mtlsShare
    self.n = n
    self.window = window
    self.at = at
    self.query = query
  }

  /// Requests a second over all classes.
  public var requestsPerSecond: Double { rates.values.reduce(0, +) }

  /// The classes that count as an error: 5xx, gRPC errors and requests without an answer. Other tools have other ones, so
  /// it is stated where errors are explained.
  private static let failures: Set<ResponseClass> = [.serverError, .grpcError, .noResponse]

  /// The share of requests that failed, 0–1, or `nil` without requests.
  public func errorRate() -> Double? {
    let total = requestsPerSecond
    guard total > 0 else { return nil }
    return rates.filter { Self.failures.contains($0.key) }.values.reduce(0, +) / total
  }
}

/// One end of an edge as telemetry names it.
public struct EdgeEnd: Sendable, Hashable {
  /// The namespace; empty where unknown.
  public var namespace: String
  /// The workload; empty where unknown.
  public var workload: String
  /// The service called; empty at the source end.
  public var service: String
  /// The version label (canonical revision); empty where unknown.
  public var version: String
  /// The cluster; empty where unknown.
  public var cluster: String

  /// Creates an end.
  public init(namespace: String, workload: String, service: String = "", version: String = "", cluster: String = "") {
    self.namespace = namespace
    self.workload = workload
    self.service = service
    self.version = version
    self.cluster = cluster
  }
}

/// A flow from a workload to a service and the workload that served it.
public struct Edge: Sendable, Hashable {
  /// Which proxy reported it.
  public enum Reporter: String, Sendable, Hashable {
    case source, destination, waypoint, sink
    /// The destination, of a flow that no proxy of the caller's reports: it goes beside what sources report.
    case alone
  }

  /// The plane it was measured on.
  public var plane: PlaneName
  /// Where the traffic comes from.
  public var source: EdgeEnd
  /// Where it goes.
  public var destination: EdgeEnd
  /// The protocol: `http`, `grpc` or `tcp`.
  public var transport: String
  /// Which proxy reported it.
  public var reporter: Reporter
  /// The measurement.
  public var traffic: Traffic
  /// How the connections behind it are protected, where the proxies tell.
  @Rare public var security: EdgeSecurity?

  /// Creates an edge.
  public init(
    plane: PlaneName, source: EdgeEnd, destination: EdgeEnd, transport: String, reporter: Reporter, traffic: Traffic,
    security: EdgeSecurity? = nil
  ) {
    self.security = security
    self.plane = plane
    self.source = source
    self.destination = destination
    self.transport = transport
    self.reporter = reporter
    self.traffic = traffic
  }
}

/// How the open connections of an edge are protected, as the caller's proxies tell.
public struct EdgeSecurity: Sendable, Hashable {
  /// The identities that servers proved, in order; none where no connection is protected.
  public var serverIdentities: [String]
  /// Why connections are not protected, one word a reason, with the number of connections open for it.
  public var plain: [String: Double]

  /// Creates a description.
  public init(serverIdentities: [String], plain: [String: Double]) {
    self.serverIdentities = serverIdentities
    self.plain = plain
  }
}
