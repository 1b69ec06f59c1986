import Synchronization

/// A server and how one deals with it: address, credentials, retries, pauses, rate, and whether writing is allowed.
///
/// Every request goes through one function, which refuses what the write policy refuses and what is not addressed to
/// this server, waits for its turn, adds the credential, sends, and sends again what may be sent again: reads and
/// idempotent requests after a passing failure, and any request once after a refused credential.
public final class Session: HTTPTransport {
  /// What a session needs besides the address; each has a usual value.
  public struct Options: Sendable {
    /// How the server is reached.
    public var settings = ConnectionSettings()
    /// Where credentials come from, nil for none.
    public var credentials: (any CredentialSource)?
    /// When requests are sent again.
    public var retry = RetryPolicy()
    /// Whether writing is allowed.
    public var writes = WritePolicy.allowed
    /// How many requests the origin gets.
    public var rate = RateLimit()
    /// The turns of the origin, shared by the process unless given.
    public var gate = OriginGate.shared
    /// The time.
    public var clock: any TransportClock = SystemClock()
    /// Random numbers in 0..<1.
    public var random: @Sendable () -> Double = { Double.random(in: 0..<1) }
    /// What sends, given the settings with the credential's certificate in them: the network unless given.
    public var transport: TransportMaker

    /// The usual values.
    public init(transport: @escaping TransportMaker = { CurlTransport(settings: $0) }) { self.transport = transport }
  }

  /// Scheme, host and port.
  public let origin: String
  /// The path all requests are under, without a slash at its end.
  public let basePath: String
  private let options: Options
  private let current: Mutex<(settings: ConnectionSettings, transport: any HTTPTransport)>

  /// A session with the server at `base`, an absolute URL that may have a path.
  public init(base: String, options: Options = Options()) throws(TransportError) {
    let target = try TargetURL(parsing: base)
    guard target.query == nil else {
      throw TransportError(.malformed, "a server's address has no query", origin: target.origin)
    }
    origin = target.origin
    var path = target.path
    while path.hasSuffix("/") { path.removeLast() }
    basePath = path
    self.options = options
    current = Mutex((options.settings, options.transport(options.settings)))
  }

  /// How long the pause that the server asked for still lasts; zero where there is none.
  public var remainingPause: Duration { options.gate.remainingPause(origin, now: options.clock.now()) }

  /// Whether writing is allowed.
  public var writes: WritePolicy { options.writes }

  /// A request to this server. `path` begins with a slash and is percent-encoded where needed; names and values of the
  /// query are encoded here.
  public func request(
    _ method: HTTPRequest.Method = .get, _ path: String, query: [(String, String?)] = [], headers: HTTPHeaders = [:],
    body: [UInt8]? = nil, deadlines: Deadlines? = nil, limits: BodyLimits = .object, idempotent: Bool? = nil
  ) -> HTTPRequest {
    let slash = path.hasPrefix("/") ? "" : "/"
    let tail = query.isEmpty ? "" : (path.contains("?") ? "&" : "?") + PercentCoding.query(query)
    return HTTPRequest(
      method, origin + basePath + slash + path + tail, headers: headers, body: body, deadlines: deadlines,
      limits: limits, idempotent: idempotent)
  }

  /// The whole answer, after retries; 401 is the error `unauthorized`.
  public func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    try await perform(request) { (transport, request) async throws(TransportError) in
      let response = try await transport.send(request)
      return (response, response.status, response.headers)
    }
  }

  /// The head of the answer, after retries, with its body to come; 401 is the error `unauthorized`.
  public func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
    try await perform(request) { (transport, request) async throws(TransportError) in
      let stream = try await transport.stream(request)
      return (stream, stream.status, stream.headers)
    }
  }

  /// The one place from which requests leave.
  private func perform<Answer: Sendable>(
    _ request: HTTPRequest,
    _ attempt: (any HTTPTransport, HTTPRequest) async throws(TransportError) -> (Answer, Int, HTTPHeaders)
  ) async throws(TransportError) -> Answer {
    try check(request)
    let started = options.clock.now()
    var failures = 0
    var refresh = false
    while true {
      try await waitForTurn(request, since: started)
      let (transport, prepared) = try await authorise(request, refresh: refresh)
      var pause: Duration?
      do throws(TransportError) {
        let (answer, status, headers) = try await attempt(transport, prepared)
        if status == 401 {
          guard options.credentials != nil, !refresh, request.upload == nil else { throw unauthorized() }
          refresh = true
          continue
        }
        pause = RetryPolicy.isPassing(status) ? notePause(headers) : nil
        guard RetryPolicy.isPassing(status), mayRepeat(request, failures) else { return answer }
      } catch {
        guard RetryPolicy.isPassing(error), mayRepeat(request, failures) else { throw error }
      }
      failures += 1
      // A pause of the whole origin is waited for with the turn; without one, this request steps back by itself.
      guard pause == nil else { continue }
      try await sleep(options.retry.pause(failures: failures, random: options.random()), request, since: started)
    }
  }

  private func check(_ request: HTTPRequest) throws(TransportError) {
    let target = try TargetURL(parsing: request.url)
    guard target.origin == origin, target.path == basePath || target.path.hasPrefix(basePath + "/") else {
      throw TransportError(.malformed, "the request is not for this server", origin: origin)
    }
    try options.writes.check(request, path: String(target.path.dropFirst(basePath.count)), origin: origin)
  }

  private func mayRepeat(_ request: HTTPRequest, _ failures: Int) -> Bool {
    request.idempotent && request.upload == nil && failures + 1 < options.retry.attempts
  }

  private func notePause(_ headers: HTTPHeaders) -> Duration? {
    guard let pause = RetryAfter.pause(headers["Retry-After"], wallSeconds: options.clock.wallSeconds()) else {
      return nil
    }
    options.gate.pause(origin, until: options.clock.now() + pause)
    return pause
  }

  private func waitForTurn(_ request: HTTPRequest, since started: Duration) async throws(TransportError) {
    let turn = options.gate.reserve(origin, options.rate, now: options.clock.now())
    try await sleep(turn, request, since: started)
    while remainingPause > .zero { try await sleep(remainingPause, request, since: started) }
  }

  private func sleep(_ duration: Duration, _ request: HTTPRequest, since started: Duration) async throws(TransportError)
  {
    guard duration > .zero else { return }
    if let total = request.deadlines.total, options.clock.now() - started + duration > total {
      throw TransportError(
        .timedOut(.queued), "the next turn is \(duration.wholeMilliseconds) ms away, past the deadline",
        origin: origin, remedy: "the server asked to wait or is failing; try later")
    }
    do {
      try await options.clock.sleep(for: duration)
    } catch {
      throw TransportError(.cancelled, "cancelled", origin: origin)
    }
  }

  private func authorise(
    _ request: HTTPRequest, refresh: Bool
  ) async throws(TransportError) -> (any HTTPTransport, HTTPRequest) {
    let present = current.withLock { $0.transport }
    guard present.needsCredentials else { return (present, request) }
    let credential = try await options.credentials?.credential(refresh: refresh) ?? .none
    var prepared = request
    for field in credential.fields { prepared.headers.set(field.name, field.value.reveal) }
    var settings = options.settings
    if let identity = credential.identity { settings.tls.identity = identity }
    if let authorities = credential.authorities { settings.tls.authorities = authorities }
    if let signing = credential.awsSigning { settings.awsSigning = signing }
    let transport = current.withLock { current in
      if current.settings != settings { current = (settings, options.transport(settings)) }
      return current.transport
    }
    return (transport, prepared)
  }

  private func unauthorized() -> TransportError {
    let withheld = origin.hasPrefix("http://") && !((try? TargetURL(parsing: origin))?.isLoopback ?? false)
    return TransportError(
      .unauthorized,
      options.credentials == nil ? "the server wants credentials and none are configured" : "login needed",
      origin: origin,
      remedy: withheld && options.credentials != nil
        ? "credentials are not sent over plain http; use https" : "log in again or correct the credentials")
  }
}
