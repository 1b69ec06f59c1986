import MeshTransport
import Synchronization
import Testing

/// No canary comes out anywhere: not in descriptions, errors or recordings, in no encoding.
@Suite struct SecrecyTests {
  static let canary = "canary-7f3a"
  static let forms = [
    canary, "Y2FuYXJ5LTdmM2", "NhbmFyeS03ZjNh", "jYW5hcnktN2Yz", "63616e6172792d37663361", "%63%61%6e",
  ]

  func leaks(_ text: String) -> [String] { Self.forms.filter { text.contains($0) } }

  func dumped(_ value: Any) -> String {
    var text = ""
    dump(value, to: &text)
    return text + "\(value)" + String(reflecting: value)
  }

  @Test func nothingSecretIsPrinted() {
    let secret = Secret(Self.canary)
    #expect("\(secret)" == "‹secret›")
    let identity = ClientIdentity(certificate: [], key: secret)
    let signing = AWSSigning(
      accessKey: "AKID", secretKey: secret, sessionToken: secret, region: "eu-west-1", service: "aps")
    let values: [Any] = [
      secret, identity, signing, Credential.bearer(secret), Credential.basic(user: "u", password: secret),
      Credential(fields: [.init("X-Consul-Token", secret)], identity: identity, awsSigning: signing),
      ConnectionSettings(
        tls: TLSSettings(identity: identity), proxy: .url(Secret("http://u:\(Self.canary)@p:1")), awsSigning: signing),
      HTTPHeaders([("Authorization", Self.canary), ("Cookie", Self.canary), ("X-Consul-Token", Self.canary)]),
      HTTPRequest(
        .post, "https://h/x?token=\(Self.canary)", headers: ["X-Vault-Token": Self.canary],
        body: Array(Self.canary.utf8)),
      HTTPResponse(status: 200, headers: ["Set-Cookie": Self.canary], body: Array(Self.canary.utf8)),
    ]
    for value in values { #expect(leaks(dumped(value)).isEmpty, "\(type(of: value))") }
  }

  @Test func noErrorNamesASecret() async {
    var errors: [TransportError] = []
    let transport = CurlTransport(
      settings: ConnectionSettings(
        tls: TLSSettings(identity: ClientIdentity(certificate: Array(Self.canary.utf8), key: Secret(Self.canary))),
        proxy: .url(Secret("http://user:\(Self.canary)@127.0.0.1:1"))))
    let headers: HTTPHeaders = ["Authorization": "Bearer \(Self.canary)", "X-Consul-Token": Self.canary]
    for url in [
      "https://192.0.2.2/?token=\(Self.canary)", "http://127.0.0.1:1/?token=\(Self.canary)",
      "https://127.0.0.1:1/?sig=\(Self.canary)", "https://u:\(Self.canary)@h/", "gopher://h/\(Self.canary)",
      "http://name.invalid/?x=\(Self.canary)",
    ] {
      do {
        _ = try await transport.send(
          HTTPRequest(.get, url, headers: headers, deadlines: Deadlines(total: .seconds(1))))
      } catch {
        errors.append(error)
      }
    }
    #expect(errors.count == 6)
    for error in errors { #expect(leaks(dumped(error)).isEmpty, "\(error)") }
  }

  @Test func recordingsHoldNoSecretAndReplayTheRest() async throws {
    let secret = Self.canary
    let secretObject =
      #"{"kind":"Secret","metadata":{"name":"s","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":\"\#(secret)\"}"}},"data":{"a":"\#(secret)"},"stringData":{"b":"\#(secret)"}}"#
    let bodies: [(String, String, String)] = [
      ("/api/v1/namespaces/a/secrets/s", "application/json", secretObject),
      ("/api/v1/secrets", "application/json", #"{"kind":"SecretList","items":[{"data":{"a":"\#(secret)"}}]}"#),
      ("/watch", "application/json", "{\"type\":\"ADDED\",\"object\":\(secretObject)}\n{\"type\":\"BOOKMARK\"}\n"),
      ("/token", "application/json", #"{"status":{"token":"\#(secret)"},"access_token":"\#(secret)","ok":1}"#),
      ("/pod", "application/json", #"{"env":[{"name":"DB_PASSWORD","value":"\#(secret)"},{"name":"A","value":"b"}]}"#),
      (
        "/dump", "application/json",
        #"{"private_key":{"inline_bytes":"\#(secret)"},"k":"-----BEGIN PRIVATE KEY-----\#(secret)"}"#
      ),
      ("/sts", "text/xml", "<SecretAccessKey>\(secret)</SecretAccessKey>"),
      ("/key", "text/plain", "-----BEGIN EC PRIVATE KEY-----\n\(secret)"),
      ("/broken", "application/json", #"{"token":"\#(secret)"#),
      ("/metrics", "text/plain; version=0.0.4", "up 1\n"),
    ]
    let lines = Mutex<[UInt8]>([])
    let recorder = ExchangeRecorder { line in lines.withLock { $0 += line } }
    let inner = ScriptedTransport { request, _ in
      let body = bodies.first { request.url.contains($0.0) }
      return .success(
        HTTPResponse(
          status: 200,
          headers: HTTPHeaders([
            ("Content-Type", body?.1 ?? ""), ("Set-Cookie", secret), ("X-Amz-Security-Token", secret),
          ]), body: Array((body?.2 ?? "").utf8)))
    }
    let transport = RecordingTransport(inner, recorder: recorder)
    for (path, _, body) in bodies {
      let request = HTTPRequest(
        .post, "https://h\(path)?watch=1&token=\(secret)&X-Amz-Signature=\(secret)",
        headers: [
          "Authorization": secret, "X-Consul-Token": secret, "Cookie": secret, "Content-Type": "application/json",
        ],
        body: Array(body.utf8))
      _ = try await transport.send(request)
      _ = try await transport.stream(request).collect(limit: 10_000)
    }
    let recording = lines.withLock { $0 }
    let text = String(decoding: recording, as: UTF8.self)
    #expect(leaks(text).isEmpty)
    #expect(recording.split(separator: 10).count == bodies.count * 2)

    let replay = try ReplayTransport(recording: recording)
    let metrics = try await replay.send(HTTPRequest(.post, "https://other/metrics?watch=1&token=x&X-Amz-Signature=y"))
    #expect(metrics.body == Array("up 1\n".utf8))
    #expect(metrics.headers["Content-Type"] == "text/plain; version=0.0.4")
    // What was asked is part of the question, its secrets aside.
    let pod = try await replay.stream(
      HTTPRequest(
        .post, "https://other/pod?watch=1&token=x&X-Amz-Signature=y", headers: ["Content-Type": "application/json"],
        body: Array(bodies[4].2.replacing(secret, with: "another").utf8)))
    #expect(String(decoding: try await pod.collect(limit: 1000), as: UTF8.self).contains(#"{"name":"A","value":"b"}"#))
    await #expect(throws: TransportError.self) { try await replay.send(HTTPRequest(.get, "https://other/metrics")) }
  }

  @Test func repeatedRequestsReplayInOrderAndThenTheLast() async throws {
    func line(_ status: Int) -> String {
      #"{"method":"GET","path":"/x","status":\#(status),"headers":{},"body":""}"# + "\n"
    }
    let replay = try ReplayTransport(recording: Array((line(200) + line(404)).utf8))
    var statuses: [Int] = []
    for _ in 0..<3 { statuses.append(try await replay.send(HTTPRequest(.get, "https://h/x")).status) }
    #expect(statuses == [200, 404, 404])
    #expect(throws: TransportError.self) { try ReplayTransport(recording: Array("nonsense\n".utf8)) }
  }

  @Test func credentialsGoOverPlainHTTPToThisMachineOnly() async throws {
    let heads = Mutex<[String]>([])
    let server = ScriptedServer { connection in
      let head = connection.readHead()
      heads.withLock { $0.append(head) }
      connection.answer()
    }
    defer { server.stop() }
    let names = ["Authorization", "X-Consul-Token", "Impersonate-User", "Cookie", "X-Amz-Security-Token"]
    let headers = HTTPHeaders(names.map { ($0, Self.canary) })
    // A plain http request to another machine, seen by the proxy it is given to.
    let away = CurlTransport(settings: ConnectionSettings(proxy: .url(Secret("http://\(server.authority)"))))
    let answer = try await away.send(HTTPRequest(.get, "http://192.0.2.2/x", headers: headers))
    #expect(answer.connection.credentialsWithheld)
    let home = try await away.send(HTTPRequest(.get, server.url, headers: headers))
    #expect(!home.connection.credentialsWithheld)
    let seen = heads.withLock { $0 }
    #expect(seen.count == 2)
    #expect(seen.first.map { !$0.contains(Self.canary) && $0.hasPrefix("GET http://192.0.2.2/x") } == true)
    #expect(seen.last.map { head in names.allSatisfy { head.contains("\($0): \(Self.canary)") } } == true)
  }
}
