import Foundation
import MeshModel
import MeshPlanes
import MeshTelemetry
import MeshTransport
import Synchronization
import Testing

@testable import MeshOperations

/// Traffic Director's measurements from Cloud Monitoring: asked as Google takes questions, read by backend service.
@Suite(.timeLimit(.minutes(10))) struct CloudMonitoringTests {
  /// Google's APIs as far as they are asked here, with answers in the shapes their references give.
  final class FakeGoogle: HTTPTransport {
    let requests = Mutex<[HTTPRequest]>([])
    /// What queries over Istio's metrics answer.
    let istio = Mutex<JSONValue>([])
    /// Whether the proxies export Envoy's counters.
    let hasEnvoys: Bool

    init(hasEnvoys: Bool) { self.hasEnvoys = hasEnvoys }

    func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
      throw TransportError(.unreachable, "no streams here")
    }

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
      requests.withLock { $0.append(request) }
      return HTTPResponse(status: 200, body: JSONWriter.bytes(answer(request)))
    }

    private func answer(_ request: HTTPRequest) -> JSONValue {
      let url = PercentCoding.decode(request.url.replacing("+", with: " "))
      if url.hasPrefix("https://oauth2.googleapis.com/token") {
        return ["access_token": "canary-token", "expires_in": 3600, "token_type": "Bearer"]
      }
      if url.hasPrefix("https://compute.googleapis.com"), url.contains("/backendServices") {
        return [
          "items": .array(
            ["reviews-v1", "reviews-v2"].enumerated().map { index, name in
              [
                "kind": "compute#backendService", "name": .string(name), "id": .string(String(index + 11)),
                "loadBalancingScheme": "INTERNAL_SELF_MANAGED", "protocol": "HTTP2", "fingerprint": "f",
                "selfLink": .string(
                  "https://www.googleapis.com/compute/v1/projects/shop-prod/global/backendServices/\(name)"),
              ]
            })
        ]
      }
      if url == "https://cloudresourcemanager.googleapis.com/v1/projects/shop-prod" {
        return ["projectId": "shop-prod", "projectNumber": "1234567890"]
      }
      guard url.hasPrefix("https://monitoring.googleapis.com/"), url.contains("/api/v1/query") else { return [:] }
      return ["status": "success", "data": ["resultType": "vector", "result": result(url)]]
    }

    private func result(_ url: String) -> JSONValue {
      func sample(_ name: String, _ more: [(String, String)], _ value: String) -> JSONValue {
        var labels = JSONObject([
          .init(
            name: "envoy_cluster_name",
            value: .string("/projects/1234567890/global/backendServices/\(name)"))
        ])
        for (label, text) in more { labels[label] = .string(text) }
        return ["metric": .object(labels), "value": [1_790_000_000, .string(value)]]
      }
      guard url.contains("envoy_cluster") else {
        return url.contains("istio_requests_total") ? istio.withLock { $0 } : []
      }
      guard hasEnvoys else { return [] }
      if url.contains("time() -") { return [["metric": [:], "value": [1_790_000_000, "4"]]] }
      if url.contains("histogram_quantile") { return [sample("reviews-v1", [], "42")] }
      if url.contains("cx_total") { return [sample("reviews-v1", [("measure", "connections")], "1")] }
      return [
        sample("reviews-v1", [("envoy_response_code", "200")], "36"),
        sample("reviews-v2", [("envoy_response_code", "200")], "3"),
        sample("reviews-v2", [("envoy_response_code", "503")], "1"),
        // Another load balancer's, of another project.
        ["metric": ["envoy_cluster_name": "/projects/9/global/backendServices/web"], "value": [1_790_000_000, "7"]],
      ]
    }
  }

  static func source(_ google: FakeGoogle) throws -> (CloudMonitoring, URL) {
    let file = FileManager.default.temporaryDirectory.appending(path: "google-\(UUID().uuidString).json")
    let credentials: JSONValue = [
      "type": "authorized_user", "client_id": "id", "client_secret": "canary-secret", "refresh_token": "canary-refresh",
    ]
    try Data(JSONWriter.bytes(credentials)).write(to: file)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
    var options = Session.Options()
    options.transport = { _ in google }
    options.gate = OriginGate()
    options.rate = RateLimit(perSecond: 10_000, burst: 10_000)
    let plane = try TrafficDirectorPlane(
      name: "gcp", settings: TrafficDirectorPlane.Settings(project: "shop-prod", credentialsFile: file.path),
      environment: [:], options: options)
    let settings = try PlaneRegistry.monitoring(
      PlaneSetting(name: "gcp", kind: .trafficDirector), plane, environment: [:])
    return (try CloudMonitoring(settings, plane: plane, options: options), file)
  }

  @Test func whatEnvoysExportIsReadByBackendServiceWithGooglesCredentials() async throws {
    let google = FakeGoogle(hasEnvoys: true)
    let (source, file) = try Self.source(google)
    defer { try? FileManager.default.removeItem(at: file) }
    let report = try await source.traffic(window: 60, plane: "gcp")
    let services = report.edges.map(\.destination.service).sorted()
    #expect(services == ["reviews-v1", "reviews-v2"], "\(report.edges)")
    let canary = try #require(report.edges.first { $0.destination.service == "reviews-v2" })
    #expect(canary.traffic.requestsPerSecond == 4 && canary.traffic.errorRate() == 0.25)
    #expect(report.edges.first { $0.destination.service == "reviews-v1" }?.traffic.p99ms == 42)
    #expect(report.sampleAge == 4)
    let asked = google.requests.withLock { $0 }.filter { $0.url.hasPrefix("https://monitoring.googleapis.com/") }
    #expect(!asked.isEmpty)
    let path = "https://monitoring.googleapis.com/v1/projects/shop-prod/location/global/prometheus/api/v1/query?query="
    // Google takes queries as GET alone, and no body with them.
    #expect(asked.allSatisfy { $0.method == .get && $0.body == nil && $0.url.hasPrefix(path) })
    #expect(asked.allSatisfy { $0.headers["Authorization"] == "Bearer canary-token" })
    #expect(!"\(report)".contains("canary-"))
    let history = google.requests.withLock { $0 }.count
    _ = try await source.history(of: FlowSelector(service: "reviews-v2"), span: 600, step: 60)
    let ranges = google.requests.withLock { $0 }.dropFirst(history).map { PercentCoding.decode($0.url) }
    #expect(ranges.contains { $0.contains("query_range") && $0.contains("backendServices/reviews-v2") })
  }

  @Test func aManagedIstiosMetricsServeWhereThereAreNoEnvoys() async throws {
    let google = FakeGoogle(hasEnvoys: false)
    let (source, file) = try Self.source(google)
    defer { try? FileManager.default.removeItem(at: file) }
    let nothing = try await source.traffic(window: 60, plane: "gcp")
    #expect(nothing.edges.isEmpty && !nothing.gaps.isEmpty)
    #expect(try await source.reasonForNoData(of: FlowSelector(), window: 60).contains("callers' Envoys"))
    google.istio.withLock {
      $0 = [
        [
          "metric": [
            "reporter": "destination", "source_workload": "web", "source_workload_namespace": "shop",
            "destination_workload": "reviews-v1", "destination_workload_namespace": "shop",
            "destination_service_name": "reviews", "destination_service_namespace": "shop",
            "request_protocol": "http", "response_code": "200",
          ], "value": [1_790_000_000, "5"],
        ]
      ]
    }
    let report = try await source.traffic(window: 60, plane: "gcp")
    #expect(report.edges.map(\.destination.service) == ["reviews"])
  }
}
