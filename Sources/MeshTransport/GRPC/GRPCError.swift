/// Why a call failed. It never contains a credential.
public struct GRPCError: Error, Sendable, Hashable {
  /// How the call ended; for failures on the way the status that gRPC gives them.
  public var status: GRPCStatus
  /// What happened, in the server's words where it said something. Text from outside.
  public var message: String
  /// Scheme, host and port asked.
  public var origin: String
  /// What the operator can do, where something is known to help.
  public var remedy: String?
  /// What happened on the way, where the server did not end the call itself.
  public var transport: TransportError?

  /// An error of its parts.
  public init(
    _ status: GRPCStatus, _ message: String, origin: String, remedy: String? = nil, transport: TransportError? = nil
  ) {
    self.status = status
    self.message = message
    self.origin = origin
    self.remedy = remedy
    self.transport = transport
  }

  /// A failure on the way.
  init(_ error: TransportError) {
    let status: GRPCStatus =
      switch error.code {
      case .timedOut(.firstByte), .timedOut(.idle), .timedOut(.total): .deadlineExceeded
      case .cancelled: .cancelled
      case .tooLarge: .resourceExhausted
      case .unauthorized, .credentials: .unauthenticated
      case .readOnly: .permissionDenied
      case .malformed: .internal
      default: .unavailable
      }
    self.init(status, error.message, origin: error.origin, remedy: error.remedy, transport: error)
  }

  /// The end of a call as the fields after its messages have it; `nil` for a good end.
  ///
  /// Source: gRPC over HTTP/2: `grpc-status` stands in the trailers, or in the head of an answer without messages;
  /// `grpc-message` is percent-encoded UTF-8.
  init?(end fields: HTTPHeaders, head: HTTPHeaders, origin: String) {
    let holder = fields["grpc-status"] == nil ? head : fields
    guard let field = holder["grpc-status"] else {
      self.init(.unknown, "the server ended the call without a status", origin: origin)
      return
    }
    let status = GRPCStatus(field: field)
    guard status != .ok else { return nil }
    let words = PercentCoding.decode(holder["grpc-message"] ?? "")
    self.init(status, words.isEmpty ? "the server answers \(status) (\(field))" : words, origin: origin)
  }
}

extension GRPCError: CustomStringConvertible {
  /// One line: origin, status, what happened, the remedy.
  public var description: String {
    let text = "\(origin): \(message) (gRPC status \(status.rawValue), \(status))"
    return remedy.map { "\(text) (\($0))" } ?? text
  }
}
