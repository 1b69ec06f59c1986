/// A request to an absolute URL, with its time and size limits.
public struct HTTPRequest: Sendable {
  /// The method of a request.
  public enum Method: String, Sendable, Hashable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"

    /// Whether the method asks for no change. Source: RFC 9110, 9.2.1.
    public var isSafe: Bool { self == .get || self == .head || self == .options }
  }

  /// The method.
  public var method: Method
  /// The absolute URL, `http` or `https`, without user information; a fragment is not sent.
  public var url: String
  /// The header fields. `Host`, `Content-Length` and `Accept-Encoding` are added where absent.
  public var headers: HTTPHeaders
  /// The body, nil for none.
  public var body: [UInt8]?
  /// How long each phase may take.
  public var deadlines: Deadlines
  /// How large the answer may be.
  public var limits: BodyLimits
  /// Whether sending it twice does no harm: true for reads and for writes with a precondition. Only such requests are
  /// ever sent again.
  public var idempotent: Bool

  /// A body that is made while it is sent, in place of `body`. Such a request is sent once.
  var upload: UploadBody?
  /// Whether it is sent over HTTP/2 alone: at once over `http`, agreed upon by TLS over `https`.
  var needsHTTP2 = false
  /// Whether the answer holds credentials, which no recording keeps.
  package var isForCredentials = false

  /// A request; deadlines and idempotence follow the method unless given.
  public init(
    _ method: Method = .get, _ url: String, headers: HTTPHeaders = [:], body: [UInt8]? = nil,
    deadlines: Deadlines? = nil, limits: BodyLimits = .object, idempotent: Bool? = nil
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.deadlines = deadlines ?? (method.isSafe ? .read : .write)
    self.limits = limits
    self.idempotent = idempotent ?? method.isSafe
  }
}
