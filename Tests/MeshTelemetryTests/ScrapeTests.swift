import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshTelemetry

@Suite("Scrape")
struct ScrapeTests {
  static let edge =
    #"source_workload_namespace="shop",source_workload="web",destination_service="reviews.shop.svc.cluster.local","#
    + #"destination_service_name="reviews",destination_service_namespace="shop",destination_workload="reviews-v1","#
    + #"destination_workload_namespace="shop",destination_canonical_revision="v1",reporter="destination",request_protocol="http""#

  /// A server whose counters grow with a clock of ours: 10 requests a second, one in ten of them a 503, all under 50 ms.
  final class Proxy: Sendable {
    let state = Mutex((seconds: 1000.0, began: 1000.0, status: 200))

    var server: FakeServer {
      FakeServer { [self] _ in
        let (seconds, began, status) = state.withLock { $0 }
        let up = seconds - began
        let text = """
          # TYPE istio_requests_total counter
          istio_requests_total{\(ScrapeTests.edge),response_code="200",connection_security_policy="mutual_tls",pod="a"} \(up * 9)
          istio_requests_total{\(ScrapeTests.edge),response_code="503",connection_security_policy="mutual_tls",pod="a"} \(up)
          istio_request_duration_milliseconds_bucket{\(ScrapeTests.edge),le="25"} \(up * 5)
          istio_request_duration_milliseconds_bucket{\(ScrapeTests.edge),le="50"} \(up * 10)
          istio_request_duration_milliseconds_bucket{\(ScrapeTests.edge),le="+Inf"} \(up * 10)
          istio_build{component="proxy"} 1
          process_open_fds 9
          """
        return HTTPResponse(status: status, body: Array(text.utf8))
      }
    }

    func source(_ server: FakeServer, urls: [String] = ["http://127.0.0.1:15020/stats/prometheus?token=x"]) throws
      -> Scrape
    {
      try Scrape(
        ScrapeSettings(urls: urls), options: server.options,
        now: { [self] in Instant(seconds: state.withLock { $0.seconds }) })
    }

    func advance(_ seconds: Double) { state.withLock { $0.seconds += seconds } }
  }

  @Test("the first report says that it needs two samples, the second has the numbers")
  func twoScrapes() async throws {
    let proxy = Proxy()
    proxy.advance(100)
    let server = proxy.server
    let source = try proxy.source(server)
    let first = try await source.traffic(window: 60, plane: "p")
    #expect(first.edges.isEmpty)
    #expect(first.gaps.contains { $0.contains("needs two samples") })
    #expect(try await source.reasonForNoData(of: FlowSelector(service: "reviews"), window: 60).contains("two samples"))
    proxy.advance(5)
    let second = try await source.traffic(window: 60, plane: "p")
    let edge = try #require(second.edges.first)
    #expect(second.edges.count == 1)
    #expect(abs(edge.traffic.requestsPerSecond - 10) < 1e-9)
    #expect(abs((edge.traffic.errorRate() ?? 0) - 0.1) < 1e-9)
    #expect(abs(edge.traffic.n - 50) < 1e-6)
    #expect(edge.traffic.window == 5)
    #expect(edge.traffic.p50ms == 25)
    #expect(abs((edge.traffic.p95ms ?? 0) - 47.5) < 1e-9)
    #expect(edge.traffic.mtlsShare == 1)
    #expect(second.sampleAge == 0)
    #expect(second.gaps == ["measured over 5s so far, of a window of 60s"])
    #expect(second.queries.map(\.text) == ["GET http://127.0.0.1:15020/stats/prometheus"])
    #expect(try await source.reasonForNoData(of: FlowSelector(service: "other"), window: 60).contains("no proxy ever"))
  }

  @Test("a restart never makes a rate negative, and a window is full after its length")
  func restart() async throws {
    let proxy = Proxy()
    let source = try proxy.source(proxy.server)
    for step in 0..<20 {
      proxy.advance(5)
      if step == 12 { proxy.state.withLock { $0.began = $0.seconds - 1 } }
      let report = try await source.traffic(window: 30, plane: "p")
      #expect(report.edges.allSatisfy { $0.traffic.rates.values.allSatisfy { $0 >= 0 } })
      if step == 19 {
        #expect(report.gaps.isEmpty)
        // 4 s of requests were lost with the restart, of the 30 s that the window began with at most.
        let rate = try #require(report.edges.first).traffic.requestsPerSecond
        #expect(rate <= 10.000001 && rate > 8)
      }
    }
  }

  @Test("an endpoint that fails is a gap beside others that answer, and the failure where it is the only one")
  func failures() async throws {
    let proxy = Proxy()
    let good = proxy.server
    let server = FakeServer { request throws(TransportError) in
      if request.url.contains(":1/") {
        throw TransportError(.unreachable, "connection refused", origin: "http://127.0.0.1:1")
      }
      return HTTPResponse(status: 200, body: Array("istio_requests_total{ 1\nup 1\n".utf8))
    }
    let mixed = try proxy.source(server, urls: ["http://127.0.0.1:1/metrics", "http://127.0.0.1:2/metrics"])
    let report = try await mixed.traffic(window: 60, plane: "p")
    for words in ["connection refused", "1 lines are no samples, the first is line 1", "has no metric of a mesh"] {
      #expect(report.gaps.contains { $0.contains(words) }, "\(words) in \(report.gaps)")
    }
    proxy.state.withLock { $0.status = 404 }
    let alone = try proxy.source(good)
    do throws(MeshError) {
      _ = try await alone.traffic(window: 60, plane: "p")
      Issue.record("no failure")
    } catch { #expect(error.message.contains("404")) }
  }

  @Test("several endpoints add up, and asking too soon scrapes nothing")
  func several() async throws {
    let proxy = Proxy()
    let server = proxy.server
    let source = try proxy.source(server, urls: ["http://127.0.0.1:1/a", "http://127.0.0.1:1/b"])
    _ = try await source.traffic(window: 60, plane: "p")
    _ = try await source.traffic(window: 60, plane: "p")
    #expect(server.requests.withLock { $0.count } == 2)
    proxy.advance(10)
    let report = try await source.traffic(window: 60, plane: "p")
    #expect(abs((report.edges.first?.traffic.requestsPerSecond ?? 0) - 20) < 1e-6)
    #expect(report.queries.count == 2)
  }

  @Test("headers and credentials go with every request, to the addresses that are named and to no other")
  func headers() async throws {
    let proxy = Proxy()
    let server = proxy.server
    let urls = ["https://metrics.example/a", "https://metrics.example/b"]
    let source = try Scrape(
      ScrapeSettings(
        urls: urls, authorization: .basic(user: "ops", password: Secret("canary")),
        headers: [(name: "X-Scope-OrgID", value: "shop")]), options: server.options,
      now: { Instant(seconds: proxy.state.withLock { $0.seconds }) })
    _ = try await source.traffic(window: 60, plane: "p")
    proxy.advance(10)
    _ = try await source.traffic(window: 60, plane: "p")
    let asked = server.requests.withLock { $0 }
    #expect(asked.map(\.url).sorted() == [urls[0], urls[0], urls[1], urls[1]])
    for request in asked {
      #expect(request.headers["X-Scope-OrgID"] == "shop")
      #expect(request.headers["Authorization"] == "Basic b3BzOmNhbmFyeQ==")
      #expect(request.headers["Accept"]?.hasPrefix("text/plain") == true)
    }
  }
}
