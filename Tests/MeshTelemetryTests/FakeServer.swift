import MeshModel
import MeshTransport
import Synchronization

/// A transport that answers from a function and remembers what it was asked.
final class FakeServer: HTTPTransport {
  let requests = Mutex<[HTTPRequest]>([])
  private let running = Mutex((now: 0, most: 0))
  private let answer: @Sendable (HTTPRequest) throws(TransportError) -> HTTPResponse

  init(_ answer: @escaping @Sendable (HTTPRequest) throws(TransportError) -> HTTPResponse) { self.answer = answer }

  /// The most requests that were under way at once.
  var mostAtOnce: Int { running.withLock { $0.most } }

  /// Session options that send here instead of to the network, once each.
  var options: Session.Options {
    var options = Session.Options()
    options.transport = { _ in self }
    options.retry.attempts = 1
    options.gate = OriginGate()
    return options
  }

  func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    running.withLock { running in
      running.now += 1
      running.most = max(running.most, running.now)
    }
    defer { running.withLock { $0.now -= 1 } }
    requests.withLock { $0.append(request) }
    await Task.yield()
    return try answer(request)
  }

  func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
    let response = try await send(request)
    // Pieces of an odd size, so that lines are cut anywhere.
    let chunks = stride(from: 0, to: response.body.count, by: 97).map {
      Array(response.body[$0..<min($0 + 97, response.body.count)])
    }
    return HTTPStream(status: response.status, headers: response.headers, chunks: chunks)
  }

  /// The value of a field of the form that a request carries, in its body or its URL.
  static func field(_ name: String, _ request: HTTPRequest) -> String? {
    let form =
      request.body.map { String(decoding: $0, as: UTF8.self) }
      ?? request.url.split(separator: "?").dropFirst().first.map(String.init) ?? ""
    for item in form.split(separator: "&") {
      let parts = item.split(separator: "=", maxSplits: 1)
      if parts.first == name[...] { return PercentCoding.decode(String(parts.last ?? "")) }
    }
    return nil
  }

  static func json(_ text: String, status: Int = 200) -> HTTPResponse {
    HTTPResponse(status: status, headers: ["Content-Type": "application/json"], body: Array(text.utf8))
  }

  static func vector(_ result: String, _ more: String = "") -> HTTPResponse {
    json(#"{"status":"success","data":{"resultType":"vector","result":["# + result + "]}" + more + "}")
  }
}
