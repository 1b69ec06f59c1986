import MeshTransport
import Synchronization

/// A clock that moves only when somebody sleeps by it, and then at once.
final class VirtualClock: TransportClock {
  private let time = Mutex<(now: Duration, slept: [Duration])>((.zero, []))

  /// 2026-01-01T00:00:00Z at the start.
  static let epoch = 1_767_225_600

  var slept: [Duration] { time.withLock { $0.slept } }

  func now() -> Duration { time.withLock { $0.now } }

  func wallSeconds() -> Int { Self.epoch + Int(now().components.seconds) }

  func sleep(for duration: Duration) async throws {
    try Task.checkCancellation()
    time.withLock {
      $0.now += duration
      $0.slept.append(duration)
    }
  }
}

/// A transport that answers from a list and remembers what it was asked.
final class ScriptedTransport: HTTPTransport {
  typealias Answer = @Sendable (HTTPRequest, Int) -> Result<HTTPResponse, TransportError>
  private let seen = Mutex<[HTTPRequest]>([])
  private let answer: Answer

  init(_ answer: @escaping Answer) { self.answer = answer }

  var requests: [HTTPRequest] { seen.withLock { $0 } }

  func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    let number = seen.withLock { seen in
      seen.append(request)
      return seen.count
    }
    return try answer(request, number).get()
  }

  func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
    let response = try await send(request)
    return HTTPStream(status: response.status, headers: response.headers, chunks: [response.body])
  }
}
