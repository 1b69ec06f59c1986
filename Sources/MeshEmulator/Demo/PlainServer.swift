import FlyingFox
import FlyingSocks
import Foundation

/// A small HTTP server on a loopback port: the address at which istiod or the metrics are reached directly.
struct PlainServer: Sendable {
  private let server: HTTPServer

  init(port: UInt16, answer: @escaping @Sendable (PlainRequest) -> PlainAnswer) throws {
    server = HTTPServer(
      config: .init(address: try sockaddr_in.inet(ip4: "127.0.0.1", port: port), timeout: 60, logger: .disabled),
      handler: PlainEntry(answer: answer))
  }

  /// Serves until the task is cancelled.
  func run() async throws { try await server.run() }

  func stop() async { await server.stop(timeout: 0) }

  /// The address, such as `http://127.0.0.1:40123`, once it listens.
  var address: String {
    get async throws {
      try await server.waitUntilListening(timeout: 5)
      guard case .ip4(_, let port)? = await server.listeningAddress else { return "" }
      return "http://127.0.0.1:\(port)"
    }
  }
}

private struct PlainEntry: HTTPHandler {
  let answer: @Sendable (PlainRequest) -> PlainAnswer

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    let plain = PlainRequest(
      target: .server, method: request.method.rawValue, path: request.path,
      query: request.query.map { ($0.name, $0.value) }, body: [])
    let answer = answer(plain)
    return HTTPResponse(
      statusCode: HTTPStatusCode(answer.status, phrase: answer.status == 200 ? "OK" : "Status"),
      headers: [.contentType: answer.contentType],
      body: HTTPBodySequence(data: Data(answer.body), suggestedBufferSize: 1 << 18))
  }
}
