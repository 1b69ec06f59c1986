import FlyingFox
import FlyingSocks
import Foundation

/// A small HTTP server on a loopback port: the address at which istiod, metrics or a platform's API are reached directly.
struct PlainServer: Sendable {
  private let server: HTTPServer

  /// The most bytes of a request's body.
  fileprivate static let bodyLimit = 3 << 20
  /// The seconds an answer may take: a long poll of ten minutes with some to spare.
  private static let patience = 660.0

  /// Creates a server on a port, a free one where 0; ``run()`` starts it.
  init(port: UInt16 = 0, answer: @escaping @Sendable (PlainRequest) async -> PlainAnswer) throws {
    server = HTTPServer(
      config: .init(
        address: try sockaddr_in.inet(ip4: "127.0.0.1", port: port), timeout: Self.patience,
        pool: PromptPool(inner: HTTPServer.defaultPool()), logger: .disabled),
      handler: DatedAnswers(inner: PlainEntry(answer: answer)))
  }

  /// Serves until the task is cancelled.
  func run() async throws { try await server.run() }

  func stop() async { await server.stop(timeout: 0) }

  /// The address, such as `http://127.0.0.1:40123`, once it listens.
  var address: String {
    get async throws {
      try await server.waitUntilListening(timeout: 30)
      guard case .ip4(_, let port)? = await server.listeningAddress else { return "" }
      return "http://127.0.0.1:\(port)"
    }
  }
}

private struct PlainEntry: HTTPHandler {
  let answer: @Sendable (PlainRequest) async -> PlainAnswer

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    var plain = PlainRequest(
      target: .server, method: request.method.rawValue, path: request.target.path(),
      query: request.query.map { ($0.name, $0.value) }, body: [])
    plain.headers = request.headers.map { ($0.key.rawValue, $0.value) }
    for try await chunk in request.bodySequence {
      plain.body.append(contentsOf: chunk)
      guard plain.body.count <= PlainServer.bodyLimit else {
        return Self.response(.text("the body is above \(PlainServer.bodyLimit) bytes\n", status: 413))
      }
    }
    return Self.response(await answer(plain))
  }

  private static func response(_ answer: PlainAnswer) -> HTTPResponse {
    var headers: HTTPHeaders = [.contentType: answer.contentType]
    for (name, value) in answer.headers { headers[HTTPHeader(name)] = value }
    return HTTPResponse(
      statusCode: HTTPStatusCode(answer.status, phrase: answer.status == 200 ? "OK" : "Status"), headers: headers,
      body: HTTPBodySequence(data: Data(answer.body), suggestedBufferSize: 1 << 18))
  }
}
