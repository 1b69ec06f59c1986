import Synchronization

/// Answers from a recording. The same request asked again gets the next recorded answer, and the last one from then on.
///
/// Each server answers for itself. One that the recording does not know gets the answer to a request that was recorded
/// of one server alone.
public final class ReplayTransport: HTTPTransport {
  private struct Answers {
    var exchanges: [RecordedExchange]
    var next = 0
  }

  /// By what was asked, and of which origin.
  private let answers: Mutex<[String: [String: Answers]]>
  private let origins: Set<String>

  /// Nobody is asked, so that nobody has to prove who asks.
  public var needsCredentials: Bool { false }

  /// A replay of lines as `ExchangeRecorder` writes them; throws `malformed` naming the first line that is none.
  public init(recording: [UInt8]) throws(TransportError) {
    var answers: [String: [String: Answers]] = [:]
    var origins: Set<String> = []
    for (index, line) in recording.split(separator: 10).enumerated() {
      guard let exchange = RecordedExchange(line: Array(line)) else {
        throw TransportError(.malformed, "line \(index + 1) of the recording is no exchange")
      }
      answers[exchange.question, default: [:]][exchange.origin, default: Answers(exchanges: [])].exchanges.append(
        exchange)
      origins.insert(exchange.origin)
    }
    self.origins = origins
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
    let question = RecordedExchange(request, status: 0, headers: HTTPHeaders(), body: []).question
    let exchange: RecordedExchange? = answers.withLock { answers in
      let known = answers[question] ?? [:]
      let origin = known.count == 1 && !origins.contains(target.origin) ? known.keys.first : target.origin
      guard let origin, let found = known[origin] else { return nil }
      answers[question]?[origin]?.next = min(found.next + 1, found.exchanges.count - 1)
      return found.exchanges[found.next]
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
