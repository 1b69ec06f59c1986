import MeshModel
import MeshPlanes
import MeshTelemetry
import MeshTransport

/// Proxies' own counters as the source of measurements: no Prometheus is needed.
///
/// Proxies come and go, and so do the clusters they call; the readings of those that stay are kept.
actor EnvoyTraffic: TelemetrySource {
  /// The counters of one proxy, or of several in one text.
  struct Place: Sendable, Hashable {
    var url: String
    var counters: EnvoyCounters
  }

  nonisolated let description = "the proxies' own counters"
  nonisolated let warmUp: Double? = 1.5
  private let settings: ScrapeSettings
  private let options: Session.Options
  private let now: @Sendable () async throws(MeshError) -> [Place]
  private var scrape: Scrape?
  private var places: [Place] = []

  /// A source of the places that `now` gives; of `settings` all but the addresses is taken.
  init(
    _ settings: ScrapeSettings = ScrapeSettings(urls: []), options: Session.Options,
    places now: @escaping @Sendable () async throws(MeshError) -> [Place]
  ) {
    self.settings = settings
    self.options = options
    self.now = now
  }

  /// The counters of an Envoy fleet's members.
  init(_ plane: EnvoyPlane, isMosn: Bool = false, options: Session.Options) {
    var settings = ScrapeSettings(urls: [])
    settings.connection = options.settings
    if let credentials = options.credentials { settings.authorization = .source(credentials) }
    self.init(settings, options: options) { () async throws(MeshError) in
      try await plane.counterPlaces().map { place in
        var counters = EnvoyCounters(
          namespace: place.namespace, workload: place.workload, clusters: place.clusters, tcp: place.tcp)
        counters.isMosn = isMosn
        let url = isMosn ? EnvoyCounters.url(mosn: place.admin) : EnvoyCounters.url(admin: place.admin)
        return Place(url: url, counters: counters)
      }
    }
  }

  func traffic(window: Double, plane: PlaneName) async throws(MeshError) -> TrafficReport {
    try await source().traffic(window: window, plane: plane)
  }

  func history(of flow: FlowSelector, span: Double, step: Double) async throws(MeshError) -> TrafficHistory {
    try await source().history(of: flow, span: span, step: step)
  }

  func reasonForNoData(of flow: FlowSelector, window: Double) async throws(MeshError) -> String {
    try await source().reasonForNoData(of: flow, window: window)
  }

  private func source() async throws(MeshError) -> Scrape {
    let now = try await now()
    if let scrape, now == places { return scrape }
    var settings = settings
    settings.urls = now.map(\.url)
    settings.envoys = Dictionary(now.map { ($0.url, $0.counters) }, uniquingKeysWith: { $1 })
    let made = try Scrape(settings, options: options)
    if let scrape { await made.inherit(from: scrape) }
    (scrape, places) = (made, now)
    return made
  }
}
