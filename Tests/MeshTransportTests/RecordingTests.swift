import MeshTransport
import Synchronization
import Testing

/// What a recording keeps, and whose answers a replay gives.
@Suite struct RecordingTests {
  /// The recording of requests, each answered with its address and its body.
  static func recording(_ requests: [HTTPRequest]) async throws -> [UInt8] {
    let lines = Mutex<[UInt8]>([])
    let recorder = ExchangeRecorder { line in lines.withLock { $0 += line } }
    let inner = ScriptedTransport { request, _ in .success(HTTPResponse(status: 200, body: answer(to: request))) }
    let transport = RecordingTransport(inner, recorder: recorder)
    for request in requests { _ = try await transport.send(request) }
    return lines.withLock { $0 }
  }

  static func answer(to request: HTTPRequest) -> [UInt8] {
    let asked = request.url + " " + String(decoding: request.body ?? [], as: UTF8.self)
    return Array("{\"asked\":\"\(asked.replacing("\"", with: "'"))\"}".utf8)
  }

  static func post(_ url: String, _ type: String, _ body: String) -> HTTPRequest {
    HTTPRequest(.post, url, headers: ["Content-Type": type], body: Array(body.utf8))
  }

  static func query(_ fields: String, at path: String = "query") -> HTTPRequest {
    post("https://p/prom/api/v1/\(path)", "application/x-www-form-urlencoded", fields)
  }

  @Test func eachServerAnswersForItself() async throws {
    let requests = ["a", "b"].map { HTTPRequest(.get, "https://\($0)/version") }
    let own = HTTPRequest(.get, "https://a/apis")
    let replay = try ReplayTransport(recording: try await Self.recording(requests + [own]))
    for request in requests.reversed() { #expect(try await replay.send(request).body == Self.answer(to: request)) }
    #expect(try await replay.send(HTTPRequest(.get, "https://c/apis")).body == Self.answer(to: own))
    for url in ["https://b/apis", "https://c/version"] {
      await #expect { try await replay.send(HTTPRequest(.get, url)) } throws: {
        ($0 as? TransportError)?.code == .notRecorded
      }
    }
  }

  @Test func eachQuestionHasItsOwnAnswer() async throws {
    let review = "https://k/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    let requests = [
      Self.query("query=up&timeout=30s"), Self.query("query=down&timeout=30s"),
      Self.query("query=up&start=1&end=2&step=1", at: "query_range"),
      Self.query("query=down&start=1&end=2&step=1", at: "query_range"),
      Self.post(review, "application/json", #"{"spec":{"verb":"get"}}"#),
      Self.post(review, "application/json", #"{"spec":{"verb":"patch"}}"#),
    ]
    let replay = try ReplayTransport(recording: try await Self.recording(requests))
    for request in requests.reversed() { #expect(try await replay.send(request).body == Self.answer(to: request)) }
    let later = Self.query("query=up&start=8&end=9&step=1", at: "query_range")
    #expect(try await replay.send(later).body == Self.answer(to: requests[2]))
    await #expect(throws: TransportError.self) { try await replay.send(Self.query("query=other&timeout=30s")) }
  }

  @Test func whatHandsOutCredentialsAndOtherFormsAreNotRecorded() async throws {
    var request = HTTPRequest(.put, "http://169.254.169.254/latest/api/token")
    request.isForCredentials = true
    #expect(try await Self.recording([request]).isEmpty)
    let form = Self.post("https://h/login", "application/x-www-form-urlencoded", "user=canary")
    let lines = Mutex<[UInt8]>([])
    let keys = ScriptedTransport { _, _ in
      .success(
        HTTPResponse(
          status: 200, headers: ["Content-Type": "text/plain"],
          body: Array(#"{"AccessKeyId":"canary","SecretAccessKey":"canary","Token":"canary"}"#.utf8)))
    }
    let transport = RecordingTransport(keys, recorder: ExchangeRecorder { line in lines.withLock { $0 += line } })
    _ = try await transport.send(form)
    _ = try await transport.stream(request).collect(limit: 1000)
    let text = String(decoding: lines.withLock { $0 }, as: UTF8.self)
    #expect(text.contains("/login") && !text.contains("canary") && !text.contains("169.254.169.254"))
  }

  /// A source that nobody may ask.
  private struct Unasked: CredentialSource {
    func credential(refresh: Bool) async throws(TransportError) -> Credential {
      Issue.record("credentials were asked for")
      throw TransportError(.credentials, "none here")
    }
  }

  @Test func aReplayAsksForNoCredentials() async throws {
    let request = HTTPRequest(.get, "https://k/version")
    let replay = try ReplayTransport(recording: try await Self.recording([request]))
    var options = Session.Options { _ in replay }
    options.credentials = Unasked()
    let session = try Session(base: "https://k", options: options)
    #expect(try await session.send(request).body == Self.answer(to: request))
    let recorder = ExchangeRecorder { _ in }
    #expect(!replay.needsCredentials && !RecordingTransport(replay, recorder: recorder).needsCredentials)
    #expect(CurlTransport().needsCredentials)
  }
}
