import Foundation
import MeshModel
import MeshTelemetry
import MeshTransport
import Synchronization
import Testing

@testable import MeshOperations

/// What the settings of telemetry in a file come to when the source asks: trust, who asks, tenant and signature.
@Suite(.timeLimit(.minutes(10))) struct TelemetrySettingsTests {
  /// A server of metrics that keeps each request with the settings of the connection it came over.
  final class Metrics: Sendable {
    private let seen = Mutex<[(request: HTTPRequest, settings: ConnectionSettings)]>([])
    var requests: [(request: HTTPRequest, settings: ConnectionSettings)] { seen.withLock { $0 } }

    func note(_ request: HTTPRequest, _ settings: ConnectionSettings) {
      seen.withLock { $0.append((request, settings)) }
    }

    /// A connection to it.
    struct Connection: HTTPTransport {
      let metrics: Metrics
      let settings: ConnectionSettings

      func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        metrics.note(request, settings)
        let answer: JSONValue = ["status": "success", "data": ["resultType": "vector", "result": []]]
        return HTTPResponse(status: 200, body: JSONWriter.bytes(answer))
      }

      func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
        metrics.note(request, settings)
        return HTTPStream(status: 200, chunks: [])
      }
    }
  }

  /// A folder of a test's own, removed with it.
  final class Folder: Sendable {
    let path = FileManager.default.temporaryDirectory.path + "/meshdeck-tests-" + UUID().uuidString

    init() throws {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws {
      try Data(text.utf8).write(to: URL(filePath: path + "/" + name))
    }
  }

  /// The source that a plane's telemetry comes to; its requests go to `metrics`.
  static func source(
    _ telemetry: String, _ metrics: Metrics, environment: [String: String] = [:]
  ) throws -> any TelemetrySource {
    let text = """
      planes:
        - name: edge
          kind: envoy
          envoy: [{url: "http://127.0.0.1:9901"}]
          telemetry: {\(telemetry)}
      """
    let configuration = try ConfigurationFile.parse(text, path: "c.yaml")
    let plane = try #require(configuration.planes.first)
    let connection = try PlaneRegistry.connect(
      plane, configuration: configuration, environment: environment,
      transport: { Metrics.Connection(metrics: metrics, settings: $0) })
    return try #require(connection.telemetry)
  }

  /// The Prometheus of such telemetry, beside its address: the members that are given.
  static func prometheus(
    _ members: String, _ metrics: Metrics, environment: [String: String] = [:]
  ) throws -> Prometheus {
    let source = try Self.source(
      "prometheus: {url: \"https://metrics.example/prom\", \(members)}", metrics, environment: environment)
    return try #require(source as? Prometheus)
  }

  /// The one request of one query, with the settings of the connection it went over.
  static func asked(
    _ members: String, environment: [String: String] = [:]
  ) async throws -> (request: HTTPRequest, settings: ConnectionSettings) {
    let metrics = Metrics()
    _ = try await prometheus(members, metrics, environment: environment).single("up")
    let requests = metrics.requests
    #expect(requests.map { $0.request.url } == ["https://metrics.example/prom/api/v1/query"])
    return try #require(requests.last)
  }

  @Test func withoutFurtherSettingsNobodyIsNamedAndTheSystemsAuthoritiesAreTrusted() async throws {
    let asked = try await Self.asked("headers: {}")
    #expect(asked.settings == ConnectionSettings())
    #expect(asked.request.headers["Authorization"] == nil)
  }

  @Test func theAuthoritiesOfACAFileAreTrusted() async throws {
    let folder = try Folder()
    try folder.write("ca.pem", "PEM")
    for (path, home) in [("\(folder.path)/ca.pem", "/nowhere"), ("~/ca.pem", folder.path)] {
      let asked = try await Self.asked("caFile: \(path)", environment: ["HOME": home])
      #expect(asked.settings.tls == TLSSettings(authorities: Array("PEM".utf8)), "\(path)")
    }
    let error = #expect(throws: MeshError.self) {
      try Self.prometheus("caFile: \(folder.path)/none", Metrics())
    }
    #expect(error?.code == .usage)
    #expect(error?.message == "the certificate authorities \(folder.path)/none cannot be read")
  }

  @Test func aTokenFileIsReadForEachRequest() async throws {
    let folder = try Folder()
    let metrics = Metrics()
    let source = try Self.prometheus("bearerTokenFile: ~/token", metrics, environment: ["HOME": folder.path])
    for token in ["one", "two"] {
      try folder.write("token", "\(token)\n")
      _ = try await source.single("up")
    }
    #expect(metrics.requests.map { $0.request.headers["Authorization"] } == ["Bearer one", "Bearer two"])
  }

  @Test func aPasswordInAFileIsSentWithoutTheEndOfItsLine() async throws {
    let folder = try Folder()
    try folder.write("password", "open sesame\n")
    for (path, home) in [("\(folder.path)/password", "/nowhere"), ("~/password", folder.path)] {
      let asked = try await Self.asked("username: mona, passwordFile: \(path)", environment: ["HOME": home])
      #expect(asked.request.headers.all("Authorization") == ["Basic bW9uYTpvcGVuIHNlc2FtZQ=="], "\(path)")
    }
  }

  @Test func aPasswordInAVariableIsSent() async throws {
    let asked = try await Self.asked(
      "username: mona, passwordEnv: METRICS_PASSWORD", environment: ["METRICS_PASSWORD": "open sesame"])
    #expect(asked.request.headers.all("Authorization") == ["Basic bW9uYTpvcGVuIHNlc2FtZQ=="])
  }

  @Test(arguments: [
    ("passwordEnv: METRICS_PASSWORD", "the password for mona is to be in METRICS_PASSWORD, which is not set"),
    ("passwordFile: /nowhere/password", "there is no password for mona"),
  ])
  func aUserWithoutAPasswordIsRefusedBeforeAnythingIsAsked(_ member: String, _ words: String) {
    let metrics = Metrics()
    let error = #expect(throws: MeshError.self) { try Self.prometheus("username: mona, \(member)", metrics) }
    #expect(error?.code == .unauthenticated)
    #expect(error?.message == words)
    #expect(metrics.requests.isEmpty)
  }

  @Test func configuredHeadersGoWithEveryQuery() async throws {
    let asked = try await Self.asked("headers: {X-Scope-OrgID: shop, X-Team: \"east: 1\"}")
    #expect(asked.request.headers.all("X-Scope-OrgID") == ["shop"])
    #expect(asked.request.headers.all("X-Team") == ["east: 1"])
  }

  @Test func theHeadersOfATenantGoWithATokenToo() async throws {
    let folder = try Folder()
    try folder.write("token", "t0ken")
    let asked = try await Self.asked("bearerTokenFile: \(folder.path)/token, headers: {X-Scope-OrgID: shop}")
    #expect(asked.request.headers.all("X-Scope-OrgID") == ["shop"])
    #expect(asked.request.headers.all("Authorization") == ["Bearer t0ken"])
  }

  @Test func requestsAreSignedForAmazonsPrometheusInItsRegion() async throws {
    let folder = try Folder()
    try folder.write("ca.pem", "PEM")
    let asked = try await Self.asked(
      "awsRegion: eu-west-1, caFile: \(folder.path)/ca.pem",
      environment: [
        "AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "canary", "AWS_SESSION_TOKEN": "session",
        "AWS_REGION": "us-east-1",
      ])
    let signing = AWSSigning(
      accessKey: "AKENV", secretKey: Secret("canary"), sessionToken: Secret("session"), region: "eu-west-1",
      service: "aps")
    #expect(asked.settings.awsSigning == signing)
    // The connection that signs trusts whom the setting says.
    #expect(asked.settings.tls.authorities == Array("PEM".utf8))
    #expect(asked.request.headers["Authorization"] == nil, "the signature is made where it is sent")
  }

  @Test func theKeysOfTheProfileInUseSignWhereTheEnvironmentHasNone() async throws {
    let folder = try Folder()
    try folder.write("keys", "[default]\naws_access_key_id = AKONE\naws_secret_access_key = one\n")
    try folder.write("config", "[profile ops]\naws_access_key_id = AKOPS\naws_secret_access_key = ops\n")
    let files = [
      "AWS_SHARED_CREDENTIALS_FILE": "\(folder.path)/keys", "AWS_CONFIG_FILE": "\(folder.path)/config",
    ]
    let usual = try await Self.asked("awsRegion: eu-west-1", environment: files)
    #expect(usual.settings.awsSigning?.accessKey == "AKONE")
    let named = try await Self.asked("awsRegion: eu-west-1", environment: files.merging(["AWS_PROFILE": "ops"]) { $1 })
    #expect(named.settings.awsSigning?.accessKey == "AKOPS")
  }

  @Test func aProfileThatNoFileNamesIsRefused() {
    let error = #expect(throws: MeshError.self) {
      try Self.prometheus("awsRegion: eu-west-1", Metrics(), environment: ["AWS_PROFILE": "ops"])
    }
    #expect(error?.code == .usage)
    #expect(error?.message.contains("no profile ops") == true, "\(error?.message ?? "")")
  }

  @Test func whatIsScrapedIsTrustedAndAskedForAsConfigured() async throws {
    let folder = try Folder()
    try folder.write("ca.pem", "PEM")
    try folder.write("token", "t0ken")
    let metrics = Metrics()
    let source = try Self.source(
      """
      scrape: {url: "https://proxy.example/stats/prometheus", caFile: \(folder.path)/ca.pem, \
      bearerTokenFile: \(folder.path)/token}
      """, metrics)
    _ = try await source.traffic(window: 60, plane: "edge")
    let asked = try #require(metrics.requests.last)
    #expect(asked.request.url == "https://proxy.example/stats/prometheus")
    #expect(asked.settings.tls.authorities == Array("PEM".utf8))
    #expect(asked.request.headers.all("Authorization") == ["Bearer t0ken"])
  }
}
