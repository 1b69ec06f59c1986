/// Calls of one server by gRPC, over the same connections, credentials and limits as every other request.
///
/// Plain `http` is HTTP/2 from the first byte; over `https` it is agreed upon by TLS. Messages are bytes here: what they
/// mean is known to whoever calls.
public struct GRPCClient: Sendable {
  private let session: Session

  /// The largest message taken unless said otherwise: 64 MiB, since a control plane sends all clusters in one.
  public static let messageLimit = 64 << 20

  /// Calls through a session: its address, credentials and limits.
  public init(_ session: Session) { self.session = session }

  /// Scheme, host and port.
  public var origin: String { session.origin }

  /// One message for one message.
  ///
  /// - Parameters:
  ///   - path: `/package.Service/Method`.
  ///   - deadline: What the server is told, and when the call is given up.
  ///   - isRepeatable: Whether asking twice does no harm.
  public func unary(
    _ path: String, _ message: [UInt8], deadline: Duration, limit: Int = messageLimit, isRepeatable: Bool = false
  ) async throws(GRPCError) -> [UInt8] {
    var request = request(path, deadline: deadline, isStream: false)
    let frame = GRPCFrames.frame(message)
    request.body = frame
    request.idempotent = isRepeatable
    let call = GRPCCall(session, request, first: frame, limit: limit)
    guard let answer = try await call.next() else {
      throw GRPCError(.internal, "the server ended the call well and sent no message", origin: origin)
    }
    guard try await call.next() == nil else {
      call.cancel()
      throw GRPCError(.internal, "the server sent a second message where one was due", origin: origin)
    }
    return answer
  }

  /// A call in which both sides send messages until they end it, begun with `message`; `deadline` is `nil` for no end.
  ///
  /// - Parameter isRepeatable: Whether sending the first message twice does no harm. libcurl before 8.0 loses the words of a
  ///   server that refuses such a call at once; they are then heard by asking once more, with that message alone.
  public func open(
    _ path: String, _ message: [UInt8], deadline: Duration? = nil, limit: Int = messageLimit,
    isRepeatable: Bool = false
  ) -> GRPCCall {
    var request = request(path, deadline: deadline, isStream: true)
    request.idempotent = isRepeatable
    let frame = GRPCFrames.frame(message)
    request.upload = UploadBody(frame)
    return GRPCCall(session, request, first: frame, limit: limit)
  }

  private func request(_ path: String, deadline: Duration?, isStream: Bool) -> HTTPRequest {
    var headers: HTTPHeaders = [
      "Content-Type": "application/grpc", "TE": "trailers", "Accept-Encoding": "identity",
      "grpc-accept-encoding": "identity",
    ]
    if let deadline { headers["grpc-timeout"] = Self.timeout(deadline) }
    let patience = deadline ?? .seconds(86_400)
    var request = session.request(
      .post, path, headers: headers,
      deadlines: Deadlines(firstByte: patience, idle: isStream ? nil : patience, total: deadline), limits: .stream)
    request.needsHTTP2 = true
    return request
  }

  /// A deadline as `grpc-timeout` has it: at most eight digits and a unit.
  static func timeout(_ duration: Duration) -> String {
    let milliseconds = max(1, duration.wholeMilliseconds)
    return milliseconds < 100_000_000 ? "\(milliseconds)m" : "\(milliseconds / 1000)S"
  }
}
