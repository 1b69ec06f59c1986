import FlyingFox

/// A handler whose answers bear the time, as those of every server with a clock do (RFC 9110, 6.6.1).
struct DatedAnswers<Inner: HTTPHandler>: HTTPHandler {
  let inner: Inner
  /// The time in seconds since 1970.
  var now: @Sendable () -> Int = Timestamp.now

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    var response = try await inner.handleRequest(request)
    let date = HTTPHeader("Date")
    if response.headers[date] == nil { response.headers[date] = Timestamp.http(now()) }
    return response
  }
}
