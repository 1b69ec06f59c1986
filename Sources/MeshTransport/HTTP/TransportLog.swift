import Logging

/// The debug log: method, origin, path, status and time; never a query, a header value or a body.
enum TransportLog {
  private static let logger = Logger(label: "meshdeck.transport")

  static func note(
    _ request: HTTPRequest, _ target: TargetURL, _ status: Result<Int, TransportError>, _ time: Duration
  ) {
    logger.debug(
      "exchange",
      metadata: [
        "method": "\(request.method.rawValue)", "origin": "\(target.origin)", "path": "\(target.path)",
        "outcome": "\(outcome(status))", "milliseconds": "\(time.wholeMilliseconds)",
      ])
  }

  private static func outcome(_ status: Result<Int, TransportError>) -> String {
    switch status {
    case .success(let status): "\(status)"
    case .failure(let error): "\(error.code)"
    }
  }
}
