/// Why a request got no complete answer. It never contains a credential, a header value or a query.
public struct TransportError: Error, Sendable, Hashable {
  /// A part of a request's life that has a deadline.
  public enum Phase: String, Sendable, Hashable {
    /// Waiting for a free connection, for a rate limit or for a pause that the server asked for.
    case queued = "waiting for a turn"
    case connect = "connecting"
    case tls = "setting up TLS"
    case firstByte = "waiting for the first byte"
    case idle = "waiting for the next byte"
    case total = "in all"
  }

  /// The kind of failure.
  public enum Code: Sendable, Hashable {
    /// No connection: name not found, refused, no route.
    case unreachable
    /// A phase took longer than its deadline.
    case timedOut(Phase)
    /// The TLS handshake failed or the peer is not who it should be.
    case tls
    /// A certificate is expired or not yet valid.
    case certificateExpired
    /// The server answered with a redirect, which is never followed.
    case redirected
    /// The answer exceeds a limit.
    case tooLarge
    /// The connection ended inside the answer.
    case truncated
    /// The connection was lost before an answer.
    case connectionLost
    /// Writing is switched off and the request would write.
    case readOnly
    /// The task was cancelled.
    case cancelled
    /// The proxy refused or is set up wrongly.
    case proxy
    /// The request or the answer breaks the rules of HTTP.
    case malformed
    /// The server wants other credentials.
    case unauthorized
    /// Credentials could not be obtained.
    case credentials
    /// A replay has no such exchange.
    case notRecorded
  }

  /// The kind of failure.
  public var code: Code
  /// What happened, one sentence.
  public var message: String
  /// Scheme, host and port asked; never credentials, path or query.
  public var origin: String
  /// What the operator can do, where something is known to help.
  public var remedy: String?
  /// What the library below said.
  public var underlying: String?
  /// Whether bytes of a write left and its answer was lost, so that nobody knows whether it took effect.
  public var outcomeUnknown: Bool

  /// An error of its parts.
  public init(
    _ code: Code, _ message: String, origin: String = "", remedy: String? = nil, underlying: String? = nil,
    outcomeUnknown: Bool = false
  ) {
    self.code = code
    self.message = message
    self.origin = origin
    self.remedy = remedy
    self.underlying = underlying
    self.outcomeUnknown = outcomeUnknown
  }
}

extension TransportError: CustomStringConvertible {
  /// One line: origin, what happened, the remedy.
  public var description: String {
    var text = origin.isEmpty ? message : "\(origin): \(message)"
    if outcomeUnknown { text += "; whether the change took effect is unknown" }
    if let remedy { text += " (\(remedy))" }
    return text
  }
}
