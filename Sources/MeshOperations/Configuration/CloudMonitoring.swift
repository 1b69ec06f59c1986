import MeshModel
import MeshPlanes
import MeshTelemetry
import MeshTransport

/// What Traffic Director's proxies export to Cloud Monitoring, or to another Prometheus: Envoy's counters by backend service,
/// and where there are none, as with a managed Istio, Istio's.
///
/// Backend services come and go; each measurement reads them as they are.
actor CloudMonitoring: TelemetrySource {
  nonisolated let description: String
  private let settings: PrometheusSettings
  private let options: Session.Options
  private let istio: Prometheus
  private let plane: TrafficDirectorPlane
  private var current: (counters: EnvoyCounters, source: Prometheus)?

  init(
    _ settings: PrometheusSettings, plane: TrafficDirectorPlane, options: Session.Options = Session.Options()
  ) throws(MeshError) {
    self.settings = settings
    self.plane = plane
    self.options = options
    istio = try Prometheus(settings, options: options)
    description = istio.description
  }

  func traffic(window: Double, plane: PlaneName) async throws(MeshError) -> TrafficReport {
    let report = try await envoys().traffic(window: window, plane: plane)
    guard report.edges.isEmpty else { return report }
    let other = try await istio.traffic(window: window, plane: plane)
    return other.edges.isEmpty ? report : other
  }

  func history(of flow: FlowSelector, span: Double, step: Double) async throws(MeshError) -> TrafficHistory {
    let history = try await envoys().history(of: flow, span: span, step: step)
    return history.points.isEmpty ? try await istio.history(of: flow, span: span, step: step) : history
  }

  func reasonForNoData(of flow: FlowSelector, window: Double) async throws(MeshError) -> String {
    try await envoys().reasonForNoData(of: flow, window: window)
  }

  private func envoys() async throws(MeshError) -> Prometheus {
    let counters = EnvoyCounters(try await plane.clusters())
    if let current, current.counters == counters { return current.source }
    var settings = settings
    settings.vocabulary = .envoy(counters)
    let made = try Prometheus(settings, options: options)
    current = (counters, made)
    return made
  }
}

extension EnvoyCounters {
  /// The counters of callers by the backend services of a Traffic Director.
  init(_ clusters: [TrafficDirectorCluster]) {
    func named<Value>(_ value: (TrafficDirectorCluster) -> Value) -> [String: Value] {
      Dictionary(clusters.flatMap { cluster in cluster.names.map { ($0, value(cluster)) } }, uniquingKeysWith: { $1 })
    }
    self.init(
      namespace: "global", workload: "", clusters: named { $0.workload ?? "unknown" },
      tcp: Set(named(\.isTCP).filter(\.value).keys), services: named(\.service))
  }
}
