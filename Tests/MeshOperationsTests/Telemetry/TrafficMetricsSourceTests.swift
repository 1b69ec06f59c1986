import MeshModel
import MeshPlanes
import MeshTelemetry
import Synchronization
import Testing

@testable import MeshOperations

/// The Traffic Metrics API as a source of measurements.
@Suite struct TrafficMetricsSourceTests {
  static let at = Instant(seconds: 1_800_000_000)

  static func item(
    _ kind: String, _ name: String, in namespace: String = "shop", ok: Int, failed: Int = 0, more: String = ""
  ) -> String {
    """
    {"resource":{"kind":"\(kind)","namespace":"\(namespace)","name":"\(name)"},"window":"30s"\(more),"metrics":[
     {"name":"p99_response_latency","unit":"seconds","value":"40m"},{"name":"success_count","value":"\(ok)"},
     {"name":"failure_count","value":"\(failed)"}]}
    """
  }

  static func edge(_ other: String?, from: Bool, side: String, ok: Int) -> String {
    let resource = other.map { #"{"kind":"Deployment","namespace":"shop","name":"\#($0)"}"# } ?? "null"
    return item(
      "Deployment", "site-v1", ok: ok,
      more: #","edge":{"direction":"\#(from ? "from" : "to")","side":"\#(side)","resource":\#(resource)}"#)
  }

  static let answers: [String: String] = [
    "namespaces": [item("Namespace", "shop", in: "", ok: 300), item("Namespace", "quiet", in: "", ok: 0)].joined(
      separator: ","),
    "namespaces/shop/deployments": [
      item("Deployment", "site-v1", ok: 270, failed: 30), item("Deployment", "idle", ok: 0),
    ]
    .joined(separator: ","),
    "namespaces/shop/deployments/site-v1/edges": [
      edge("edge", from: true, side: "server", ok: 300), edge("edge", from: true, side: "client", ok: 300),
      edge("db", from: false, side: "client", ok: 60),
    ].joined(separator: ","),
    "namespaces/shop/trafficsplits": item(
      "TrafficSplit", "rollout", ok: 90, more: #","backend":{"apex":"site","name":"site-v2","weight":"1"}"#),
  ]

  /// A source whose questions are counted.
  final class Counted: Sendable {
    let paths = Mutex<[String]>([])

    func source(window: String = "30s") -> TrafficMetrics {
      TrafficMetrics(
        ask: { path throws(MeshError) in
          self.paths.withLock { $0.append(path) }
          guard let text = TrafficMetricsSourceTests.answers[path] else { throw MeshError(.notFound, path) }
          do {
            let told = text.replacing("30s", with: window)
            return SMITrafficMetrics.items(of: try JSONValue(parsing: #"{"items":[\#(told)]}"#))
          } catch {
            throw MeshError(.malformed, "\(error)")
          }
        }, now: { TrafficMetricsSourceTests.at })
    }
  }

  @Test func edgesAndBackendsAreOfTheWindowThatTheAPITells() async throws {
    let counted = Counted()
    let report = try await counted.source().traffic(window: 60, plane: "lab")
    #expect(report.window == 30)
    #expect(report.queries.map(\.id) == ["smi-0"])
    #expect(report.queries.first?.purpose.contains("own window of 30s") == true)
    let served = try #require(report.edges.first { $0.reporter == .destination })
    #expect(served.source == EdgeEnd(namespace: "shop", workload: "edge"))
    #expect(served.destination == EdgeEnd(namespace: "shop", workload: "site-v1"))
    #expect(served.traffic.rates[.success] == 10)
    #expect(served.traffic.n == 300)
    #expect(served.traffic.p99ms == 40)
    #expect(served.traffic.p95ms == nil, "what the API does not tell is not made up")
    #expect(report.edges.contains { $0.source.workload == "site-v1" && $0.destination.workload == "db" })
    #expect(report.edges.count == 3)
    #expect(report.backends.map(\.backend) == ["site-v2"])
    #expect(report.backends.first?.routeKind == "trafficsplit")
    let asked = counted.paths.withLock { $0 }
    #expect(!asked.contains { $0.contains("quiet") || $0.contains("idle") }, "only what had requests is asked for")
  }

  @Test func aWindowOfAgesIsNoNumberOfSeconds() async throws {
    let report = try await Counted().source(window: "99999999999999999999s").traffic(window: 60, plane: "lab")
    #expect(report.queries.first?.purpose.contains("own window of –") == true)
  }

  @Test func aClusterWithoutPrometheusIsMeasuredByWhatItServes() async throws {
    let none = Absent()
    let served = ClusterTelemetry(prometheus: none, metrics: Counted().source(), isOffered: { true })
    #expect(try await served.traffic(window: 60, plane: "lab").edges.isEmpty == false)
    let bare = ClusterTelemetry(prometheus: none, metrics: Counted().source(), isOffered: { false })
    await #expect(throws: MeshError.self) { try await bare.traffic(window: 60, plane: "lab") }
  }

  private struct Absent: TelemetrySource {
    let description = "none"

    func traffic(window: Double, plane: PlaneName) async throws(MeshError) -> TrafficReport {
      throw MeshError(.notFound, "no Prometheus service was found")
    }

    func history(of flow: FlowSelector, span: Double, step: Double) async throws(MeshError) -> TrafficHistory {
      throw MeshError(.notFound, "no Prometheus service was found")
    }

    func reasonForNoData(of flow: FlowSelector, window: Double) async throws(MeshError) -> String {
      throw MeshError(.notFound, "no Prometheus service was found")
    }
  }
}
