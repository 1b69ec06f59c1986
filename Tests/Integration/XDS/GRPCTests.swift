import Foundation
import MeshTransport
import Testing

/// Calls of a server that the gRPC library of Python serves.
@Suite("gRPC by libcurl", .serialized, .timeLimit(.minutes(20))) struct GRPCTests {
  private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test("one message is answered by one, of any size up to the limit")
  func unaryCallsAreAnswered() async throws {
    guard let server = try await GRPCServer.start() else { return }
    let client = try server.client()
    for count in [0, 1, 65_536, 5_000_000] {
      let answer = try await client.unary("/lab.Calls/Size", Self.bytes("\(count)"), deadline: .seconds(60))
      #expect(answer.count == count)
    }
    do throws(GRPCError) {
      _ = try await client.unary("/lab.Calls/Size", Self.bytes("2000"), deadline: .seconds(60), limit: 1999)
      Issue.record("a message over the limit was taken")
    } catch {
      #expect(error.status == .resourceExhausted)
      #expect(error.message.contains("2000 bytes, more than 1999"), "\(error)")
    }
  }

  @Test("both sides of a stream send while the other does, and a finished one ends well")
  func streamsGoBothWays() async throws {
    guard let server = try await GRPCServer.start() else { return }
    let call = try server.client().open("/lab.Calls/Echo", Self.bytes("message"), deadline: .seconds(60))
    #expect(try await call.next() == Self.bytes("message"))
    for round in 0..<200 {
      try await call.send(Self.bytes("message \(round)"))
      #expect(try await call.next() == Self.bytes("message \(round)"))
    }
    let large = [UInt8](repeating: 7, count: 3_000_000)
    try await call.send(large)
    #expect(try await call.next() == large)
    call.finish()
    #expect(try await call.next() == nil)
    await #expect(throws: GRPCError.self) { try await call.send([1]) }
  }

  @Test("a refusal without messages carries its status and its words, escapes resolved")
  func statusesAreTold() async throws {
    guard let server = try await GRPCServer.start() else { return }
    let client = try server.client()
    for (code, words) in [(7, "no, you may not"), (16, "wer? → «du»"), (5, "50% off\nnow"), (14, "later")] {
      do throws(GRPCError) {
        _ = try await client.unary("/lab.Calls/Fail", Self.bytes("\(code) \(words)"), deadline: .seconds(60))
        Issue.record("\(code) was taken for an answer")
      } catch {
        #expect(error.status.rawValue == code)
        #expect(error.message == words)
        #expect(error.transport == nil)
      }
    }
    do throws(GRPCError) {
      _ = try await client.unary("/lab.Nothing/Here", [], deadline: .seconds(60))
      Issue.record("a method that is not there answered")
    } catch {
      #expect(error.status == .unimplemented, "\(error)")
    }
    let call = client.open("/lab.Calls/Partial", [1, 2], deadline: .seconds(60))
    #expect(try await call.next() == [1, 2])
    call.finish()
    do throws(GRPCError) {
      _ = try await call.next()
      Issue.record("a stream broken off ended well")
    } catch {
      #expect(error.status == .internal)
      #expect(error.message == "broken off")
    }
  }

  @Test("a server that refuses a stream at once is heard, although the stream was not finished")
  func refusalsOfStreamsAreTold() async throws {
    guard let server = try await GRPCServer.start() else { return }
    let client = try server.client()
    for (path, status) in [("/lab.Calls/Fail", GRPCStatus.permissionDenied), ("/lab.Nothing/Here", .unimplemented)] {
      for isRepeatable in [true, false] {
        let call = client.open(path, Self.bytes("7 no, you may not"), isRepeatable: isRepeatable)
        do throws(GRPCError) {
          _ = try await call.next()
          Issue.record("\(path) answered")
        } catch {
          // Without leave to ask once more the words may be lost, but never the end.
          #expect(error.status == status || !isRepeatable && error.status == .unavailable, "\(error)")
        }
      }
    }
  }

  @Test("a silent server is given up at the deadline, at a word, and with the task that waits")
  func deadlinesAndCancellationHold() async throws {
    guard let server = try await GRPCServer.start() else { return }
    let client = try server.client()
    let begun = ContinuousClock.now
    do throws(GRPCError) {
      _ = try await client.unary("/lab.Calls/Silent", [], deadline: .milliseconds(400))
      Issue.record("a silent server answered")
    } catch {
      #expect(error.status == .deadlineExceeded, "\(error)")
    }
    let call = client.open("/lab.Calls/Silent", [])
    let waiting = Task { () -> GRPCStatus? in
      do throws(GRPCError) { return try await call.next() == nil ? .ok : nil } catch { return error.status }
    }
    waiting.cancel()
    #expect(await waiting.value == .cancelled)
    let other = client.open("/lab.Calls/Echo", [1])
    #expect(try await other.next() == [1])
    let reading = Task { () -> GRPCStatus? in
      do throws(GRPCError) { return try await other.next() == nil ? .ok : nil } catch { return error.status }
    }
    reading.cancel()
    #expect(await reading.value == .cancelled)
    // Before the silent call is answered after all.
    #expect(begun.duration(to: .now) < .seconds(50))
  }

  @Test("while nobody reads, the server is held back")
  func slowReadersHoldTheServerBack() async throws {
    guard let server = try await GRPCServer.start() else { return }
    let client = try server.client()
    func sent() async throws -> Int {
      let answer = try await client.unary("/lab.Calls/Flooded", [], deadline: .seconds(60))
      return Int(String(decoding: answer, as: UTF8.self)) ?? -1
    }
    let call = client.open("/lab.Calls/Flood", [])
    call.finish()
    #expect(try await call.next()?.count == 65_536)
    var before = -1
    // It stands still once the windows on the way are full.
    try await PrometheusTests.until {
      let now = (try? await sent()) ?? -1
      defer { before = now }
      if now == before { return true }
      try? await Task.sleep(for: .milliseconds(300))
      return false
    }
    #expect(before * 65_536 < 64 << 20, "\(before) messages were taken unread")
    for _ in 0..<(before + 50) { #expect(try await call.next()?.count == 65_536) }
    call.cancel()
  }

  @Test("certificates of both sides, tokens and the write policy hold as for every request")
  func settingsHold() async throws {
    guard let server = try await GRPCServer.start(tls: true) else { return }
    let name = try await server.client().unary("/lab.Calls/Whoami", [], deadline: .seconds(60))
    #expect(String(decoding: name, as: UTF8.self) == "client")
    let token = try server.client { $0.credentials = FixedCredential(.bearer(Secret("t0ken"))) }
    #expect(
      try await String(decoding: token.unary("/lab.Calls/Whoami", [], deadline: .seconds(60)), as: UTF8.self)
        == "Bearer t0ken")
    let stranger = try server.client(withCertificate: false)
    do throws(GRPCError) {
      _ = try await stranger.unary("/lab.Calls/Whoami", [], deadline: .seconds(60))
      Issue.record("a caller without a certificate was let in")
    } catch {
      // Its server hangs up with or without a word that reaches us.
      #expect(error.status == .unavailable && error.transport != nil, "\(error)")
    }
    let silent = try server.client { $0.writes = .refused(reason: "read-only") }
    do throws(GRPCError) {
      _ = try await silent.unary("/lab.Calls/Whoami", [], deadline: .seconds(60))
      Issue.record("a call left although nothing may be written")
    } catch {
      #expect(error.transport?.code == .readOnly)
    }
  }
}
