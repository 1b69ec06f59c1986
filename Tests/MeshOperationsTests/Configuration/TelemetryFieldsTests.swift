import Foundation
import MeshModel
import MeshPlanes
import MeshTelemetry
import MeshTransport
import Synchronization
import Testing

@testable import MeshOperations

/// What the configuration says of sources of measurements: all of it counts, or is refused.
@Suite struct TelemetryFieldsTests {
  static func parse(_ telemetry: String, kind: String = "kubernetes") throws -> TelemetrySetting {
    let text = "planes:\n  - name: a\n    kind: \(kind)\n    telemetry: {\(telemetry)}\n"
    return try #require(try ConfigurationFile.parse(text, path: "c.yaml").planes.first?.telemetry)
  }

  static let faults: [(String, String)] = [
    (
      "scrape: {url: x, awsRegion: eu-west-1}",
      "c.yaml:4:45: awsRegion is for prometheus alone; scrape has bearerTokenEnv"
    ),
    ("scrape: {url: x, namespace: n}", "namespace is for cloudwatch alone"),
    ("scrape: {url: x, header: {a: b}}", "unknown field header; known are"),
    ("prometheus: {urls: [a, b]}", "c.yaml:4:36: prometheus is asked at one url, and these are 2: say the one"),
    ("prometheus: {url: [a, b]}", "prometheus is asked at one url, and these are 2: say the one"),
    ("prometheus: {url: a, urls: [b]}", "say url or urls, not both"),
    ("prometheus: {url: a, namespace: n}", "namespace is for cloudwatch alone"),
    ("cloudwatch: {namespace: n, urls: [a, b]}", "cloudwatch is asked at one url, and these are 2"),
    ("cloudwatch: {url: a}", "cloudwatch needs a namespace"),
    (
      "cloudwatch: {namespace: n, headers: {a: b}}",
      "headers is for prometheus and scrape alone; cloudwatch has namespace, url"
    ),
    ("cloudwatch: {namespace: n, awsRegion: r}", "awsRegion is for prometheus alone"),
    ("cloudwatch: {namespace: n, caFile: c}", "caFile is for prometheus and scrape alone"),
    ("cloudwatch: {namespace: n, bearerTokenEnv: T}", "bearerTokenEnv is for prometheus and scrape alone"),
    ("cloudwatch: {namespace: n, username: u}", "username is for prometheus and scrape alone"),
    ("trafficMetrics: {url: a}", "trafficMetrics has no fields"),
    ("prometheus: {url: a}, scrape: {url: b}", "telemetry is one of prometheus, scrape, cloudwatch and trafficMetrics"),
    (
      "prometheus: {url: a, bearerTokenFile: t, awsRegion: r}",
      "in one way, not by bearerTokenFile and awsRegion: say one"
    ),
    ("scrape: {url: a, bearerTokenFile: t, bearerTokenEnv: T}", "not by bearerTokenFile and bearerTokenEnv: say one"),
    (
      "scrape: {url: a, username: u, passwordEnv: P, headers: {authorization: x}}",
      "username and headers: Authorization"
    ),
    ("scrape: {url: a, username: u}", "username goes with passwordFile or passwordEnv"),
    ("scrape: {url: a, passwordEnv: P}", "username goes with passwordFile or passwordEnv"),
    ("scrape: {url: a, username: u, passwordEnv: P, passwordFile: p}", "say passwordFile or passwordEnv"),
    ("scrape: {url: \"http://u:p@h/\"}", "a url of scrape holds a user or password; say username"),
  ]

  @Test(arguments: faults) func whatASourceCannotUseIsRefusedWithItsPlace(telemetry: String, words: String) {
    #expect {
      try Self.parse(telemetry)
    } throws: {
      ($0 as? MeshError)?.code == .usage && "\($0)".hasPrefix("c.yaml:4:") && "\($0)".contains(words)
    }
  }

  @Test func cloudMonitoringIsAskedWithThePlanesOwnCredentials() throws {
    let google = "prometheus: {url: \"https://monitoring.googleapis.com/v1/projects/p\", "
    for (field, name) in [("bearerTokenFile: t", "bearerTokenFile"), ("awsRegion: r", "awsRegion")] {
      #expect {
        try Self.parse(google + field + "}", kind: "traffic-director")
      } throws: {
        "\($0)".contains("with the plane's own credentials: leave \(name) out")
      }
      // On other planes it is a Prometheus as any other.
      #expect(try Self.parse(google + field + "}").urls.count == 1)
    }
    #expect(
      try Self.parse(google + "headers: {X-Goog-User-Project: p}}", kind: "traffic-director").headers.count == 1)
  }

  @Test func aSettingThatIsMadeInCodeIsHeldToTheSame() {
    for telemetry in [
      TelemetrySetting(kind: .prometheus, urls: ["https://a.example", "https://b.example"]),
      TelemetrySetting(kind: .prometheus, urls: []),
      TelemetrySetting(kind: .scrape, urls: ["https://a.example"], awsRegion: "eu-west-1"),
    ] {
      let plane = PlaneSetting(
        name: "edge", kind: .envoy, telemetry: telemetry,
        envoy: [EnvoySetting(url: "http://127.0.0.1:9901", workload: "")])
      #expect {
        try PlaneRegistry.connect(plane, configuration: Configuration(planes: [plane]), environment: [:])
      } throws: {
        ($0 as? MeshError)?.code == .usage
      }
    }
  }

  /// Headers, credentials and authorities of a scrape, as configured, on the way to its addresses and to no other.
  @Test func whatIsSaidOfAScrapeGoesWithItsRequests() async throws {
    let bench = Workbench()
    defer { withExtendedLifetime(bench) {} }
    try FileManager.default.createDirectory(atPath: bench.folder, withIntermediateDirectories: true)
    try Data("canary-token\n".utf8).write(to: URL(filePath: bench.folder + "/token"))
    try Data("authorities".utf8).write(to: URL(filePath: bench.folder + "/ca.pem"))
    let setting = try Self.parse(
      """
      scrape: {urls: ["https://a.example/metrics", "https://b.example/metrics"], headers: {X-Scope-OrgID: shop}, \
      bearerTokenFile: \(bench.folder)/token, caFile: \(bench.folder)/ca.pem}
      """)
    let sites = FakeSites { _ in HTTPResponse(status: 200, body: Array("istio_build 1\n".utf8)) }
    let trusted = Mutex<[[UInt8]]>([])
    let source = try PlaneRegistry.telemetry(setting, environment: [:]) { settings in
      trusted.withLock { $0.append(settings.tls.authorities ?? []) }
      return sites
    }
    _ = try await source.traffic(window: 60, plane: "a")
    let asked = sites.requests.withLock { $0 }
    #expect(asked.map(\.url).sorted() == setting.urls)
    #expect(asked.allSatisfy { $0.headers["X-Scope-OrgID"] == "shop" })
    #expect(asked.allSatisfy { $0.headers["Authorization"] == "Bearer canary-token" })
    let authorities = Array("authorities".utf8)
    #expect(trusted.withLock { $0 } == [authorities, authorities])
    // What Traffic Director's Envoys export is scraped at addresses of their own.
    let settings = try PlaneRegistry.scrape(setting, urls: [], environment: [:])
    #expect(settings.headers.map { $0.name } == ["X-Scope-OrgID"])
  }
}
