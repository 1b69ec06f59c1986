import MeshTransport
import Synchronization
import Testing

@Suite struct SessionTests {
  let clock = VirtualClock()

  func session(
    _ transport: ScriptedTransport, base: String = "https://mesh.example/base",
    _ change: (inout Session.Options) -> Void = { _ in }
  ) throws -> Session {
    var options = Session.Options()
    options.clock = clock
    options.gate = OriginGate()
    options.random = { 0.5 }
    options.transport = { _ in transport }
    change(&options)
    return try Session(base: base, options: options)
  }

  @Test func requestsAreBuiltUnderTheBase() throws {
    let session = try session(ScriptedTransport { _, _ in .success(HTTPResponse(status: 200)) })
    #expect(
      session.request(.get, "/api/v1/pods", query: [("labelSelector", "a=b c,d in (é)"), ("watch", nil)]).url
        == "https://mesh.example/base/api/v1/pods?labelSelector=a%3Db%20c%2Cd%20in%20%28%C3%A9%29&watch")
  }

  @Test func nothingLeavesForAnotherServer() async throws {
    let transport = ScriptedTransport { _, _ in .success(HTTPResponse(status: 200)) }
    let session = try session(transport) { $0.credentials = FixedCredential(.bearer(Secret("canary"))) }
    for url in [
      "https://evil.example/base/x", "http://mesh.example/base/x", "https://mesh.example/x",
      "https://mesh.example:444/base/",
    ] {
      await #expect(throws: TransportError.self) { try await session.send(HTTPRequest(.get, url)) }
    }
    #expect(transport.requests.isEmpty)
  }

  @Test func authoritiesThatRotateReplaceThoseOfTheSettings() async throws {
    let seen = Mutex<[[UInt8]?]>([])
    let transport = ScriptedTransport { _, _ in .success(HTTPResponse(status: 200)) }
    var rotated = Credential.bearer(Secret("t"))
    rotated.authorities = [2]
    let credential = rotated
    let session = try session(transport) {
      $0.settings.tls.authorities = [1]
      $0.credentials = FixedCredential(credential)
      $0.transport = { settings in
        seen.withLock { $0.append(settings.tls.authorities) }
        return transport
      }
    }
    for path in ["/x", "/y"] { _ = try await session.send(session.request(.get, path)) }
    #expect(seen.withLock { $0 } == [[1], [2]])
  }

  @Test(arguments: [
    ("0", 1), ("5", 5), ("99999999", 60), ("999999999999999999999999", 60),
    ("Thu, 01 Jan 2026 00:00:10 GMT", 10), ("Wed, 31 Dec 2025 23:59:00 GMT", 1), ("Fri, 01 Jan 2027 00:00:00 GMT", 60),
  ])
  func retryAfterIsHonouredBetweenASecondAndAMinute(_ value: String, _ seconds: Int) async throws {
    let transport = ScriptedTransport { _, number in
      .success(HTTPResponse(status: number == 1 ? 429 : 200, headers: ["Retry-After": value]))
    }
    let session = try session(transport)
    var request = session.request(.get, "/x")
    request.deadlines.total = .seconds(100)
    #expect(try await session.send(request).status == 200)
    #expect(clock.slept == [.seconds(seconds)])
  }

  @Test(arguments: ["-1", "abc", "", "1.5"]) func aMalformedRetryAfterFallsBackToJitter(_ value: String) async throws {
    let transport = ScriptedTransport { _, number in
      .success(HTTPResponse(status: number == 1 ? 503 : 200, headers: ["Retry-After": value]))
    }
    let session = try session(transport)
    #expect(try await session.send(session.request(.get, "/x")).status == 200)
    #expect(clock.slept == [.milliseconds(400)])
  }

  @Test func aPauseHoldsEverySessionOfTheOrigin() async throws {
    let gate = OriginGate()
    let first = try session(
      ScriptedTransport { _, _ in .success(HTTPResponse(status: 429, headers: ["Retry-After": "7"])) }
    ) {
      $0.gate = gate
      $0.retry = .never
    }
    let second = try session(ScriptedTransport { _, _ in .success(HTTPResponse(status: 200)) }) { $0.gate = gate }
    #expect(try await first.send(first.request(.get, "/x")).status == 429)
    #expect(second.remainingPause == .seconds(7))
    _ = try await second.send(second.request(.get, "/y"))
    #expect(clock.slept == [.seconds(7)])
  }

  @Test(arguments: [429, 500, 502, 503, 504]) func aWriteIsNeverSentTwice(_ status: Int) async throws {
    let transport = ScriptedTransport { _, _ in .success(HTTPResponse(status: status)) }
    let session = try session(transport)
    for method in [HTTPRequest.Method.post, .put, .patch, .delete] {
      #expect(try await session.send(session.request(method, "/x")).status == status)
    }
    #expect(transport.requests.count == 4)
    let lost = ScriptedTransport { _, _ in .failure(TransportError(.connectionLost, "lost")) }
    let broken = try self.session(lost)
    await #expect(throws: TransportError.self) { try await broken.send(broken.request(.patch, "/x")) }
    #expect(lost.requests.count == 1)
  }

  @Test func aReadIsSentAgainAfterPassingFailuresOnly() async throws {
    let cases: [(TransportError.Code, Int)] = [
      (.unreachable, 3), (.connectionLost, 3), (.truncated, 3), (.tls, 1), (.redirected, 1), (.tooLarge, 1),
      (.timedOut(.firstByte), 1), (.cancelled, 1), (.malformed, 1), (.proxy, 1),
    ]
    for (code, count) in cases {
      let transport = ScriptedTransport { _, _ in .failure(TransportError(code, "x")) }
      let session = try session(transport)
      await #expect(throws: TransportError.self) { try await session.send(session.request(.get, "/x")) }
      #expect(transport.requests.count == count, "\(code)")
    }
    let idempotent = ScriptedTransport { _, number in .success(HTTPResponse(status: number < 3 ? 503 : 200)) }
    let session = try session(idempotent)
    #expect(try await session.send(session.request(.patch, "/x", idempotent: true)).status == 200)
  }

  @Test func aRefusedCredentialIsRefreshedOnceAndOnlyOnce() async throws {
    let source = Tokens()
    let transport = ScriptedTransport { request, _ in
      .success(HTTPResponse(status: request.headers["Authorization"] == "Bearer new" ? 200 : 401))
    }
    let session = try session(transport) { $0.credentials = source }
    #expect(try await session.send(session.request(.patch, "/x")).status == 200)
    #expect(transport.requests.map { $0.headers["Authorization"] } == ["Bearer old", "Bearer new"])

    let stubborn = ScriptedTransport { _, _ in .success(HTTPResponse(status: 401)) }
    let refused = try self.session(stubborn) { $0.credentials = Tokens() }
    do {
      _ = try await refused.send(refused.request(.get, "/x"))
      Issue.record("answered")
    } catch {
      #expect(error.code == .unauthorized && error.message == "login needed")
    }
    #expect(stubborn.requests.count == 2)
  }

  @Test func readOnlyIsEnforcedWhereRequestsLeave() async throws {
    let transport = ScriptedTransport { _, _ in .success(HTTPResponse(status: 200)) }
    let session = try session(transport) { $0.writes = .refused(reason: "this context is read-only") }
    let questions = [
      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      "/compute/v1/projects/p/global/backendServices/b/getHealth",
      "/compute/v1/projects/p/zones/z/networkEndpointGroups/n/listNetworkEndpoints",
      "/v1/projects/p:testIamPermissions",
      "/v3/discovery:clusters", "/envoy.service.status.v3.ClientStatusDiscoveryService/StreamClientStatus",
    ]
    for path in questions { #expect(try await session.send(session.request(.post, path)).isSuccess) }
    #expect(try await session.send(session.request(.get, "/x")).isSuccess)
    #expect(try await session.send(session.request(.head, "/x")).isSuccess)
    let refused: [(HTTPRequest.Method, String)] = [
      (.put, "/v3/discovery:clusters"), (.post, "/x/v3/discovery:clusters"),
      (.post, "/x"), (.put, "/x"), (.patch, "/x"), (.delete, "/x"), (.options, "/x"),
      (.post, "/apis/authorization.k8s.io/v1/subjectaccessreviews"),
      (.put, questions[0]), (.delete, questions[0]), (.post, questions[0] + "/x"),
      (.post, "/api/v1/namespaces/a/pods/b/proxy" + questions[0]),
      (.post, "/apis/evil.example/v1/selfsubjectaccessreviews"),
      (.post, "/compute/v1/projects/p/global/backendServices"), (.post, "/compute/v1/projects/p/getHealth"),
      (.post, "/v1/projects/p/locations/global/httpRoutes"), (.patch, "/v1/projects/p:testIamPermissions"),
      (.post, "//apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
    ]
    for (method, path) in refused {
      do {
        _ = try await session.send(session.request(method, path, idempotent: true))
        Issue.record("\(method) \(path) passed")
      } catch {
        #expect(error.code == .readOnly)
        #expect(error.message.contains("this context is read-only"))
      }
      await #expect(throws: TransportError.self) { try await session.stream(session.request(method, path)) }
    }
    let disguised = session.request(.get, "/x", headers: ["X-HTTP-Method-Override": "DELETE"])
    await #expect(throws: TransportError.self) { try await session.send(disguised) }
    #expect(transport.requests.count == questions.count + 2)
  }

  @Test func anOriginGetsItsBurstAndThenItsRate() async throws {
    let transport = ScriptedTransport { _, _ in .success(HTTPResponse(status: 200)) }
    let session = try session(transport)
    for _ in 0..<40 { _ = try await session.send(session.request(.get, "/x")) }
    #expect(clock.now() == .zero)
    for _ in 0..<200 { _ = try await session.send(session.request(.get, "/x")) }
    #expect(clock.now() == .seconds(10))
  }

  @Test func aTurnPastTheDeadlineIsRefusedAtOnce() async throws {
    let transport = ScriptedTransport { _, _ in .success(HTTPResponse(status: 429, headers: ["Retry-After": "60"])) }
    let session = try session(transport)
    _ = try await session.send(session.request(.patch, "/x"))
    do {
      _ = try await session.send(session.request(.patch, "/x"))
      Issue.record("sent")
    } catch {
      #expect(error.code == .timedOut(.queued))
    }
    #expect(transport.requests.count == 1)
  }
}

private final class Tokens: CredentialSource {
  func credential(refresh: Bool) async throws(TransportError) -> Credential {
    .bearer(Secret(refresh ? "new" : "old"))
  }
}
