import MeshTransport
import Synchronization

/// Servers of every address, which note what each is asked and answer all of it alike.
final class FakeSites: HTTPTransport {
  let requests = Mutex<[HTTPRequest]>([])
  private let answer: @Sendable (HTTPRequest) -> HTTPResponse

  init(_ answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse = { _ in HTTPResponse(status: 200) }) {
    self.answer = answer
  }

  /// What makes these servers of any settings.
  var maker: TransportMaker { return { _ in self } }

  /// The requests that went to addresses which begin in this way.
  func asked(_ beginning: String) -> [HTTPRequest] {
    requests.withLock { $0 }.filter { $0.url.hasPrefix(beginning) }
  }

  func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    requests.withLock { $0.append(request) }
    return answer(request)
  }

  func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
    let response = try await send(request)
    return HTTPStream(status: response.status, headers: response.headers, chunks: [response.body])
  }
}
