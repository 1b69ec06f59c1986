import MeshTransport
import Synchronization
import Testing

@Suite struct ExchangeTests {
  let transport = CurlTransport(settings: ConnectionSettings(proxy: .none))

  @Test func sendsTheRequestAsWrittenAndReturnsTheAnswer() async throws {
    let seen = Mutex("")
    let server = ScriptedServer { connection in
      let head = connection.readHead()
      seen.withLock { $0 = head + String(decoding: connection.read(4), as: UTF8.self) }
      connection.answer("201 Created", headers: "X-Kind: a\r\nx-kind: b\r\n", "made")
    }
    defer { server.stop() }
    let response = try await transport.send(
      HTTPRequest(
        .patch, server.url + "/apis/v1?dryRun=All&x=%20", headers: ["Content-Type": "application/json-patch+json"],
        body: Array("abcd".utf8)))
    #expect(response.status == 201)
    #expect(String(decoding: response.body, as: UTF8.self) == "made")
    #expect(response.headers.all("X-KIND") == ["a", "b"])
    #expect(response.connection.protocolVersion == "HTTP/1.1")
    let request = seen.withLock { $0 }
    #expect(request.hasPrefix("PATCH /apis/v1?dryRun=All&x=%20 HTTP/1.1\r\n"))
    #expect(request.contains("Content-Type: application/json-patch+json\r\n"))
    #expect(request.contains("User-Agent: meshdeck\r\n"))
    #expect(!request.contains("Expect:"))
    #expect(request.hasSuffix("\r\n\r\nabcd"))
  }

  @Test(arguments: HTTPRequest.Method.allCases) func everyMethodArrives(_ method: HTTPRequest.Method) async throws {
    let server = ScriptedServer { connection in
      let head = connection.readHead()
      connection.answer(headers: "X-Method: \(head.prefix { $0 != " " })\r\n")
    }
    defer { server.stop() }
    let response = try await transport.send(HTTPRequest(method, server.url))
    #expect(response.headers["X-Method"] == method.rawValue)
  }

  @Test func connectionsAreReused() async throws {
    let server = ScriptedServer { connection in
      while !connection.readHead().isEmpty { connection.answer("200 OK", "x") }
    }
    defer { server.stop() }
    for _ in 0..<10 { _ = try await transport.send(HTTPRequest(.get, server.url)) }
    #expect(server.connections == 1)
  }

  @Test func aHostGetsAtMostSixConnections() async throws {
    let server = ScriptedServer { connection in
      while !connection.readHead().isEmpty { connection.answer("200 OK", "x") }
    }
    defer { server.stop() }
    let statuses = await withTaskGroup(of: Int?.self) { group in
      for _ in 0..<60 {
        group.addTask { try? await transport.send(HTTPRequest(.get, server.url)).status }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(statuses == Array(repeating: 200, count: 60))
    #expect(server.connections <= 6)
  }

  @Test(.timeLimit(.minutes(10))) func questionsAnsweredLateKeepNoOtherWaiting() async throws {
    let server = ScriptedServer { connection in
      while case let head = connection.readHead(), !head.isEmpty {
        // What is asked to wait is answered by nobody.
        if head.contains("/late") { _ = connection.waitForClose() } else { connection.answer("200 OK", "x") }
      }
    }
    defer { server.stop() }
    let late = (0..<9).map { _ in
      Task {
        try? await transport.send(
          HTTPRequest(.get, server.url + "/late", deadlines: .watch(serverTimeout: .seconds(300))))
      }
    }
    let status = try await transport.send(HTTPRequest(.get, server.url + "/now")).status
    #expect(status == 200)
    for question in late { question.cancel() }
    for question in late { _ = await question.value }
  }

  @Test func streamsArriveAsTheyAreSent() async throws {
    let server = ScriptedServer { connection in
      connection.readHead()
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      for piece in ["one", "two", "six"] { connection.write("3\r\n\(piece)\r\n") }
      connection.write("0\r\n\r\n")
    }
    defer { server.stop() }
    let stream = try await transport.stream(HTTPRequest(.get, server.url, limits: .stream))
    #expect(stream.status == 200)
    #expect(try await stream.collect(limit: 100) == Array("onetwosix".utf8))
  }

  @Test func openStreamsDoNotCountAgainstTheHostsConnections() async throws {
    let server = ScriptedServer { connection in
      connection.readHead()
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
      connection.waitForClose()
    }
    defer { server.stop() }
    var streams: [HTTPStream] = []
    for _ in 0..<20 {
      streams.append(
        try await transport.stream(HTTPRequest(.get, server.url, deadlines: .watch(serverTimeout: .seconds(300)))))
    }
    #expect(streams.map(\.status) == Array(repeating: 200, count: 20))
  }
}
