public import MeshModel

/// A source of measurements: Prometheus, or exposition text scraped here.
public protocol TelemetrySource: Sendable {
  /// Its kind and address in words, without credentials.
  var description: String { get }

  /// The seconds after a first question until a second one can be answered, where the source keeps its own history;
  /// `nil` where the first answer is whole.
  var warmUp: Double? { get }

  /// Whether somebody named it, rather than that it was looked for where nothing was named.
  var isNamed: Bool { get }

  /// The version of the server, where it tells; fails where it does not answer.
  func check() async throws(MeshError) -> String?

  /// The traffic of the whole mesh over a window, from a bounded number of cluster-wide queries.
  ///
  /// `now` stamps the report; `window` is in seconds.
  func traffic(window: Double, plane: PlaneName) async throws(MeshError) -> TrafficReport

  /// Requests and failures a second of a flow over a span of seconds that ends now, for a sparkline.
  ///
  /// The step is a wish: a source widens it to what it can answer, see ``TrafficHistory/step``.
  func history(of flow: FlowSelector, span: Double, step: Double) async throws(MeshError) -> TrafficHistory

  /// Why there is no data for a flow, in one sentence for the place where its numbers would be.
  func reasonForNoData(of flow: FlowSelector, window: Double) async throws(MeshError) -> String
}

/// What a flow is picked by: the service called, or the workload that serves; empty parts match everything.
public struct FlowSelector: Sendable, Hashable {
  /// The namespace of the destination.
  public var namespace: String
  /// The name of the service called.
  public var service: String
  /// The workload that serves.
  public var workload: String
  /// The workload that calls.
  public var sourceWorkload: String

  /// Creates a selector.
  public init(namespace: String = "", service: String = "", workload: String = "", sourceWorkload: String = "") {
    self.namespace = namespace
    self.service = service
    self.workload = workload
    self.sourceWorkload = sourceWorkload
  }
}

/// The course of a flow over time.
public struct TrafficHistory: Sendable {
  /// One point in time.
  public struct Point: Sendable, Hashable {
    /// When.
    public var at: Instant
    /// Requests a second.
    public var requests: Sample
    /// Failed requests a second, as the query record defines failure; absent where nothing failed.
    public var failures: Sample

    /// Creates a point.
    public init(at: Instant, requests: Sample, failures: Sample) {
      self.at = at
      self.requests = requests
      self.failures = failures
    }
  }

  /// The points in order of time; where nothing was measured there is no point.
  public var points: [Point]
  /// The seconds between points.
  public var step: Double
  /// The queries asked.
  public var queries: [QueryRecord]
  /// Why something is missing, in words.
  public var gaps: [String]

  /// Creates a history.
  public init(points: [Point], step: Double, queries: [QueryRecord], gaps: [String] = []) {
    self.points = points
    self.step = step
    self.queries = queries
    self.gaps = gaps
  }
}

extension TelemetrySource {
  /// The seconds until a second question can be answered, where the source keeps its own history.
  public var warmUp: Double? { nil }

  /// It is named, where it does not say otherwise.
  public var isNamed: Bool { true }

  /// Nothing but that there is nothing to ask before the traffic.
  public func check() async throws(MeshError) -> String? { nil }
}

/// The traffic of a mesh over one window, with how it was come by.
public struct TrafficReport: Sendable {
  /// The edges measured, one a source, destination and reporter.
  public var edges: [Edge]
  /// What backends of routes got, where proxies count by route.
  public var backends: [BackendFlow]
  /// What filters counted that understand the protocols of databases, caches and brokers.
  public var stores: [StoreTraffic] = []
  /// The workloads whose own proxies reported, beside those that edges tell of: what they counted nothing of is none.
  public var reporting: Set<EdgeEnd>
  /// The queries asked: what the screen shows for "how do you know?".
  public var queries: [QueryRecord]
  /// Why something is missing, in words; empty where nothing is.
  public var gaps: [String]
  /// The age in seconds of the newest sample behind the numbers, where known.
  public var sampleAge: Double?
  /// The seconds it took to make numbers of what was read, waiting aside; 0 where the source does not tell.
  public var work = 0.0
  /// The window in seconds.
  public var window: Double
  /// When it was measured.
  public var at: Instant

  /// Creates a report.
  public init(
    edges: [Edge], queries: [QueryRecord], gaps: [String] = [], sampleAge: Double? = nil, window: Double, at: Instant,
    backends: [BackendFlow] = [], reporting: Set<EdgeEnd> = []
  ) {
    self.backends = backends
    self.reporting = reporting
    self.edges = edges
    self.queries = queries
    self.gaps = gaps
    self.sampleAge = sampleAge
    self.window = window
    self.at = at
  }
}

/// One query asked of a telemetry source.
public struct QueryRecord: Sendable, Hashable {
  /// The identifier that ``Traffic/query`` refers to.
  public var id: String
  /// The exact query or call.
  public var text: String
  /// What it is for, in words, with the definition of what is counted.
  public var purpose: String
  /// How long it took in seconds.
  public var seconds: Double
  /// How many series it gave.
  public var series: Int

  /// Creates a record.
  public init(id: String, text: String, purpose: String, seconds: Double, series: Int) {
    self.id = id
    self.text = text
    self.purpose = purpose
    self.seconds = seconds
    self.series = series
  }
}
