public import MeshModel

/// A source of measurements: Prometheus, or exposition text scraped here.
public protocol TelemetrySource: Sendable {
  /// Its kind and address in words, without credentials.
  var description: String { get }

  /// The traffic of the whole mesh over a window, from a bounded number of cluster-wide queries.
  ///
  /// `now` stamps the report; `window` is in seconds.
  func traffic(window: Double, plane: PlaneName) async throws(MeshError) -> TrafficReport
}

/// The traffic of a mesh over one window, with how it was come by.
public struct TrafficReport: Sendable {
  /// The edges measured, one a source, destination and reporter.
  public var edges: [Edge]
  /// The queries asked: what the screen shows for "how do you know?".
  public var queries: [QueryRecord]
  /// Why something is missing, in words; empty where nothing is.
  public var gaps: [String]
  /// The age in seconds of the newest sample behind the numbers, where known.
  public var sampleAge: Double?
  /// The window in seconds.
  public var window: Double
  /// When it was measured.
  public var at: Instant

  /// Creates a report.
  public init(
    edges: [Edge], queries: [QueryRecord], gaps: [String] = [], sampleAge: Double? = nil, window: Double, at: Instant
  ) {
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
