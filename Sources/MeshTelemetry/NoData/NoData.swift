/// The reasons why a row has no numbers, from evidence that is cheap to gather.
public enum NoData {
  /// What was counted.
  public struct Evidence: Sendable, Hashable {
    /// Series of Istio's requests in the whole mesh.
    public var allSeries: Int
    /// Series of requests that have the label that tells the service called; `nil` where that was not asked.
    public var labelledSeries: Int?
    /// Scrapes made so far, where they are made here.
    public var scrapes: Int?
    /// Series of requests of the flow, by who reported them.
    public var flowSeriesByReporter: [String: Int]
    /// Series of requests of the flow with at least two samples in the window; `nil` where that was not asked.
    public var flowSeriesInWindow: Int?
    /// Series of TCP of the flow.
    public var tcpSeries: Int
    /// Seconds since the newest sample of any proxy, where there was one in the last hour.
    public var newestAge: Double?
    /// The window in seconds.
    public var window: Double

    /// Creates evidence.
    public init(
      allSeries: Int, labelledSeries: Int? = nil, scrapes: Int? = nil, flowSeriesByReporter: [String: Int] = [:],
      flowSeriesInWindow: Int? = nil, tcpSeries: Int = 0, newestAge: Double? = nil, window: Double
    ) {
      self.allSeries = allSeries
      self.labelledSeries = labelledSeries
      self.scrapes = scrapes
      self.flowSeriesByReporter = flowSeriesByReporter
      self.flowSeriesInWindow = flowSeriesInWindow
      self.tcpSeries = tcpSeries
      self.newestAge = newestAge
      self.window = window
    }
  }

  /// The reason in one sentence: the first that holds, from the most general to the most particular.
  public static func reason(_ evidence: Evidence) -> String {
    let window = PromQL.duration(evidence.window)
    if let scrapes = evidence.scrapes, scrapes < 2 { return "needs two samples: rates come with the next scrape" }
    if evidence.allSeries == 0 {
      if let age = evidence.newestAge, age > 60 {
        return "no proxy reports any more: the newest sample of the mesh is \(PromQL.duration(age.rounded())) old"
      }
      if evidence.tcpSeries > 0 { return "only TCP is reported: bytes and connections, no requests" }
      return "this source has no \(IstioMetric.requests): it does not scrape the proxies of this mesh"
    }
    if let labelled = evidence.labelledSeries, labelled == 0 {
      return "the label destination_service_name is dropped: requests cannot be told apart by service"
    }
    if evidence.flowSeriesByReporter.isEmpty {
      if evidence.tcpSeries > 0 { return "only TCP is reported: bytes and connections, no requests" }
      return "no proxy ever reported a request for it: nobody calls it, or neither end has a proxy"
    }
    if let inWindow = evidence.flowSeriesInWindow, inWindow == 0 {
      return "fewer than two samples in \(window): the scrape interval is longer than half of the window, widen it"
    }
    if evidence.flowSeriesByReporter["destination"] == nil, evidence.flowSeriesByReporter["waypoint"] == nil {
      return "only callers report it: no proxy at its own side does, so look at the numbers of the source"
    }
    return "no requests in the last \(window)"
  }
}
