import MeshModel
import MeshPlanes
import MeshTelemetry
import MeshTransport

/// The counters of a fleet's own proxies as its source of measurements: no Prometheus is needed.
///
/// The fleet's members come and go; the readings of those that stay are kept.
actor EnvoyTraffic: TelemetrySource {
  nonisolated let description = "the proxies' own counters"
  nonisolated let warmUp: Double? = 1.5
  private let plane: EnvoyPlane
  private let options: Session.Options
  private var scrape: Scrape?
  private var places: [EnvoyCounterPlace] = []

  init(_ plane: EnvoyPlane, options: Session.Options) {
    self.plane = plane
    self.options = options
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
    let now = try await plane.counterPlaces()
    if let scrape, now == places { return scrape }
    var settings = ScrapeSettings(urls: now.map { EnvoyCounters.url(admin: $0.admin) })
    settings.connection = options.settings
    for place in now {
      settings.envoys[EnvoyCounters.url(admin: place.admin)] = EnvoyCounters(
        namespace: place.namespace, workload: place.workload, clusters: place.clusters, tcp: place.tcp)
    }
    let made = try Scrape(settings, options: options)
    if let scrape { await made.inherit(from: scrape) }
    (scrape, places) = (made, now)
    return made
  }
}
