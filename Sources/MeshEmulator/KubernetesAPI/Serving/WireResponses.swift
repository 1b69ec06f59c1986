import FlyingFox
import FlyingSocks
import Foundation
import Synchronization

/// The door between the HTTP server and the API: the handler is set once the server value exists.
final class Entry: HTTPHandler {
  let serve = Mutex<(@Sendable (HTTPRequest) async -> HTTPResponse)?>(nil)

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    guard let serve = serve.withLock({ $0 }) else { throw HTTPUnhandledError() }
    return await serve(request)
  }
}

extension KubernetesAPIServer {
  /// Answers one HTTP request: misbehaviour first, then the API.
  func response(to http: HTTPRequest) async -> HTTPResponse {
    var answer: APIAnswer
    var cut: Int?
    do {
      let request = try await APIRequest(http)
      var expires = false
      for effect in faults.strike(method: request.method, path: request.path) {
        switch effect {
        case .delay(let milliseconds): try await Task.sleep(for: .milliseconds(milliseconds))
        case .status(let code, let retryAfter): return wire(APIAnswer(Self.fault(code, retryAfter)), cut: nil)
        case .redirect(let target):
          var moved = APIAnswer(text: "", status: 307)
          moved.headers.append(("Location", target))
          return wire(moved, cut: nil)
        case .garbage(let bytes): return wire(APIAnswer(bytes: bytes), cut: nil)
        case .disconnect: return HTTPResponse(webSocket: Disconnection())
        case .truncate(let count): cut = count
        case .expireContinue: if request["continue"] != nil { store.forgetSnapshots() }
        case .expireWatch: expires = request.flag("watch")
        }
      }
      if expires { return wire(APIAnswer(watch: .expired(store: store)), cut: cut) }
      answer = try await self.answer(to: request)
    } catch let status as APIStatus {
      answer = APIAnswer(status)
    } catch {
      answer = APIAnswer(APIStatus(500, "InternalError", "Internal error occurred: \(error)"))
    }
    return wire(answer, cut: cut)
  }

  private static func fault(_ code: Int, _ retryAfter: Int?) -> APIStatus {
    let known: [Int: (String, String)] = [
      401: ("Unauthorized", "Unauthorized"), 403: ("Forbidden", "forbidden"),
      429: ("TooManyRequests", "too many requests, please try again later"),
      500: ("InternalError", "Internal error occurred"), 503: ("ServiceUnavailable", "service unavailable"),
      504: ("Timeout", "the request timed out"),
    ]
    let (reason, message) = known[code] ?? ("", "ordered to fail")
    return APIStatus(code, reason, message, retryAfter: retryAfter)
  }

  private func wire(_ answer: APIAnswer, cut: Int?) -> HTTPResponse {
    var headers: HTTPHeaders = [
      HTTPHeader("Audit-Id"): ObjectIdentity.uid(), .contentType: answer.contentType,
      HTTPHeader("Cache-Control"): "no-cache, private",
    ]
    for (name, value) in answer.headers { headers[HTTPHeader(name)] = value }
    let status = HTTPStatusCode(answer.status, phrase: Self.phrases[answer.status] ?? "Status")
    switch answer.body {
    case .bytes(let bytes):
      if let cut, cut < bytes.count {
        let body = HTTPBodySequence(from: CutBody(bytes: Array(bytes.prefix(cut))), count: bytes.count)
        return HTTPResponse(statusCode: status, headers: headers, body: body)
      }
      let body = HTTPBodySequence(data: Data(bytes), suggestedBufferSize: 1 << 18)
      return HTTPResponse(statusCode: status, headers: headers, body: body)
    case .watch(let stream):
      return HTTPResponse(statusCode: status, headers: headers, body: HTTPBodySequence(from: stream))
    }
  }

  private static let phrases: [Int: String] = [
    200: "OK", 201: "Created", 307: "Temporary Redirect", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
    404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 409: "Conflict", 410: "Gone",
    413: "Request Entity Too Large", 415: "Unsupported Media Type", 422: "Unprocessable Entity",
    429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Gateway Timeout",
  ]
}

/// A protocol switch that fails before a byte is sent, which closes the connection: FlyingFox has no other way to.
private struct Disconnection: WSHandler {
  func makeFrames(for client: AsyncThrowingStream<WSFrame, any Error>) async throws -> AsyncStream<WSFrame> {
    throw SocketError.disconnected
  }
}

/// A body that breaks off.
private struct CutBody: AsyncBufferedSequence {
  typealias Element = UInt8
  let bytes: [UInt8]

  func makeAsyncIterator() -> Iterator { Iterator(bytes: bytes) }

  struct Iterator: AsyncBufferedIteratorProtocol {
    var bytes: [UInt8]
    var isSent = false

    mutating func next() async throws -> UInt8? { throw SocketError.disconnected }

    mutating func nextBuffer(suggested count: Int) async throws -> [UInt8]? {
      if isSent || bytes.isEmpty { throw SocketError.disconnected }
      isSent = true
      return bytes
    }
  }
}
