import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// A fleet of a thousand, played by a server that takes its time.
@Suite struct FleetSizeTests {
  static func answer(_ origin: String, _ path: String) -> (status: Int, text: String)? {
    // One in a hundred is down.
    if origin.hasSuffix("7:9901"), origin.hasPrefix("10.0.") == false { return nil }
    if path.hasPrefix("/server_info") {
      return (
        200,
        #"{"version":"abc/1.40.0/Clean/RELEASE/BoringSSL","state":"LIVE","uptime_current_epoch":"9s","node":{"id":"\#(origin)","cluster":"edge"}}"#
      )
    }
    if path.hasPrefix("/stats") { return (200, #"{"stats":[{"name":"server.uptime","value":9}]}"#) }
    if path.contains("route_configs") {
      return (
        200,
        #"{"configs":[{"static_route_configs":[{"route_config":{"name":"r","virtual_hosts":[{"name":"all","domains":["*"],"routes":[{"name":"x","match":{"prefix":"/"},"route":{"weighted_clusters":{"clusters":[{"name":"a","weight":80},{"name":"b","weight":20}]}}}]}]}}]}]}"#
      )
    }
    if path.hasPrefix("/config_dump") { return (200, #"{"configs":[]}"#) }
    if path.hasPrefix("/clusters") { return (200, #"{"cluster_statuses":[]}"#) }
    return (200, "{}")
  }

  @Test func aThousandProxiesAreReadSomeAtATime() async throws {
    let ports = AdminPorts(pause: .milliseconds(2), Self.answer)
    let places = (0..<1000).map { "http://10.0.\($0 / 250).\($0 % 250):9901" }
    let plane = try EnvoyPlane(
      name: "edge", places: places, options: ports.options, now: { Instant(seconds: 1000) })
    let begun = ContinuousClock.now
    let report = await plane.programmed(for: [], in: MeshSnapshot())
    let taken = begun.duration(to: .now)
    let counts = ports.counts
    #expect(report.asked.count == 1000)
    #expect(report.routes.count == 1000)
    // Sixteen proxies at a time, each with its parts side by side.
    #expect(counts.most <= 16 * 8, "\(counts.most) questions at once")
    #expect(counts.all >= 9000)
    print("a fleet of 1,000 proxies: \(counts.all) questions in \(taken), at most \(counts.most) at once")
    let again = ContinuousClock.now
    let certificates = await plane.certificates(of: report.asked)
    print("certificates of 1,000 proxies: \(again.duration(to: .now))")
    #expect(certificates.count == 1000)
  }

  @Test func thoseThatAreDownAreNamedAndHideNone() async throws {
    let ports = AdminPorts(Self.answer)
    let places = (0..<200).map { "http://10.1.0.\($0):9901" }
    let plane = try EnvoyPlane(
      name: "edge", places: places, options: ports.options, now: { Instant(seconds: 1000) })
    let report = await plane.programmed(for: [], in: MeshSnapshot())
    #expect(report.asked.count == 180)
    #expect(report.gaps.count == 20)
  }
}
