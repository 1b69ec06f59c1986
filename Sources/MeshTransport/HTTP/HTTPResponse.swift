/// A complete answer. Every status but a redirect is an answer, not an error.
public struct HTTPResponse: Sendable {
  /// When parts of the answer came, from the moment the request was handed over.
  public struct Timing: Sendable, Hashable {
    /// Until the last byte.
    public var total: Duration
    /// Until the first byte of the answer.
    public var firstByte: Duration

    /// The two durations.
    public init(total: Duration = .zero, firstByte: Duration = .zero) {
      self.total = total
      self.firstByte = firstByte
    }
  }

  /// The status code, 200...599.
  public var status: Int
  /// The header fields.
  public var headers: HTTPHeaders
  /// The body, decoded.
  public var body: [UInt8]
  /// When the answer came.
  public var timing: Timing
  /// Over what it came.
  public var connection: ConnectionFacts

  /// An answer made of its parts, for replays and fakes.
  public init(
    status: Int, headers: HTTPHeaders = [:], body: [UInt8] = [], timing: Timing = Timing(),
    connection: ConnectionFacts = ConnectionFacts()
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.timing = timing
    self.connection = connection
  }

  /// Whether the status is 200...299.
  public var isSuccess: Bool { (200...299).contains(status) }
}

/// The connection an answer came over.
public struct ConnectionFacts: Sendable, Hashable {
  /// The protocol, such as `HTTP/1.1` or `HTTP/2`; empty where unknown.
  public var protocolVersion: String
  /// The numeric address and port of the peer; of the proxy where one was used; empty where unknown.
  public var peer: String
  /// Whether an existing connection was used.
  public var reused: Bool
  /// Bytes of the body as they travelled, before decompression.
  public var wireBytes: Int
  /// Whether credentials of the request were left out because the connection was plain `http` to another machine.
  public var credentialsWithheld: Bool

  /// Facts, unknown unless given.
  public init(
    protocolVersion: String = "", peer: String = "", reused: Bool = false, wireBytes: Int = 0,
    credentialsWithheld: Bool = false
  ) {
    self.protocolVersion = protocolVersion
    self.peer = peer
    self.reused = reused
    self.wireBytes = wireBytes
    self.credentialsWithheld = credentialsWithheld
  }
}
