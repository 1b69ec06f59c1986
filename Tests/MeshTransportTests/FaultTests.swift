import MeshTransport
import Synchronization
import Testing

/// What broken and hostile servers get: a typed error, never a partial answer.
@Suite struct FaultTests {
  let transport = CurlTransport(settings: ConnectionSettings(proxy: .none))

  func failure(
    of request: HTTPRequest, script: @escaping @Sendable (ScriptedServer.Connection) -> Void
  ) async -> TransportError? {
    let server = ScriptedServer(script)
    defer { server.stop() }
    var request = request
    request.url = server.url
    do {
      _ = try await transport.send(request)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    ("301 Moved Permanently"), ("302 Found"), ("303 See Other"), ("307 Temporary Redirect"), ("308 Permanent Redirect"),
    ("300 Multiple Choices"),
  ])
  func noRedirectIsFollowed(_ status: String) async {
    let target = ScriptedServer { $0.readHead() }
    defer { target.stop() }
    for place in ["\(target.url)/x?token=canary", "http://u:canary@\(target.authority)/x", "/"] {
      let error = await failure(of: HTTPRequest(.get, "", headers: ["Authorization": "Bearer canary"])) { connection in
        connection.readHead()
        connection.answer(status, headers: "Location: \(place)\r\n")
      }
      #expect(error?.code == .redirected)
      #expect(error?.origin.hasPrefix("http://127.") == true)
      #expect(error.map { "\($0) \($0.underlying ?? "")".contains("canary") } == false)
      if place != "/" { #expect(error?.message.contains("\(target.authority)/x") == true) }
    }
    #expect(target.connections == 0)
  }

  @Test func notModifiedIsAnAnswer() async throws {
    let server = ScriptedServer {
      $0.readHead()
      $0.write("HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n")
    }
    defer { server.stop() }
    #expect(try await transport.send(HTTPRequest(.get, server.url)).status == 304)
  }

  @Test(arguments: [
    ("two lengths", "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    ("length and coding", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"),
    ("line feed only", "A: b\nContent-Length: 1\r\n\r\na"),
    ("folded", "A: b\r\n c\r\nContent-Length: 1\r\n\r\na"),
    ("no name", ": b\r\nContent-Length: 1\r\n\r\na"),
    ("blank in name", "A b: c\r\nContent-Length: 1\r\n\r\na"),
    ("NUL", "A: b\u{0}c\r\nContent-Length: 1\r\n\r\na"),
    ("length no number", "Content-Length: -1\r\n\r\na"),
    ("unasked coding", "Content-Encoding: br\r\nContent-Length: 1\r\n\r\na"),
    ("coding twice", "Content-Encoding: gzip, gzip\r\nContent-Length: 1\r\n\r\na"),
    ("damaged gzip", "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"),
  ])
  func malformedHeadsAreRefused(_ name: String, _ rest: String) async {
    let error = await failure(of: HTTPRequest(.get, "")) {
      $0.readHead()
      $0.write("HTTP/1.1 200 OK\r\n" + rest)
    }
    #expect(error?.code == .malformed, "\(name): \(error.map { "\($0) \($0.underlying ?? "")" } ?? "accepted")")
  }

  @Test(arguments: [
    "SSH-2.0-OpenSSH_9.2\r\n", "<html>\r\n\r\n", "HTTP/1.1 999999 OK\r\n\r\n", "\u{1}\u{2}\u{3}\r\n\r\n",
  ])
  func whatIsNotHTTPIsRefused(_ bytes: String) async {
    let error = await failure(of: HTTPRequest(.get, "")) {
      $0.readHead()
      $0.write(bytes)
    }
    #expect(error?.code == .malformed, "\(error.map { "\($0) \($0.underlying ?? "")" } ?? "accepted")")
  }

  @Test(arguments: ["many", "long", "endless"]) func headersAreLimited(_ kind: String) async {
    let sent = Mutex(0)
    let error = await failure(of: HTTPRequest(.get, "")) { connection in
      connection.readHead()
      connection.write("HTTP/1.1 200 OK\r\n")
      switch kind {
      case "many": for index in 0..<300 { connection.write("X-\(index): y\r\n") }
      case "long": connection.write("X: " + String(repeating: "y", count: 70_000) + "\r\n")
      default:
        let piece = Array(repeating: UInt8(ascii: "y"), count: 16_384)
        while connection.write(piece), sent.withLock({ $0 < 64 << 20 }) { sent.withLock { $0 += piece.count } }
      }
      connection.write("\r\n")
      connection.waitForClose()
    }
    #expect(error?.code == .tooLarge, "\(error.map { "\($0) \($0.underlying ?? "")" } ?? "accepted")")
    #expect(sent.withLock { $0 } < 16 << 20)
  }

  @Test func bodiesAreLimitedAsSoonAsKnown() async {
    let limits = BodyLimits(bytes: 1000)
    let stated = await failure(of: HTTPRequest(.get, "", limits: limits)) {
      $0.readHead()
      $0.write("HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n")
      $0.waitForClose()
    }
    #expect(stated?.code == .tooLarge, "\(stated.map { "\($0) \($0.underlying ?? "")" } ?? "")")
    let endless = await failure(of: HTTPRequest(.get, "", limits: limits)) { connection in
      connection.readHead()
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      while connection.write("64\r\n" + String(repeating: "a", count: 100) + "\r\n") {}
    }
    #expect(endless?.code == .tooLarge)
  }

  @Test func aGzipBombIsRefusedByRatioAndBySize() async throws {
    let bomb = try Gzip.zeros(64 << 20)
    #expect(bomb.count < 100_000)
    for (limits, part) in [(BodyLimits.dump, "times its size"), (BodyLimits.object, "bytes")] {
      let error = await failure(of: HTTPRequest(.get, "", limits: limits)) {
        $0.readHead()
        $0.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(bomb.count)\r\n\r\n")
        $0.write(bomb)
      }
      #expect(error?.code == .tooLarge)
      #expect(error?.message.contains("times its size") == true || error?.message.contains(part) == true)
    }
  }

  @Test func compressedAnswersAreAskedForAndUnpacked() async throws {
    let packed = try Gzip.zeros(5000)
    let server = ScriptedServer { connection in
      let asked = connection.readHead().contains("Accept-Encoding: gzip\r\n")
      connection.write("HTTP/1.1 \(asked ? 200 : 400) X\r\nContent-Encoding: gzip\r\n")
      connection.write("Content-Length: \(packed.count)\r\n\r\n")
      connection.write(packed)
    }
    defer { server.stop() }
    let response = try await transport.send(HTTPRequest(.get, server.url))
    #expect(response.status == 200)
    #expect(response.body == Array(repeating: 0, count: 5000))
  }

  @Test func noPartialAnswerIsEverTakenForAWholeOne() async throws {
    let body = String(repeating: "0123456789", count: 20)
    let whole = Array("HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n\(body)".utf8)
    let chunked = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nC8\r\n\(body)\r\n0\r\n\r\n".utf8)
    for answer in [whole, chunked] {
      for reset in [false, true] {
        for length in stride(from: 0, to: answer.count, by: 37) {
          let error = await failure(of: HTTPRequest(.get, "")) {
            $0.readHead()
            $0.write(Array(answer[..<length]))
            if reset { $0.reset() }
          }
          let codes: [TransportError.Code] = [.truncated, .connectionLost, .malformed]
          #expect(error.map { codes.contains($0.code) } == true, "\(length) reset \(reset): \(error as Any)")
        }
      }
    }
  }

  @Test func slicesOfOneByteMakeTheSameAnswer() async throws {
    let server = ScriptedServer { connection in
      connection.readHead()
      for byte in Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".utf8) {
        connection.write([byte])
      }
    }
    defer { server.stop() }
    #expect(try await transport.send(HTTPRequest(.get, server.url)).body == Array("hello".utf8))
  }

  @Test func interimAnswersAreSkippedButNotWithoutEnd() async throws {
    let server = ScriptedServer { connection in
      connection.readHead()
      for _ in 0..<3 { connection.write("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n") }
      connection.answer("200 OK", "x")
    }
    defer { server.stop() }
    let response = try await transport.send(HTTPRequest(.get, server.url))
    #expect(response.status == 200 && response.headers["Link"] == nil)
    let error = await failure(of: HTTPRequest(.get, "")) { connection in
      connection.readHead()
      while connection.write("HTTP/1.1 103 Early Hints\r\n\r\n") {}
    }
    #expect(error?.code == .malformed)
  }

  @Test(arguments: [204, 400, 404, 409, 410, 418, 429, 500, 502, 503, 504, 511]) func everyOtherStatusIsAnAnswer(
    _ status: Int
  ) async throws {
    let server = ScriptedServer {
      $0.readHead()
      $0.write("HTTP/1.1 \(status) X\r\n" + (status == 204 ? "\r\n" : "Content-Length: 0\r\n\r\n"))
    }
    defer { server.stop() }
    #expect(try await transport.send(HTTPRequest(.get, server.url)).status == status)
  }

  @Test func aRefusedConnectionIsUnreachable() async {
    let server = ScriptedServer { _ in }
    server.stop()
    await #expect(throws: TransportError.self) { try await transport.send(HTTPRequest(.get, server.url)) }
    do {
      _ = try await transport.send(HTTPRequest(.get, server.url))
    } catch {
      #expect(error.code == .unreachable && error.remedy != nil && !error.outcomeUnknown)
    }
  }

  @Test func aReadIsRepeatedOnceWhenAKeptConnectionDiesAndAWriteNever() async throws {
    let requests = Mutex<[String]>([])
    let server = ScriptedServer { connection in
      // The first connection answers once and dies at the second request.
      let head = connection.readHead()
      requests.withLock { $0.append(String(head.prefix { $0 != " " })) }
      connection.answer("200 OK", "x")
      guard connection.number == 0 else { return }
      connection.readHead()
      connection.reset()
    }
    defer { server.stop() }
    _ = try await transport.send(HTTPRequest(.get, server.url))
    #expect(try await transport.send(HTTPRequest(.get, server.url)).status == 200)
    #expect(requests.withLock { $0 } == ["GET", "GET"])

    let dying = ScriptedServer { connection in
      let head = connection.readHead()
      requests.withLock { $0.append(String(head.prefix { $0 != " " })) }
      if head.hasPrefix("GET") { connection.answer("200 OK", "x") }
      if head.hasPrefix("GET") { connection.readHead() }
      connection.reset()
    }
    defer { dying.stop() }
    requests.withLock { $0 = [] }
    _ = try await transport.send(HTTPRequest(.get, dying.url))
    do {
      _ = try await transport.send(HTTPRequest(.delete, dying.url))
      Issue.record("a write without an answer succeeded")
    } catch {
      #expect(error.outcomeUnknown)
      #expect(error.description.contains("unknown"))
    }
    #expect(requests.withLock { $0 } == ["GET", "DELETE"])
  }

  @Test(arguments: [
    "ftp://x/", "http://u:p@x/", "http:///", "http://x:0/", "http://x:99999/", "http://a b/", "http://x/\u{7f}",
    "x", "http://[::1/", "https://é/", "http://x\\y/", "file:///etc/passwd",
  ])
  func urlsThatCannotBeMeantAreRefused(_ url: String) async {
    do {
      _ = try await transport.send(HTTPRequest(.get, url))
      Issue.record("accepted")
    } catch {
      #expect(error.code == .malformed)
    }
  }

  @Test func headersCannotBeInjected() async {
    for (name, value) in [("X", "a\r\nY: b"), ("X\r\nY", "a"), ("", "a"), ("X Y", "a"), ("X", "a\u{0}")] {
      let error = await failure(of: HTTPRequest(.get, "", headers: HTTPHeaders([(name, value)]))) { $0.answer() }
      #expect(error?.code == .malformed)
    }
  }
}
