/// A way to send requests: the network, a session over it, or a recording.
public protocol HTTPTransport: Sendable {
  /// Sends a request and waits for the whole answer. Every status but a redirect is an answer.
  func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse

  /// Sends a request and returns when the head of the answer is there; the body follows as a sequence.
  func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream

  /// Whether whoever answers wants to know who asks: a recording does not, and no credentials are looked for.
  var needsCredentials: Bool { get }
}

extension HTTPTransport {
  /// True unless the transport says otherwise.
  public var needsCredentials: Bool { true }
}

/// What makes a transport of settings: the network, a recording, or a fake.
public typealias TransportMaker = @Sendable (ConnectionSettings) -> any HTTPTransport
