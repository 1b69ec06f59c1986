/// A file of exchanges in the making: each becomes one line of JSON without secrets, handed to `sink`.
///
/// Header fields are written by an allow-list. Authorization, cookies and tokens are not on it; values of Secrets,
/// passwords, tokens and keys in JSON are replaced; bodies that are neither JSON nor plain text are left out, but for
/// Prometheus' queries. What hands out credentials is not recorded at all.
public actor ExchangeRecorder {
  private let sink: @Sendable ([UInt8]) -> Void
  /// How many exchanges were written.
  public private(set) var count = 0

  /// A recorder that hands each line, its end included, to `sink`, one at a time.
  public init(sink: @escaping @Sendable ([UInt8]) -> Void) { self.sink = sink }

  /// Writes an answered request.
  public func record(_ request: HTTPRequest, _ response: HTTPResponse) {
    write(RecordedExchange(request, status: response.status, headers: response.headers, body: response.body))
  }

  func write(_ exchange: RecordedExchange) {
    sink(Array(exchange.line.utf8))
    count += 1
  }
}

/// A transport that records what goes through it.
public struct RecordingTransport: HTTPTransport {
  private let inner: any HTTPTransport
  private let recorder: ExchangeRecorder

  /// Sends by `inner` and tells `recorder`.
  public init(_ inner: any HTTPTransport, recorder: ExchangeRecorder) {
    self.inner = inner
    self.recorder = recorder
  }

  /// Whether the inner transport needs credentials.
  public var needsCredentials: Bool { inner.needsCredentials }

  /// What the inner transport answers, recorded.
  public func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    if request.isForCredentials { return try await inner.send(request) }
    do {
      let response = try await inner.send(request)
      await recorder.record(request, response)
      return response
    } catch {
      await recorder.write(RecordedExchange(request, status: 0, headers: HTTPHeaders(), body: [], error: error))
      throw error
    }
  }

  /// What the inner transport answers; recorded when it is over or dropped.
  public func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
    let stream = try await inner.stream(request)
    if request.isForCredentials { return stream }
    return stream.tapped(by: StreamTap(request, stream.status, stream.headers, recorder))
  }
}
