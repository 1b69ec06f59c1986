import Foundation

/// A request handed to whoever stands behind the API: a pod or service reached through its proxy, or a path of its own;
/// also one to a platform's own API.
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
  /// The headers; none where the request came through the API server.
  public var headers: [(name: String, value: String)] = []

  /// The value of a query parameter.
  public subscript(name: String) -> String? { query.first { $0.name == name }?.value }

  /// The value of a header, whatever the case of its name.
  public func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  /// The segments of the path with percent escapes resolved.
  public var segments: [String] {
    path.split(separator: "/").map { String($0).removingPercentEncoding ?? String($0) }
  }
}

/// The answer to a ``PlainRequest``.
public struct PlainAnswer: Sendable {
  /// The HTTP code.
  public var status: Int
  /// The media type.
  public var contentType: String
  /// The body.
  public var body: [UInt8]
  /// Further headers.
  public var headers: [(name: String, value: String)]

  /// Creates an answer.
  public init(
    status: Int = 200, contentType: String = "application/json", body: [UInt8],
    headers: [(name: String, value: String)] = []
  ) {
    self.status = status
    self.contentType = contentType
    self.body = body
    self.headers = headers
  }
}

/// Whoever answers requests behind the API; `nil` where there is nobody of that name.
public typealias PlainHandler = @Sendable (PlainRequest) async -> PlainAnswer?
