import Synchronization

/// Answers from a recording. The same request asked again gets the next recorded answer, and the last one from then on.
public final class ReplayTransport: HTTPTransport {
  private struct Answers {
    var exchanges: [RecordedExchange]
    var next = 0
  }

  private let answers: Mutex<[String: Answers]>

  /// A replay of lines as `ExchangeRecorder` writes them; throws `malformed` naming the first line that is none.
  public init(recording: [UInt8]) throws(TransportError) {
    var answers: [String: Answers] = [:]
    for (index, line) in recording.split(separator: 10).enumerated() {
      guard let exchange = RecordedExchange(line: Array(line)) else {
        throw TransportError(.malformed, "line \(index + 1) of the recording is no exchange")
      }
      answers["\(exchange.method) \(exchange.path)", default: Answers(exchanges: [])].exchanges.append(exchange)
    }
    self.answers = Mutex(answers)
  }

  /// The next recorded answer; `notRecorded` where there is none.
  public func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    let exchange = try next(request)
    return HTTPResponse(status: exchange.status, headers: exchange.headers, body: Array((exchange.body ?? "").utf8))
  }

  /// The next recorded answer as a stream of one piece.
  public func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
    let exchange = try next(request)
    return HTTPStream(
      status: exchange.status, headers: exchange.headers, chunks: [Array((exchange.body ?? "").utf8)])
  }

  private func next(_ request: HTTPRequest) throws(TransportError) -> RecordedExchange {
    let target = try TargetURL(parsing: request.url)
    let key = "\(request.method.rawValue) \(RecordedExchange.key(target))"
    let exchange: RecordedExchange? = answers.withLock { answers in
      guard let known = answers[key] else { return nil }
      answers[key]?.next = min(known.next + 1, known.exchanges.count - 1)
      return known.exchanges[known.next]
    }
    guard let exchange, exchange.error == nil else {
      throw TransportError(
        exchange == nil ? .notRecorded : .connectionLost,
        exchange == nil ? "the recording has no \(request.method.rawValue) \(target.path)" : "failed when recorded",
        origin: target.origin)
    }
    return exchange
  }
}
