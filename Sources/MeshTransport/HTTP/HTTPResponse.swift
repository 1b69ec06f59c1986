/// A complete answer. Every status but a redirect is an answer, not an error.
public struct HTTPResponse: Sendable {
  /// The status code, 200...599.
  public var status: Int
  /// The header fields.
  public var headers: HTTPHeaders
  /// The body, decoded.
  public var body: [UInt8]
  /// Over what it came.
  public var connection: ConnectionFacts

  /// An answer made of its parts, for replays and fakes.
  public init(
    status: Int, headers: HTTPHeaders = [:], body: [UInt8] = [], connection: ConnectionFacts = ConnectionFacts()
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.connection = connection
  }

  /// Whether the status is 200...299.
  public var isSuccess: Bool { (200...299).contains(status) }
}

/// The connection an answer came over.
public struct ConnectionFacts: Sendable, Hashable {
  /// The protocol, such as `HTTP/1.1` or `HTTP/2`; empty where unknown.
  public var protocolVersion: String
  /// Whether credentials of the request were left out because the connection was plain `http` to another machine.
  public var credentialsWithheld: Bool

  /// Facts, unknown unless given.
  public init(protocolVersion: String = "", credentialsWithheld: Bool = false) {
    self.protocolVersion = protocolVersion
    self.credentialsWithheld = credentialsWithheld
  }
}
