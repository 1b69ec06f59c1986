/// A request handed to whoever stands behind the API: a pod or service reached through its proxy, or a path of its own.
public struct PlainRequest: Sendable {
  /// Who is addressed.
  public enum Target: Sendable, Hashable {
    /// A pod's port, as sent: a number or a name.
    case pod(namespace: String, name: String, port: String)
    /// A service's port, as sent: a number or a name.
    case service(namespace: String, name: String, port: String)
    /// The server itself, for paths the Kubernetes API does not have.
    case server
  }

  /// Who is addressed.
  public var target: Target
  /// The HTTP method.
  public var method: String
  /// The path at the target, beginning with `/`, as sent.
  public var path: String
  /// The query parameters in order, unescaped.
  public var query: [(name: String, value: String)]
  /// The body.
  public var body: [UInt8]

  /// The value of a query parameter.
  public subscript(name: String) -> String? { query.first { $0.name == name }?.value }
}

/// The answer to a ``PlainRequest``.
public struct PlainAnswer: Sendable {
  /// The HTTP code.
  public var status: Int
  /// The media type.
  public var contentType: String
  /// The body.
  public var body: [UInt8]

  /// Creates an answer.
  public init(status: Int = 200, contentType: String = "application/json", body: [UInt8]) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }
}

/// Whoever answers requests behind the API; `nil` where there is nobody of that name.
public typealias PlainHandler = @Sendable (PlainRequest) async -> PlainAnswer?
