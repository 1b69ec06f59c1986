import MeshTransport
import Synchronization
import Testing

/// Deadlines, cancellation and back-pressure against servers that stall.
@Suite struct DeadlineTests {
  let transport = CurlTransport(settings: ConnectionSettings(proxy: .none))

  func code(
    _ deadlines: Deadlines, _ script: @escaping @Sendable (ScriptedServer.Connection) -> Void
  ) async -> TransportError.Code? {
    let server = ScriptedServer(script)
    defer { server.stop() }
    do {
      _ = try await transport.send(HTTPRequest(.get, server.url, deadlines: deadlines))
      return nil
    } catch {
      return error.code
    }
  }

  @Test func silenceBeforeTheAnswerIsCutAtTheFirstByte() async {
    let code = await code(Deadlines(firstByte: .milliseconds(80))) {
      $0.readHead()
      $0.waitForClose()
    }
    #expect(code == .timedOut(.firstByte))
  }

  @Test func silenceInsideTheAnswerIsCutAsIdle() async {
    let code = await code(Deadlines(idle: .milliseconds(80))) {
      $0.readHead()
      $0.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
      $0.waitForClose()
    }
    #expect(code == .timedOut(.idle))
  }

  @Test func aTrickleIsCutInTotal() async {
    let code = await code(Deadlines(idle: .seconds(5), total: .milliseconds(150))) { connection in
      connection.readHead()
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
      connection.waitForClose()
    }
    #expect(code == .tooLarge || code == .timedOut(.total))
    let trickle = await self.code(Deadlines(idle: .seconds(5), total: .milliseconds(150))) { connection in
      connection.readHead()
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
      connection.waitForClose()
    }
    #expect(trickle == .timedOut(.total))
  }

  @Test(arguments: ["http", "https"]) func aServerThatTakesNobodyInIsCutWhileConnecting(_ scheme: String) async throws {
    let crowded = try #require(CrowdedListener(), "a listener that takes nobody in has no end of room")
    defer { crowded.stop() }
    let url = "\(scheme)://\(crowded.host):\(crowded.port)"
    do {
      _ = try await transport.send(HTTPRequest(.get, url, deadlines: Deadlines(connect: .milliseconds(200))))
      Issue.record("answered")
    } catch {
      #expect(error.code == .timedOut(.connect), "\(error)")
      #expect(error.message == "timed out connecting after 200 ms")
      #expect(!error.outcomeUnknown)
    }
  }

  @Test func aServerThatNeverShakesHandsIsCutInTLS() async {
    let server = ScriptedServer { $0.waitForClose() }
    defer { server.stop() }
    do {
      _ = try await transport.send(
        HTTPRequest(.get, "https://\(server.authority)", deadlines: Deadlines(tls: .milliseconds(100))))
      Issue.record("answered")
    } catch {
      #expect(error.code == .timedOut(.tls))
      #expect(error.message.contains("setting up TLS"))
      #expect(!error.outcomeUnknown)
    }
  }

  @Test func requestsBeyondTheHostsConnectionsWaitTheirTurnAndSaySo() async {
    let arrived = Mutex(0)
    let full = Signal()
    let server = ScriptedServer { connection in
      connection.readHead()
      let count = arrived.withLock { count in
        count += 1
        return count
      }
      if count == 6 { full.fire() }
      connection.waitForClose()
    }
    defer { server.stop() }
    let patient = Deadlines(firstByte: .seconds(600), idle: .seconds(600), total: .seconds(600))
    let held = (0..<6).map { _ in
      Task { try? await transport.send(HTTPRequest(.get, server.url, deadlines: patient)) }
    }
    await full.wait()
    do {
      _ = try await transport.send(
        HTTPRequest(.get, server.url, deadlines: Deadlines(total: .milliseconds(150))))
      Issue.record("answered")
    } catch {
      #expect(error.code == .timedOut(.queued))
    }
    #expect(server.connections == 6)
    for request in held { request.cancel() }
    for request in held { #expect(await request.value == nil) }
  }

  @Test func cancellingARequestClosesItAtTheServer() async throws {
    let closed = Signal()
    let arrived = Signal()
    let server = ScriptedServer {
      $0.readHead()
      arrived.fire()
      $0.waitForClose()
      closed.fire()
    }
    defer { server.stop() }
    let deadlines = Deadlines(firstByte: .seconds(600), total: .seconds(600))
    let task = Task { try await transport.send(HTTPRequest(.get, server.url, deadlines: deadlines)) }
    await arrived.wait()
    let start = ContinuousClock.now
    task.cancel()
    await closed.wait()
    #expect(start.duration(to: .now) < .seconds(300), "it is closed by the cancellation, and by no deadline")
    do {
      _ = try await task.value
      Issue.record("answered")
    } catch {
      #expect((error as? TransportError)?.code == .cancelled)
    }
  }

  @Test func aTaskCancelledBeforehandSendsNothing() async {
    let server = ScriptedServer { $0.answer() }
    defer { server.stop() }
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await transport.send(HTTPRequest(.get, server.url))
    }
    await #expect(throws: TransportError.self) { try await task.value }
    #expect(server.connections == 0)
  }

  @Test(arguments: ["dropped", "cancelled", "task"]) func endingAStreamClosesItAtTheServer(_ how: String) async throws {
    let closed = Signal()
    let server = ScriptedServer { connection in
      connection.readHead()
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
      connection.waitForClose()
      closed.fire()
    }
    defer { server.stop() }
    let request = HTTPRequest(.get, server.url, deadlines: .watch(serverTimeout: .seconds(300)), limits: .stream)
    switch how {
    case "dropped":
      do {
        let stream = try await transport.stream(request)
        var iterator = stream.makeAsyncIterator()
        #expect(try await iterator.next() == [UInt8(ascii: "a")])
      }
    case "cancelled":
      let stream = try await transport.stream(request)
      stream.cancel()
      var iterator = stream.makeAsyncIterator()
      #expect(try await iterator.next() == nil)
    default:
      let first = Signal()
      let task = Task {
        let stream = try await transport.stream(request)
        for try await _ in stream { first.fire() }
      }
      await first.wait()
      task.cancel()
      await #expect(throws: TransportError.self) { try await task.value }
    }
    await closed.wait()
  }

  @Test func aSlowReaderHoldsTheServerBack() async throws {
    let sent = Mutex(0)
    let settled = Signal()
    let piece = Array("10000\r\n".utf8) + Array(repeating: 97, count: 65_536) + Array("\r\n".utf8)
    let server = ScriptedServer { connection in
      connection.readHead()
      connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      for _ in 0..<1024 {
        if !connection.isWritable(within: 300) { settled.fire() }
        guard connection.write(piece) else { break }
        sent.withLock { $0 += 65_536 }
      }
      settled.fire()
      connection.write("0\r\n\r\n")
    }
    defer { server.stop() }
    let stream = try await transport.stream(HTTPRequest(.get, server.url, deadlines: .stream, limits: .stream))
    // The server goes on until the sockets are full and then waits: what it sent stays far below the whole.
    await settled.wait()
    #expect(sent.withLock { $0 } < 32 << 20)
    var count = 0
    for try await chunk in stream { count += chunk.count }
    #expect(count == 1024 * 65_536)
  }
}
