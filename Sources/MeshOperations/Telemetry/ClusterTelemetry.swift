import MeshModel
import MeshPlanes
import MeshTelemetry

/// The measurements of a cluster for which no source is configured: those of its Prometheus, else those of the Traffic
/// Metrics API of SMI where the cluster serves it.
struct ClusterTelemetry: TelemetrySource {
  let description = "what the cluster itself offers"
  let isNamed = false
  let prometheus: any TelemetrySource
  let metrics: any TelemetrySource
  /// Whether the Traffic Metrics API is served.
  let isOffered: @Sendable () async throws(MeshError) -> Bool

  init(_ plane: KubernetesPlane, prometheus: any TelemetrySource) {
    self.init(
      prometheus: prometheus, metrics: TrafficMetrics(plane),
      isOffered: { () async throws(MeshError) in try await plane.offersTrafficMetrics() })
  }

  init(
    prometheus: any TelemetrySource, metrics: any TelemetrySource,
    isOffered: @escaping @Sendable () async throws(MeshError) -> Bool
  ) {
    self.prometheus = prometheus
    self.metrics = metrics
    self.isOffered = isOffered
  }

  /// Whether there is anything else to ask; not while that cannot be told.
  private func isThere() async -> Bool {
    do throws(MeshError) { return try await isOffered() } catch { return false }
  }

  func check() async throws(MeshError) -> String? {
    do throws(MeshError) { return try await prometheus.check() } catch {
      guard await isThere() else { throw error }
      return try await metrics.check()
    }
  }

  func traffic(window: Double, plane: PlaneName) async throws(MeshError) -> TrafficReport {
    do throws(MeshError) { return try await prometheus.traffic(window: window, plane: plane) } catch {
      guard await isThere() else { throw error }
      return try await metrics.traffic(window: window, plane: plane)
    }
  }

  func history(of flow: FlowSelector, span: Double, step: Double) async throws(MeshError) -> TrafficHistory {
    do throws(MeshError) { return try await prometheus.history(of: flow, span: span, step: step) } catch {
      guard await isThere() else { throw error }
      return try await metrics.history(of: flow, span: span, step: step)
    }
  }

  func reasonForNoData(of flow: FlowSelector, window: Double) async throws(MeshError) -> String {
    do throws(MeshError) { return try await prometheus.reasonForNoData(of: flow, window: window) } catch {
      guard await isThere() else { throw error }
      return try await metrics.reasonForNoData(of: flow, window: window)
    }
  }
}
