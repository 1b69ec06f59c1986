import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshTelemetry

/// The metrics of meshes beside Istio, scraped as their proxies show them.
@Suite("Metrics of other meshes")
struct MetricFamilyTests {
  /// The report over ten seconds of counters that grow by these rates a second; gauges keep their value.
  static func report(
    _ lines: [(series: String, rate: Double)], gauges: [(series: String, value: Double)] = [],
    workload: ScrapedWorkload? = nil
  ) async throws -> TrafficReport {
    let seconds = Mutex(1000.0)
    let server = FakeServer { _ in
      let up = seconds.withLock { $0 } - 900
      let text =
        lines.map { "\($0.series) \($0.rate * up)" } + gauges.map { "\($0.series) \($0.value)" }
      return HTTPResponse(status: 200, body: Array(text.joined(separator: "\n").utf8))
    }
    let url = "http://127.0.0.1:4191/metrics"
    var settings = ScrapeSettings(urls: [url])
    if let workload { settings.workloads[url] = workload }
    let source = try Scrape(settings, options: server.options, now: { Instant(seconds: seconds.withLock { $0 }) })
    _ = try await source.traffic(window: 60, plane: "p")
    seconds.withLock { $0 += 10 }
    return try await source.traffic(window: 60, plane: "p")
  }

  static let web = #"direction="outbound",namespace="shop",deployment="web","#
  static let books =
    #"dst_namespace="shop",dst_deployment="books-v1",dst_service="books-v1",authority="books.shop.svc.cluster.local:80","#
  static let inbound = #"direction="inbound",namespace="shop",deployment="books-v1","#

  @Test("a caller's proxy names the server, the protection and the outcome")
  func linkerdRequests() async throws {
    let secured = #"tls="true",server_id="books.shop.serviceaccount.identity.linkerd.cluster.local","#
    let report = try await Self.report([
      (#"response_total{\#(Self.web)\#(Self.books)\#(secured)status_code="200",classification="success"}"#, 9),
      (#"response_total{\#(Self.web)\#(Self.books)\#(secured)status_code="503",classification="failure"}"#, 1),
      (#"response_total{\#(Self.web)\#(Self.books)\#(secured)classification="failure"}"#, 2),
      (#"response_latency_ms_bucket{\#(Self.web)\#(Self.books)\#(secured)le="10"}"#, 6),
      (#"response_latency_ms_bucket{\#(Self.web)\#(Self.books)\#(secured)le="50"}"#, 12),
      (#"response_latency_ms_bucket{\#(Self.web)\#(Self.books)\#(secured)le="+Inf"}"#, 12),
      (#"tcp_write_bytes_total{\#(Self.web)\#(Self.books)\#(secured)peer="dst"}"#, 1000),
      (#"tcp_read_bytes_total{\#(Self.web)\#(Self.books)\#(secured)peer="dst"}"#, 5000),
      (#"tcp_read_bytes_total{\#(Self.web)\#(Self.books)\#(secured)peer="src"}"#, 777),
    ])
    #expect(report.edges.count == 1)
    let edge = try #require(report.edges.first)
    #expect(edge.source == EdgeEnd(namespace: "shop", workload: "web"))
    #expect(edge.destination == EdgeEnd(namespace: "shop", workload: "books-v1", service: "books-v1"))
    #expect(edge.reporter == .source && edge.transport == "http")
    #expect(
      edge.traffic.rates.mapValues { ($0 * 10).rounded() / 10 } == [.success: 9, .serverError: 1, .noResponse: 2])
    #expect(edge.traffic.mtlsShare == 1)
    #expect(abs((edge.traffic.p50ms ?? 0) - 10) < 0.01)
    #expect(abs((edge.traffic.bytesInPerSecond ?? 0) - 1000) < 1)
    #expect(abs((edge.traffic.bytesOutPerSecond ?? 0) - 5000) < 1)
    #expect(report.reporting.contains(EdgeEnd(namespace: "shop", workload: "web")))
  }

  @Test("a server's proxy is asked only for callers without one; what it reports is known to come from it")
  func linkerdStrangers() async throws {
    let report = try await Self.report([
      (#"response_total{\#(Self.web)\#(Self.books)tls="true",status_code="200"}"#, 9),
      (
        #"response_total{\#(Self.inbound)tls="true",client_id="web.shop.serviceaccount.identity.linkerd.cluster.local","#
          + #"authority="books.shop.svc.cluster.local",status_code="200"}"#, 9
      ), (#"response_total{\#(Self.inbound)tls="no_identity",status_code="200"}"#, 3),
    ])
    #expect(report.edges.count == 2)
    let stranger = try #require(report.edges.first { $0.reporter == .alone })
    #expect(stranger.source == EdgeEnd(namespace: "", workload: ""))
    #expect(stranger.destination.workload == "books-v1")
    #expect(abs(stranger.traffic.requestsPerSecond - 3) < 0.01)
    #expect(stranger.traffic.mtlsShare == 0)
    #expect(report.reporting.contains(EdgeEnd(namespace: "shop", workload: "books-v1")))
  }

  @Test("a meshed caller that is measured nowhere else is known by its namespace")
  func linkerdFarCaller() async throws {
    let report = try await Self.report([
      (
        #"response_total{\#(Self.inbound)tls="true",client_id="web.far.serviceaccount.identity.linkerd.cluster.local","#
          + #"status_code="200"}"#, 4
      )
    ])
    let edge = try #require(report.edges.first)
    #expect(edge.source == EdgeEnd(namespace: "far", workload: ""))
    #expect(edge.traffic.mtlsShare == 1)
  }

  @Test("gRPC is told by its status, TCP by the absence of requests")
  func linkerdProtocols() async throws {
    let pricing = #"dst_namespace="shop",dst_deployment="pricing",tls="true","#
    let ledger = #"dst_namespace="shop",dst_statefulset="ledger",tls="true",peer="dst""#
    let report = try await Self.report([
      (#"response_total{\#(Self.web)\#(pricing)status_code="200",grpc_status="0"}"#, 5),
      (#"response_total{\#(Self.web)\#(pricing)status_code="200",grpc_status="14"}"#, 1),
      (#"tcp_open_total{\#(Self.web)\#(ledger)}"#, 2), (#"tcp_write_bytes_total{\#(Self.web)\#(ledger)}"#, 300),
      (#"tcp_read_bytes_total{\#(Self.web)\#(ledger)}"#, 900),
    ])
    let pricingEdge = try #require(report.edges.first { $0.destination.workload == "pricing" })
    #expect(pricingEdge.transport == "grpc")
    #expect(abs((pricingEdge.traffic.rates[.grpcError] ?? 0) - 1) < 0.01)
    let ledgerEdge = try #require(report.edges.first { $0.destination.workload == "ledger" })
    #expect(ledgerEdge.transport == "tcp")
    #expect(abs((ledgerEdge.traffic.bytesInPerSecond ?? 0) - 300) < 0.1)
    #expect(abs((ledgerEdge.traffic.bytesOutPerSecond ?? 0) - 900) < 0.1)
    #expect(ledgerEdge.traffic.mtlsShare == 1)
  }

  @Test("open connections tell the identity that was proved, or why there is none")
  func linkerdIdentities() async throws {
    let requests = [(#"response_total{\#(Self.web)\#(Self.books)status_code="200"}"#, 1.0)]
    let open = #"tcp_open_connections{\#(Self.web)\#(Self.books)peer="dst","#
    let secured = try await Self.report(
      requests,
      gauges: [
        (open + #"tls="true",server_id="books.shop.serviceaccount.identity.linkerd.cluster.local"}"#, 2),
        (#"tcp_open_connections{\#(Self.inbound)peer="src",tls="true"}"#, 7),
      ])
    #expect(
      secured.edges.first?.security?.serverIdentities == ["books.shop.serviceaccount.identity.linkerd.cluster.local"])
    #expect(secured.edges.first?.security?.plain.isEmpty == true)
    let plain = try await Self.report(
      requests, gauges: [(open + #"tls="no_identity",no_tls_reason="not_provided_by_service_discovery"}"#, 3)])
    #expect(plain.edges.first?.security?.plain == ["not_provided_by_service_discovery": 3])
  }

  @Test("backends of routes are counted by route, whatever the group; the proxies' own routes are left out")
  func linkerdRoutes() async throws {
    func series(_ layer: String, _ route: String, _ backend: String, _ more: String) -> String {
      #"outbound_\#(layer)_route_backend_response_statuses_total{namespace="shop",deployment="web",parent_name="books","#
        + #"\#(route),route_namespace="shop",backend_kind="Service",backend_namespace="shop",backend_name="\#(backend)","#
        + #"backend_port="80",\#(more)}"#
    }
    let own = #"route_group="policy.linkerd.io",route_kind="HTTPRoute",route_name="split""#
    let shared = #"route_group="gateway.networking.k8s.io",route_kind="GRPCRoute",route_name="quotes""#
    let report = try await Self.report([
      (series("http", own, "books-v1", #"http_status="200",error="""#), 9),
      (series("http", own, "books-v2", #"http_status="500",error="""#), 1),
      (series("http", own, "books-v2", #"http_status="",error="RESPONSE_HEADERS_TIMEOUT""#), 1),
      (series("grpc", shared, "quotes-v1", #"grpc_status="OK""#), 5),
      (series("grpc", shared, "quotes-v1", #"grpc_status="UNAVAILABLE""#), 1),
      (series("http", #"route_group="",route_kind="default",route_name="http""#, "books", #"http_status="200""#), 50),
      (
        #"outbound_http_route_backend_response_duration_seconds_bucket{route_group="policy.linkerd.io","#
          + #"route_kind="HTTPRoute",route_name="split",route_namespace="shop",backend_namespace="shop","#
          + #"backend_name="books-v1",backend_port="80",le="0.05"}"#, 9
      ),
      (
        #"outbound_http_route_backend_response_duration_seconds_bucket{route_group="policy.linkerd.io","#
          + #"route_kind="HTTPRoute",route_name="split",route_namespace="shop",backend_namespace="shop","#
          + #"backend_name="books-v1",backend_port="80",le="+Inf"}"#, 9
      ),
    ])
    let found = report.backends.map { "\($0.routeKind) \($0.namespace)/\($0.route) \($0.backend)" }
    #expect(
      found == [
        "grpcroute shop/quotes quotes-v1", "httproute.policy.linkerd.io shop/split books-v1",
        "httproute.policy.linkerd.io shop/split books-v2",
      ])
    let second = try #require(report.backends.last)
    #expect(second.traffic.rates.mapValues { ($0 * 10).rounded() / 10 } == [.serverError: 1, .noResponse: 1])
    #expect(second.port == 80)
    let first = report.backends[1].traffic
    #expect(abs((first.p99ms ?? 0) - 49.5) < 0.1, "seconds become milliseconds")
    #expect(abs((report.backends[0].traffic.rates[.grpcError] ?? 0) - 1) < 0.01)
  }

  @Test("a proxy that does not say whose it is gets its workload's name from the settings")
  func linkerdWithoutLabels() async throws {
    let report = try await Self.report(
      [
        (
          #"response_total{direction="outbound",dst_namespace="shop",dst_deployment="books",tls="true",status_code="200"}"#,
          2
        )
      ],
      workload: ScrapedWorkload(namespace: "shop", name: "web"))
    #expect(report.edges.first?.source == EdgeEnd(namespace: "shop", workload: "web"))
  }

  @Test("both generations of Knative's metrics give the same flows")
  func knative() async throws {
    func older(_ revision: String, _ code: String) -> String {
      #"revision_request_count{namespace_name="shop",service_name="thumb",configuration_name="thumb","#
        + #"revision_name="\#(revision)",response_code="\#(code)",response_code_class="\#(code.prefix(1))xx"}"#
    }
    func newer(_ revision: String, _ code: String) -> String {
      #"kn_serving_invocation_duration_seconds_count{k8s_namespace_name="shop",kn_service_name="thumb","#
        + #"kn_revision_name="\#(revision)",http_response_status_code="\#(code)"}"#
    }
    let names = #"k8s_namespace_name="shop",kn_service_name="thumb",kn_revision_name="thumb-1""#
    let olderNames = #"namespace_name="shop",service_name="thumb",revision_name="thumb-1""#
    let reports = [
      try await Self.report([
        (older("thumb-1", "200"), 9), (older("thumb-2", "200"), 1), (older("thumb-2", "502"), 1),
        (#"revision_request_latencies_bucket{\#(olderNames),le="100"}"#, 9),
        (#"revision_request_latencies_bucket{\#(olderNames),le="+Inf"}"#, 9),
      ]),
      try await Self.report([
        (newer("thumb-1", "200"), 9), (newer("thumb-2", "200"), 1), (newer("thumb-2", "502"), 1),
        (#"kn_serving_invocation_duration_seconds_bucket{\#(names),le="0.1"}"#, 9),
        (#"kn_serving_invocation_duration_seconds_bucket{\#(names),le="+Inf"}"#, 9),
      ]),
    ]
    for report in reports {
      #expect(report.backends.map(\.backend) == ["thumb-1", "thumb-2"])
      #expect(report.backends.allSatisfy { $0.routeKind == "service.serving.knative.dev" && $0.route == "thumb" })
      let rates = report.backends.map { ($0.traffic.requestsPerSecond * 10).rounded() / 10 }
      #expect(rates == [9, 2])
      #expect(abs((report.backends[1].traffic.errorRate() ?? 0) - 0.5) < 0.01)
      #expect(abs((report.backends[0].traffic.p50ms ?? 0) - 50) < 0.1)
      #expect(Set(report.edges.map(\.destination.workload)) == ["thumb-1-deployment", "thumb-2-deployment"])
    }
  }

  @Test(
    "the names of clusters tell what they lead to, or not",
    arguments: [
      (
        "httproute/shop/api/rule/0",
        GatewayEnvoyTraffic.Cluster.rule(kind: "httproute", namespace: "shop", route: "api", rule: 0, backend: nil)
      ),
      (
        "grpcroute/shop/q/rule/2/backend/1",
        .rule(kind: "grpcroute", namespace: "shop", route: "q", rule: 2, backend: 1)
      ),
      ("shop/api/8080/da39a3ee5e", .service(namespace: "shop", name: "api")), ("httproute/shop/api/rule/x", nil),
      ("httproute/shop/api/rule/0/match/1", nil), ("outbound|80||api.shop.svc.cluster.local", nil),
      ("shop/api/8080/not-a-hash", nil), ("xds_cluster", nil), ("//80/da39a3ee5e", nil),
    ] as [(String, GatewayEnvoyTraffic.Cluster?)])
  func clusterNames(_ name: String, _ cluster: GatewayEnvoyTraffic.Cluster?) {
    #expect(GatewayEnvoyTraffic.Cluster(name) == cluster)
  }

  @Test("a gateway's Envoys are counted by rule, backend or service; what no name tells is said")
  func gateways() async throws {
    func rq(_ cluster: String, _ code: String) -> String {
      #"envoy_cluster_upstream_rq{envoy_cluster_name="\#(cluster)",envoy_response_code="\#(code)"}"#
    }
    let report = try await Self.report([
      (rq("httproute/shop/api/rule/0/backend/0", "200"), 9), (rq("httproute/shop/api/rule/0/backend/1", "503"), 1),
      (rq("httproute/shop/web/rule/0", "200"), 4), (rq("shop/site/80/0123456789", "200"), 5),
      (rq("httproute/shop/odd/rule/0/match/3", "200"), 1), (rq("xds_cluster", "200"), 1),
    ])
    let found = report.backends.map { "\($0.routeKind):\($0.namespace)/\($0.route)#\($0.rule ?? -1)=\($0.backend)" }
    #expect(
      found == [
        ":shop/#-1=site", "httproute:shop/api#0=#0", "httproute:shop/api#0=#1", "httproute:shop/web#0=",
      ])
    #expect(
      report.gaps.contains("Envoy's cluster httproute/shop/odd/rule/0/match/3 belongs to no route its name tells"))
    #expect(!report.gaps.contains { $0.contains("xds_cluster") })
    #expect(report.edges.map(\.destination.service) == ["site"])
  }
}
