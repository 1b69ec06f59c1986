import Testing

@testable import MeshTransport

/// Frames of gRPC, and what the end of a call means.
@Suite("gRPC frames and statuses") struct GRPCFramesTests {
  @Test("messages come whole out of any pieces", arguments: 1...9)
  func joinsPieces(_ size: Int) throws {
    let messages: [[UInt8]] = [[], [1], Array(0..<200), [], [9, 9]]
    let bytes = messages.flatMap(GRPCFrames.frame)
    var frames = GRPCFrames(limit: 200)
    var found: [[UInt8]] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      frames.append(Array(bytes[start..<min(start + size, bytes.count)]))
      while let message = try frames.next() { found.append(message) }
    }
    #expect(found == messages)
    #expect(!frames.isInsideMessage)
  }

  static let broken: [([UInt8], GRPCStatus)] = [
    ([1, 0, 0, 0, 1, 7], .internal), ([60, 104, 116, 109, 108], .internal), ([0, 0, 0, 0, 201], .resourceExhausted),
    ([0, 255, 255, 255, 255], .resourceExhausted),
  ]

  @Test("compressed, foreign and oversized frames are refused by their first five bytes", arguments: broken)
  func refusesBadFrames(_ bytes: [UInt8], _ status: GRPCStatus) {
    var frames = GRPCFrames(limit: 200)
    frames.append(bytes)
    do throws(GRPCFrames.Fault) {
      _ = try frames.next()
      Issue.record("\(bytes) was taken for a message")
    } catch {
      #expect(error.status == status)
    }
  }

  @Test("a frame that is cut off is not yet a message")
  func waitsForTheRest() throws {
    var frames = GRPCFrames(limit: 10)
    frames.append([0, 0, 0, 0, 3, 1])
    let message = try frames.next()
    #expect(message == nil)
    #expect(frames.isInsideMessage)
  }

  /// What a call came to: the status of its error, or nil for a good end.
  private func end(
    _ head: HTTPHeaders, status: Int = 200, chunks: [[UInt8]] = [], trailers: HTTPHeaders = [:],
    error: TransportError? = nil
  ) async throws -> GRPCError? {
    var options = Session.Options()
    options.retry = .never
    options.gate = OriginGate()
    options.transport = { _ in Fixed(status: status, head: head, chunks: chunks, trailers: trailers, error: error) }
    let client = GRPCClient(try Session(base: "http://127.0.0.1:1", options: options))
    let call = client.open("/a.B/C", [])
    do throws(GRPCError) {
      while try await call.next() != nil {}
      return nil
    } catch {
      return error
    }
  }

  /// A server with one answer.
  private struct Fixed: HTTPTransport {
    let status: Int
    let head: HTTPHeaders
    let chunks: [[UInt8]]
    let trailers: HTTPHeaders
    let error: TransportError?

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
      throw TransportError(.malformed, "calls are streams")
    }

    func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
      HTTPStream(status: status, headers: head, chunks: chunks, error: error, trailers: trailers)
    }
  }

  @Test("the status stands in the trailers, or in the head where there are no messages; HTTP's own is translated")
  func readsTheEnd() async throws {
    let head: HTTPHeaders = ["Content-Type": "application/grpc+proto"]
    #expect(try await end(head, trailers: ["grpc-status": "0"]) == nil)
    let refused = try await end(["Content-Type": "application/grpc", "grpc-status": "7", "grpc-message": "no%21"])
    #expect(refused?.status == .permissionDenied)
    #expect(refused?.message == "no!")
    #expect(try await end(head, trailers: ["grpc-status": "99"])?.status == .unknown)
    #expect(try await end(head)?.message == "the server ended the call without a status")
    #expect(
      try await end(head, chunks: [[0, 0, 0, 0, 9, 1]], trailers: ["grpc-status": "0"])?.status == .internal)
    #expect(try await end(["Content-Type": "text/html"])?.status == .unknown)
    for (status, wanted) in [(503, GRPCStatus.unavailable), (404, .unimplemented), (403, .permissionDenied)] {
      #expect(try await end(["Content-Type": "text/html"], status: status)?.status == wanted)
    }
  }

  @Test("a status that came stands, whatever became of the stream after it; without one the failure does")
  func keepsStatusesOfBrokenStreams() async throws {
    let broken = TransportError(.truncated, "the connection broke inside the answer")
    let head: HTTPHeaders = ["Content-Type": "application/grpc"]
    let refused = try await end(["Content-Type": "application/grpc", "grpc-status": "12"], error: broken)
    #expect(refused?.status == .unimplemented)
    #expect(refused?.transport == nil)
    #expect(try await end(head, trailers: ["grpc-status": "5"], error: broken)?.status == .notFound)
    #expect(try await end(head, trailers: ["grpc-status": "0"], error: broken) == nil)
    let cut = try await end(head, chunks: [[0, 0, 0, 0, 9, 1]], trailers: ["grpc-status": "0"], error: broken)
    #expect(cut?.status == .internal)
    let lost = try await end(head, error: broken)
    #expect(lost?.status == .unavailable)
    #expect(lost?.transport == broken)
  }

  @Test("deadlines are spelt in at most eight digits")
  func spellsDeadlines() {
    #expect(GRPCClient.timeout(.milliseconds(1500)) == "1500m")
    #expect(GRPCClient.timeout(.zero) == "1m")
    #expect(GRPCClient.timeout(.seconds(86_400)) == "86400000m")
    #expect(GRPCClient.timeout(.seconds(1_000_000)) == "86400000m")
  }
}
