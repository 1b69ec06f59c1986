import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshTelemetry

/// What Envoy's filters count of databases, caches and brokers. Redis' and MongoDB's names are those of a real Envoy 1.40,
/// the others as Envoy's documentation of each filter has them.
@Suite struct StoreTrafficTests {
  static func series(_ text: String) throws -> StoreSeries? {
    let name = try #require(SeriesName(Array(text.utf8)))
    return StoreSeries(name.metric, { name.labels[$0] ?? "" })
  }

  @Test(arguments: [
    (
      #"envoy_redis_command_get_total{envoy_redis_prefix="sessions"}"#, StoreTraffic.Kind.redis, "sessions",
      StoreSeries.Measure.operation("get")
    ),
    (#"envoy_redis_command_get_error{envoy_redis_prefix="sessions"}"#, .redis, "sessions", .failure("get")),
    (
      #"envoy_redis_command_get_latency_bucket{envoy_redis_prefix="sessions",le="5"}"#, .redis, "sessions", .time("get")
    ),
    (
      #"envoy_redis_shop_svc_cluster_local_command_set_total{envoy_redis_prefix="outbound|6379||sessions"}"#, .redis,
      "outbound_6379__sessions_shop_svc_cluster_local", .operation("set")
    ),
    (#"envoy_redis_downstream_rq_total{envoy_redis_prefix="sessions"}"#, .redis, "sessions", .other("requests")),
    (#"envoy_mongo_op_query{envoy_mongo_prefix="docs"}"#, .mongo, "docs", .operation("op_query")),
    (#"envoy_mongo_op_reply_query_failure{envoy_mongo_prefix="docs"}"#, .mongo, "docs", .other("errors")),
    (#"envoy_mongo_cmd_total{envoy_mongo_cmd="find",envoy_mongo_prefix="docs"}"#, .mongo, "docs", .operation("find")),
    (
      #"envoy_mongo_cmd_reply_time_ms_bucket{envoy_mongo_cmd="find",envoy_mongo_prefix="docs",le="1"}"#, .mongo, "docs",
      .time("find")
    ),
    (
      "envoy_postgres_outbound_5432__orders_db_data_svc_cluster_local_statements_select", .postgres,
      "outbound_5432__orders_db_data_svc_cluster_local", .operation("select")
    ),
    ("envoy_postgres_pg_transactions_rollback", .postgres, "pg", .other("transactions_rollback")),
    ("envoy_postgres_pg_errors", .postgres, "pg", .other("errors")),
    ("envoy_mysql_orders_queries_parsed", .mysql, "orders", .operation("query")),
    ("envoy_mysql_orders_login_failures", .mysql, "orders", .other("errors")),
    ("envoy_kafka_events_request_produce_request", .kafka, "events", .operation("produce")),
    ("envoy_kafka_events_response_produce_response_duration_bucket", .kafka, "events", .time("produce")),
    ("envoy_kafka_events_request_failure", .kafka, "events", .other("errors")),
  ])
  func aSeriesIsReadByItsName(
    text: String, kind: StoreTraffic.Kind, filter: String, measure: StoreSeries.Measure
  ) throws {
    let found = try #require(try Self.series(text))
    #expect(found.kind == kind)
    #expect(found.filter == filter)
    #expect(found.measure == measure)
  }

  @Test(arguments: [
    #"envoy_redis_command_get_error_fault{envoy_redis_prefix="s"}"#,
    #"envoy_redis_downstream_cx_active{envoy_redis_prefix="s"}"#, "envoy_postgres_pg_statements",
    "envoy_kafka_events_response_produce_response", "envoy_cluster_upstream_rq", "istio_requests_total",
    "envoy_postgres_pg_errors_fatal",
  ])
  func whatIsNoMeasureIsLeft(text: String) throws { #expect(try Self.series(text) == nil) }

  @Test func scrapedCountersBecomeOperationsASecond() async throws {
    let clock = Mutex(1000.0)
    let server = FakeServer { _ in
      let up = clock.withLock { $0 } - 900
      let text = """
        # TYPE envoy_redis_command_get_total counter
        envoy_redis_command_get_total{envoy_redis_prefix="sessions"} \(up * 8)
        envoy_redis_command_get_error{envoy_redis_prefix="sessions"} \(up)
        envoy_redis_command_get_latency_bucket{envoy_redis_prefix="sessions",le="1"} \(up * 4)
        envoy_redis_command_get_latency_bucket{envoy_redis_prefix="sessions",le="5"} \(up * 8)
        envoy_redis_command_get_latency_bucket{envoy_redis_prefix="sessions",le="+Inf"} \(up * 8)
        envoy_redis_command_set_total{envoy_redis_prefix="sessions"} \(up * 2)
        envoy_postgres_pg_statements_select \(up * 3)
        envoy_postgres_pg_sessions \(up)
        """
      return HTTPResponse(status: 200, body: Array(text.utf8))
    }
    let source = try Scrape(
      ScrapeSettings(urls: ["http://127.0.0.1:15020/stats/prometheus"]), options: server.options,
      now: { Instant(seconds: clock.withLock { $0 }) })
    _ = try await source.traffic(window: 60, plane: "p")
    clock.withLock { $0 += 10 }
    let report = try await source.traffic(window: 60, plane: "p")
    #expect(report.stores.map(\.kind) == [.redis, .postgres])
    let redis = try #require(report.stores.first)
    #expect(redis.operations.map(\.name) == ["get", "set"])
    #expect(abs(redis.operations[0].rate - 8) < 1e-6)
    #expect(abs((redis.operations[0].failures ?? 0) - 1) < 1e-6)
    #expect(abs((redis.operations[0].p99ms ?? 0) - 4.92) < 1e-6)
    #expect(redis.operations[1].failures == 0)
    #expect(abs((report.stores[1].others["sessions"] ?? 0) - 1) < 1e-6)
    #expect(report.edges.isEmpty)
  }

  @Test("Prometheus is asked for them only where one of their names exists")
  func prometheusPaysNothingWithoutThem() async throws {
    #expect(!StoreMetrics.isThere(["istio_requests_total", "response_total"]))
    #expect(StoreMetrics.isThere(["envoy_postgres_pg_sessions"]))
    let text = StoreMetrics.rates(window: 60).text
    #expect(text.contains("[60s:10s]"))
    #expect(text.contains("label_replace({__name__=~"))
  }

  @Test func aMosnsCountersAreFlowsOfItsClusters() throws {
    let body = """
      {"upstream":{"cluster.reviews.v1":{"request_total":"90","response_success":"80","response_failed":"5",
        "connection_bytes_write":"1000"},"cluster.reviews.v1.host.10.0.0.1:80":{"request_total":"7"},
        "cluster.old":{"request_total":"10","response_failed":"4"}},"downstream":{"proxy.global":{"request_total":"9"}}}
      """
    let lines = try MosnCounters.exposition(Array(body.utf8)).split(separator: "\n").map(String.init)
    #expect(
      lines == [
        #"envoy_cluster_v1_upstream_rq{envoy_cluster_name="reviews",envoy_response_code="200"} 80.0"#,
        #"envoy_cluster_v1_upstream_rq{envoy_cluster_name="reviews",envoy_response_code="500"} 5.0"#,
        #"envoy_cluster_v1_upstream_cx_tx_bytes_total{envoy_cluster_name="reviews"} 1000.0"#,
        #"envoy_cluster_upstream_rq{envoy_cluster_name="old",envoy_response_code="200"} 6.0"#,
        #"envoy_cluster_upstream_rq{envoy_cluster_name="old",envoy_response_code="500"} 4.0"#,
      ])
  }

  @Test func aMosnIsMeasuredByItsAdministration() async throws {
    let clock = Mutex(1000.0)
    let server = FakeServer { request in
      let up = Int(clock.withLock { $0 } - 900)
      let body =
        request.url.hasSuffix("/api/v1/stats")
        ? #"{"upstream":{"cluster.reviews.v1":{"response_success":"\#(up * 9)","response_failed":"\#(up)"}}}"# : "{}"
      return HTTPResponse(status: 200, body: Array(body.utf8))
    }
    var counters = EnvoyCounters(namespace: "shop", workload: "web", clusters: ["reviews.v1": "reviews.v1"])
    counters.isMosn = true
    let url = EnvoyCounters.url(mosn: "http://127.0.0.1:34901")
    var settings = ScrapeSettings(urls: [url])
    settings.envoys = [url: counters]
    let source = try Scrape(
      settings, options: server.options, now: { Instant(seconds: clock.withLock { $0 }) })
    _ = try await source.traffic(window: 60, plane: "m")
    clock.withLock { $0 += 10 }
    let edge = try #require(try await source.traffic(window: 60, plane: "m").edges.first)
    #expect(edge.source.workload == "web")
    #expect(edge.destination.workload == "reviews.v1")
    #expect(abs(edge.traffic.requestsPerSecond - 10) < 1e-6)
    #expect(abs((edge.traffic.errorRate() ?? 0) - 0.1) < 1e-6)
  }
}
