import MeshModel
import Synchronization
import Testing

@testable import MeshPlanes

@Suite struct EnvoyConditionTests {
  static func clusters(_ total: Int, _ failed: Int) -> String {
    """
    {"cluster_statuses":[
      {"name":"a","observability_name":"a_stat","circuit_breakers":{"thresholds":[{"max_connections":100,"max_requests":50}]},
       "host_statuses":[
        {"address":{"socket_address":{"address":"10.0.0.1","port_value":80}},"health_status":{"eds_health_status":"HEALTHY"},
         "stats":[{"name":"rq_total","value":"\(total)"},{"name":"rq_error","value":"\(failed)"},{"name":"cx_total"}]},
        {"address":{"socket_address":{"address":"10.0.0.2","port_value":80}},
         "health_status":{"failed_outlier_check":true,"eds_health_status":"HEALTHY"},"stats":[{"name":"rq_total"}]}]},
      {"name":"quiet","host_statuses":[]}]}
    """
  }

  static let stats = """
    {"stats":[{"name":"control_plane.connected_state","value":1},
      {"name":"cluster.a_stat.outlier_detection.ejections_active","value":1},
      {"name":"cluster.a_stat.circuit_breakers.default.cx_open","value":1},
      {"name":"cluster.quiet.circuit_breakers.default.cx_open","value":0}]}
    """
  static let times = """
    {"stats":[{"histograms":{"supported_quantiles":[0,50,95,99],"computed_quantiles":[
      {"name":"cluster.a_stat.upstream_rq_time","values":[{"interval":null,"cumulative":1},{"interval":null,"cumulative":2.5},
        {"interval":null,"cumulative":20},{"interval":null,"cumulative":90}]}]}}]}
    """

  static func read(ready: String? = "LIVE\n", restarted: Bool = false) async throws -> ProxyCondition {
    let looks = Mutex(0)
    return try await EnvoyCondition { path throws(MeshError) in
      if path.hasPrefix("/clusters") {
        let look = looks.withLock { count in
          count += 1
          return count
        }
        return Array(Self.clusters(look == 1 ? 1000 : restarted ? 3 : 1100, look == 1 ? 10 : restarted ? 0 : 35).utf8)
      }
      if path == "/ready" {
        guard let ready else { throw MeshError(.unreachable, "/ready answers 503: PRE_INITIALIZING") }
        return Array(ready.utf8)
      }
      if path == "/server_info" {
        return Array(
          #"{"version":"abc/1.40.0/Clean/RELEASE/BoringSSL","state":"LIVE","uptime_current_epoch":"75s"}"#.utf8)
      }
      return Array((path.contains("usedonly") ? Self.times : Self.stats).utf8)
    }.read()
  }

  @Test func tellsTheProcessAndWhatItCalls() async throws {
    let condition = try await Self.read()
    #expect(condition.state == "LIVE" && condition.isReady == true && condition.version == "1.40.0")
    #expect(condition.uptime == 75)
    #expect(condition.hearsControlPlane == true)
    let busy = try #require(condition.upstreams.first)
    #expect(busy.name == "a" && busy.isInTrouble)
    #expect(busy.hosts == 2 && busy.faults == ["10.0.0.2:80 ejected as an outlier"])
    #expect(busy.limits == "100 connections, 50 requests")
    #expect(busy.pressure == "1 host ejected as outliers; circuit breaker open: connections")
    #expect(busy.requests == 1000)
    #expect(abs((busy.errorRate ?? 0) - 0.25) < 1e-9, "of the requests between the looks")
    let rps = try #require(busy.rps)
    #expect(rps > 1 && rps <= 100)
    #expect(busy.quantiles == [0: 1, 50: 2.5, 95: 20, 99: 90])
    #expect(condition.upstreams.last?.name == "quiet")
    #expect(condition.upstreams.last?.errorRate == nil)
  }

  @Test func oneThatIsNotReadySaysSo() async throws { #expect(try await Self.read(ready: nil).isReady == false) }

  @Test func countersThatGoBackGiveNoRate() async throws {
    let busy = try #require(try await Self.read(restarted: true).upstreams.first)
    #expect(busy.rps == nil)
    #expect(busy.errorRate == 0.01, "of all since it started")
  }
}
