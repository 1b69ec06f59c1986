import MeshTransport
import Synchronization

/// Administration interfaces made for a test: answers by path, and how many questions were under way at once.
final class AdminPorts: HTTPTransport {
  private let running = Mutex((now: 0, most: 0, all: 0))
  private let pause: Duration
  private let answer: @Sendable (_ origin: String, _ path: String) -> (status: Int, text: String)?

  init(
    pause: Duration = .zero,
    _ answer: @escaping @Sendable (_ origin: String, _ path: String) -> (status: Int, text: String)?
  ) {
    self.pause = pause
    self.answer = answer
  }

  /// The most questions that were under way at once, and all there were.
  var counts: (most: Int, all: Int) { running.withLock { ($0.most, $0.all) } }

  var options: Session.Options {
    var options = Session.Options()
    options.transport = { _ in self }
    options.gate = OriginGate()
    return options
  }

  func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    running.withLock { running in
      running.now += 1
      running.all += 1
      running.most = max(running.most, running.now)
    }
    defer { running.withLock { $0.now -= 1 } }
    if pause > .zero { try? await Task.sleep(for: pause) }
    let rest = request.url.firstRange(of: "://").map { request.url[$0.upperBound...] } ?? request.url[...]
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    guard let found = answer(String(rest[..<slash]), String(rest[slash...])) else {
      throw TransportError(.unreachable, "nobody listens", origin: String(rest[..<slash]))
    }
    return HTTPResponse(status: found.status, headers: [:], body: Array(found.text.utf8))
  }

  func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
    let response = try await send(request)
    return HTTPStream(status: response.status, headers: response.headers, chunks: [response.body])
  }
}
