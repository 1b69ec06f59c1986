import Synchronization

/// The listener at a stream: keeps what is read, up to 16 MiB, and records it when the stream is over or dropped.
final class StreamTap: Sendable {
  static let limit = 16 << 20

  private let body = Mutex<[UInt8]>([])
  private let request: HTTPRequest
  private let status: Int
  private let headers: HTTPHeaders
  private let recorder: ExchangeRecorder

  init(_ request: HTTPRequest, _ status: Int, _ headers: HTTPHeaders, _ recorder: ExchangeRecorder) {
    self.request = request
    self.status = status
    self.headers = headers
    self.recorder = recorder
  }

  func take(_ chunk: [UInt8]) {
    body.withLock { if $0.count + chunk.count <= Self.limit { $0 += chunk } }
  }

  /// Records what was read so far and forgets it.
  func finish() async {
    let body = body.withLock { body in
      defer { body = [] }
      return body
    }
    await recorder.write(RecordedExchange(request, status: status, headers: headers, body: body))
  }

  deinit {
    let body = body.withLock { $0 }
    guard !body.isEmpty else { return }
    let exchange = RecordedExchange(request, status: status, headers: headers, body: body)
    let recorder = recorder
    Task { await recorder.write(exchange) }
  }
}
