import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshTelemetry

/// Calls as Consul's sidecars count them: Envoy's own counters with the labels that Consul adds.
@Suite struct ConsulTrafficTests {
  @Test func aSubsetIsAWorkloadOfItsOwn() throws {
    let line =
      #"envoy_cluster_upstream_rq{local_cluster="orders",consul_source_service="orders",consul_destination_service="stock","#
      + #"consul_destination_service_subset="v2",consul_destination_namespace="team",envoy_response_code="503"}"#
    let series = try #require(SeriesName(Array(line.utf8)))
    let labels = try #require(ConsulMetric.labels(series))
    #expect(labels["source_workload"] == "orders" && labels["destination_workload"] == "stock-v2")
    #expect(labels["destination_service_name"] == "stock" && labels["destination_service_namespace"] == "team")
    #expect(labels["response_code"] == "503" && labels["reporter"] == "source")
  }

  @Test(arguments: [
    #"envoy_cluster_upstream_rq{local_cluster="orders",envoy_cluster_name="local_app",envoy_response_code="200"}"#,
    #"envoy_cluster_upstream_rq{envoy_cluster_name="self_admin"}"#,
  ])
  func whatIsNoCallIntoTheMeshIsLeftOut(line: String) throws {
    let series = try #require(SeriesName(Array(line.utf8)))
    #expect(ConsulMetric.labels(series) == nil)
  }

  @Test func ratesOutcomesAndLatenciesComeOfTwoScrapes() async throws {
    let time = Mutex(1_000.0)
    let ends =
      #"consul_source_service="orders",consul_destination_service="stock",consul_destination_service_subset="v1""#
    let server = FakeServer { _ in
      let up = time.withLock { $0 } - 900
      let text = """
        # TYPE envoy_cluster_upstream_rq counter
        envoy_cluster_upstream_rq{\(ends),envoy_response_code="200"} \(up * 9)
        envoy_cluster_upstream_rq{\(ends),envoy_response_code="503"} \(up)
        envoy_cluster_upstream_rq_time_bucket{\(ends),le="25"} \(up * 5)
        envoy_cluster_upstream_rq_time_bucket{\(ends),le="50"} \(up * 10)
        envoy_cluster_upstream_rq_time_bucket{\(ends),le="+Inf"} \(up * 10)
        envoy_server_uptime 9
        """
      return HTTPResponse(status: 200, body: Array(text.utf8))
    }
    let source = try Scrape(
      ScrapeSettings(urls: ["http://127.0.0.1:20200/metrics"], vocabulary: .consul), options: server.options,
      now: { Instant(seconds: time.withLock { $0 }) })
    _ = try await source.traffic(window: 60, plane: "vms")
    time.withLock { $0 += 10 }
    let report = try await source.traffic(window: 60, plane: "vms")
    let edge = try #require(report.edges.first)
    #expect(report.edges.count == 1 && edge.destination.workload == "stock-v1" && edge.source.workload == "orders")
    #expect(abs(edge.traffic.requestsPerSecond - 10) < 0.01)
    #expect(abs((edge.traffic.errorRate() ?? 0) - 0.1) < 0.001)
    #expect(edge.traffic.p50ms == 25)
  }

  /// The labels of a call to a peer, as Consul's own test of its tags has them. Source: hashicorp/consul,
  /// `command/connect/envoy/bootstrap_config_test.go`, cluster `pong.default.cloudpeer.external.….consul`.
  static let peered =
    #"consul_source_service="ping",consul_destination_service="pong",consul_destination_namespace="default","#
    + #"consul_destination_peer="cloudpeer",consul_destination_routing_type="external""#

  @Test func aPeersServiceIsNamedWithItsPeer() throws {
    let series = try #require(
      SeriesName(Array("envoy_cluster_upstream_rq{\(Self.peered),envoy_response_code=\"200\"}".utf8)))
    let labels = try #require(ConsulMetric.labels(series))
    #expect(
      labels["destination_workload"] == "pong@cloudpeer" && labels["destination_service_name"] == "pong@cloudpeer")
    let queries = IstioQueries(window: 60, vocabulary: .consul)
    let there = queries.history(of: FlowSelector(service: "pong@cloudpeer"), failuresOnly: false).text
    #expect(there.contains(#"consul_destination_service="pong",consul_destination_peer="cloudpeer""#), "\(there)")
    let here = queries.history(of: FlowSelector(service: "pong"), failuresOnly: false).text
    #expect(here.contains(#"consul_destination_service="pong",consul_destination_peer="""#), "\(here)")
  }

  @Test func bytesAreOfTCPWhereNoRequestIsCounted() async throws {
    let time = Mutex(1_000.0)
    let web = #"consul_source_service="orders",consul_destination_service="stock""#
    let ledger = #"consul_source_service="orders",consul_destination_service="ledger""#
    let server = FakeServer { _ in
      let up = time.withLock { $0 } - 900
      let text = """
        envoy_cluster_upstream_rq{\(web),envoy_response_code="200"} \(up)
        envoy_cluster_upstream_cx_tx_bytes_total{\(web)} \(up * 10)
        envoy_cluster_upstream_cx_tx_bytes_total{\(ledger)} \(up * 500)
        envoy_cluster_upstream_cx_rx_bytes_total{\(ledger)} \(up * 200)
        envoy_cluster_upstream_cx_total{\(ledger)} \(up * 2)
        """
      return HTTPResponse(status: 200, body: Array(text.utf8))
    }
    let source = try Scrape(
      ScrapeSettings(urls: ["http://127.0.0.1:20200/metrics"], vocabulary: .consul), options: server.options,
      now: { Instant(seconds: time.withLock { $0 }) })
    _ = try await source.traffic(window: 60, plane: "vms")
    time.withLock { $0 += 10 }
    let edges = try await source.traffic(window: 60, plane: "vms").edges
    #expect(edges.map(\.transport).sorted() == ["http", "tcp"])
    let store = try #require(edges.first { $0.transport == "tcp" })
    #expect(store.destination.workload == "ledger" && store.traffic.requestsPerSecond == 0)
    #expect(abs((store.traffic.bytesInPerSecond ?? 0) - 500) < 0.01)
    #expect(abs((store.traffic.bytesOutPerSecond ?? 0) - 200) < 0.01)
  }

  @Test func aWorkloadsHistoryIsAskedForEachWayItsNameMayBeCut() {
    let query = IstioQueries(window: 60, vocabulary: .consul).history(
      of: FlowSelector(workload: "card-stock-v1"), failuresOnly: true)
    for part in [
      #"consul_destination_service="card-stock-v1",consul_destination_service_subset="""#,
      #"consul_destination_service="card",consul_destination_service_subset="stock-v1""#,
      #"consul_destination_service="card-stock",consul_destination_service_subset="v1""#,
      #"envoy_response_code=~"5..""#,
    ] { #expect(query.text.contains(part), "\(query.text)") }
  }
}
