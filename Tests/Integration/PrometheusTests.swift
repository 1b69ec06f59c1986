import Foundation
import Glibc
import MeshModel
import MeshTelemetry
import MeshTransport
import Testing

/// A real Prometheus from the system's package, scraping a server of ours every second.
@Suite("Real Prometheus", .serialized)
struct PrometheusTests {
  /// Counters that grow with the time since `start`, without steps: a reading that is a little late changes no rate.
  ///
  /// web → reviews: v1 18 a second, of them 2 fail with 503, mTLS; v2 2 a second, gRPC of which half fail; 3 a second of
  /// web's requests never reach a workload; web → db: 1000 bytes a second there, 5000 back.
  @Sendable
  static func exposition(_ up: Double) -> String {
    func edge(_ reporter: String, _ workload: String, _ version: String, _ service: String = "reviews", _ more: String)
      -> String
    {
      let place = workload == "unknown" ? "unknown" : "shop"
      return #"{reporter="\#(reporter)",source_workload="web",source_workload_namespace="shop","#
        + #"source_canonical_revision="v1",destination_service="\#(service).shop.svc.cluster.local","#
        + #"destination_service_name="\#(service)",destination_service_namespace="shop","#
        + #"destination_workload="\#(workload)",destination_workload_namespace="\#(place)","#
        + #"destination_canonical_revision="\#(version)",\#(more)}"#
    }
    var lines: [String] = []
    func add(_ metric: String, _ labels: String, _ rate: Double) {
      lines.append("\(metric)\(labels) \(up * rate)")
    }
    for reporter in ["source", "destination"] {
      let policy = #",connection_security_policy="\#(reporter == "source" ? "unknown" : "mutual_tls")""#
      let http = #"request_protocol="http","#
      let grpc = #"request_protocol="grpc",response_code="200","#
      add(
        "istio_requests_total",
        edge(reporter, "reviews-v1", "v1", "reviews", http + #"response_code="200",response_flags="-""# + policy), 16)
      add(
        "istio_requests_total",
        edge(reporter, "reviews-v1", "v1", "reviews", http + #"response_code="503",response_flags="-""# + policy), 2)
      add(
        "istio_requests_total",
        edge(reporter, "reviews-v2", "v2", "reviews", grpc + #"grpc_response_status="0""# + policy), 1)
      add(
        "istio_requests_total",
        edge(reporter, "reviews-v2", "v2", "reviews", grpc + #"grpc_response_status="14""# + policy), 1)
      add("istio_request_messages_total", edge(reporter, "reviews-v2", "v2", "reviews", #"request_protocol="grpc""#), 8)
      add("istio_tcp_received_bytes_total", edge(reporter, "db", "v1", "db", #"request_protocol="tcp""# + policy), 1000)
      add("istio_tcp_sent_bytes_total", edge(reporter, "db", "v1", "db", #"request_protocol="tcp""# + policy), 5000)
      for (bound, share) in [("10", 0.5), ("25", 0.9), ("50", 1), ("+Inf", 1)] {
        add(
          "istio_request_duration_milliseconds_bucket",
          edge(reporter, "reviews-v1", "v1", "reviews", http + #"response_code="200",le="\#(bound)""#), 1000 * share)
      }
    }
    add(
      "istio_requests_total",
      edge(
        "source", "unknown", "unknown", "reviews", #"request_protocol="http",response_code="503",response_flags="UH""#),
      3)
    return lines.joined(separator: "\n") + "\n"
  }

  /// Runs `body` with a Prometheus that scrapes a server whose counters grow, and stops both.
  ///
  /// - Parameter scraping: What to scrape in place of that server: fields of a job of Prometheus's configuration.
  static func withPrometheus(
    scraping: String? = nil, _ body: (_ url: String, _ metrics: String) async throws -> Void
  ) async throws {
    let start = ContinuousClock.now
    let server = MetricsServer { exposition(start.duration(to: .now) / .seconds(1)) }
    defer { server.stop() }
    let folder = FileManager.default.temporaryDirectory.appending(path: "prometheus-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let config = """
      global: {scrape_interval: 1s}
      scrape_configs:
        - job_name: mesh
          \(scraping?.replacing("\n", with: "\n    ") ?? "static_configs: [{targets: ['127.0.0.1:\(server.port)']}]")
      """
    try Data(config.utf8).write(to: folder.appending(path: "prometheus.yml"))
    let port = MetricsServer.freePort()
    let found = try await Program(
      command: ["\(Program.root)/Tests/Laboratory/prometheus", "fetch"],
      environment: ProcessInfo.processInfo.environment
    ).run(in: folder.path, limit: .seconds(600))
    guard found.code != 77 else {
      print("SKIPPED: nothing was tested against a real Prometheus: \(found.errors)")
      return
    }
    try #require(found.code == 0, "\(found.errors)")
    let command = [
      found.output.trimmingCharacters(in: .newlines), "--config.file=\(folder.path)/prometheus.yml",
      "--storage.tsdb.path=\(folder.path)/data", "--web.listen-address=127.0.0.1:\(port)",
      "--web.external-url=http://127.0.0.1:\(port)/prom", "--log.level=error", "--query.max-samples=5000",
    ]
    let running = Task {
      try await Program(command: command, environment: [:]).run(in: folder.path, limit: .seconds(1200))
    }
    do {
      try await body("http://127.0.0.1:\(port)/prom", "http://127.0.0.1:\(server.port)/metrics")
    } catch {
      running.cancel()
      _ = await running.result
      throw error
    }
    running.cancel()
    _ = await running.result
  }

  /// Asks until the condition holds; the failure of the last attempt if it never does.
  static func until(_ seconds: Int = 180, _ condition: () async -> Bool) async throws {
    let deadline = ContinuousClock.now.advanced(by: .seconds(seconds))
    while await !condition() {
      try #require(ContinuousClock.now < deadline, "the condition did not hold within \(seconds) s")
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  @Test("Prometheus and Scrape give the same edges for the same proxies, and the rates are the true ones")
  func sameEdges() async throws {
    try await Self.withPrometheus { url, metrics in
      var options = Session.Options()
      options.settings.proxy = .none
      let prometheus = try Prometheus(PrometheusSettings(url: url), options: options)
      let scrape = try Scrape(ScrapeSettings(urls: [metrics]), options: options)
      let window = 8.0
      try await Self.until { (try? await prometheus.check()) != nil }
      #expect(try await prometheus.check()?.isEmpty == false)
      let flow = FlowSelector(namespace: "shop", service: "reviews")
      try await Self.until {
        _ = try? await scrape.traffic(window: window, plane: "p")
        return await (try? prometheus.single("min(count_over_time(istio_requests_total[12s]) >= 11)"))?.number != nil
      }
      let measured = try await prometheus.traffic(window: window, plane: "p")
      let scraped = try await scrape.traffic(window: window, plane: "p")
      #expect(measured.gaps == [])
      #expect(scraped.gaps == [])
      #expect((0..<30).contains(try #require(measured.sampleAge)))
      #expect(measured.queries.allSatisfy { $0.series > 0 && !$0.text.isEmpty })
      #expect(measured.edges.count == 7)
      #expect(measured.edges.count == scraped.edges.count)
      for (left, right) in zip(measured.edges, scraped.edges) {
        #expect(left.source == right.source)
        #expect(left.destination == right.destination)
        #expect(left.reporter == right.reporter)
        #expect(left.transport == right.transport)
        #expect(Set(left.traffic.rates.keys) == Set(right.traffic.rates.keys))
        for (outcome, rate) in left.traffic.rates { Self.expectNear(rate, right.traffic.rates[outcome], 0.3) }
        Self.expectNear(left.traffic.bytesInPerSecond, right.traffic.bytesInPerSecond, 0.3)
        Self.expectNear(left.traffic.bytesOutPerSecond, right.traffic.bytesOutPerSecond, 0.3)
        Self.expectNear(left.traffic.messagesInPerSecond, right.traffic.messagesInPerSecond, 0.3)
        Self.expectNear(left.traffic.p50ms, right.traffic.p50ms, 0.02)
        Self.expectNear(left.traffic.p99ms, right.traffic.p99ms, 0.02)
        #expect(left.traffic.mtlsShare == right.traffic.mtlsShare)
      }
      let v1 = try #require(
        measured.edges.first { $0.reporter == .destination && $0.destination.version == "v1" && $0.transport == "http" }
      )
      Self.expectNear(v1.traffic.requestsPerSecond, 18, 0.3)
      Self.expectNear(v1.traffic.errorRate(), 2.0 / 18, 0.4)
      Self.expectNear(v1.traffic.p50ms, 10, 0.02)
      #expect(v1.traffic.mtlsShare == 1)
      let v2 = try #require(measured.edges.first { $0.reporter == .destination && $0.destination.version == "v2" })
      #expect(v2.transport == "grpc")
      Self.expectNear(v2.traffic.rates[.grpcError], 1, 0.3)
      Self.expectNear(v2.traffic.messagesInPerSecond, 8, 0.3)
      let database = try #require(measured.edges.first { $0.transport == "tcp" && $0.reporter == .destination })
      Self.expectNear(database.traffic.bytesInPerSecond, 1000, 0.3)
      Self.expectNear(database.traffic.bytesOutPerSecond, 5000, 0.3)
      let lost = try #require(measured.edges.first { $0.destination.workload.isEmpty })
      Self.expectNear(lost.traffic.rates[.serverError], 3, 0.3)

      let history = try await prometheus.history(of: flow, span: 10, step: 1)
      #expect(history.points.count > 3)
      #expect((history.points.last?.requests.number ?? 0) > 0)
      #expect((history.points.last?.failures.number ?? 0) > 0)

      // Real refusals, in the server's words.
      for (query, words) in [
        ("sum(", "parse error"), ("count_over_time(istio_requests_total[1h:1ms])", "too many samples"),
      ] {
        do throws(MeshError) {
          _ = try await prometheus.single(query)
          Issue.record("\(query) was answered")
        } catch {
          #expect(error.code == .refused)
          #expect(error.message.contains(words), "\(error.message)")
        }
      }
      do throws(MeshError) {
        _ = try await prometheus.single("istio_requests_total")
        Issue.record("several series were taken for one")
      } catch { #expect(error.message.contains("ambiguous")) }
      #expect(try await prometheus.single("nothing_of_that_name") == .absent)
      #expect(try await prometheus.single("vector(0) / 0") == .nan)
      #expect(try await prometheus.single("vector(1) / 0") == .positiveInfinity)
      #expect(try await prometheus.single("vector(-1) / 0") == .negativeInfinity)

      // The doctor, asked of real series; a name that would break out of its quotes does not.
      #expect(
        try await prometheus.reasonForNoData(of: FlowSelector(namespace: "shop", service: "none"), window: 8).contains(
          "no proxy ever"))
      #expect(
        try await prometheus.reasonForNoData(of: FlowSelector(service: "a\"} or vector(1) #"), window: 8).contains(
          "no proxy ever"))
      #expect(try await prometheus.reasonForNoData(of: flow, window: 0.1).contains("fewer than two samples"))
      #expect(
        try await prometheus.reasonForNoData(of: FlowSelector(namespace: "shop", service: "db"), window: 8).contains(
          "only TCP"))
    }
  }

  static func expectNear(
    _ left: Double?, _ right: Double?, _ tolerance: Double, _ location: SourceLocation = #_sourceLocation
  ) {
    guard let left, let right else {
      #expect((left == nil) == (right == nil), sourceLocation: location)
      return
    }
    #expect(
      abs(left - right) <= tolerance * max(abs(left), abs(right)), "\(left) and \(right)", sourceLocation: location)
  }
}
