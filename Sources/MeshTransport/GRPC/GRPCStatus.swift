/// How a call ended, as its server says. Source: gRPC, "Status codes and their use in gRPC".
public enum GRPCStatus: Int, Sendable, Hashable, CaseIterable {
  case ok = 0
  case cancelled, unknown, invalidArgument, deadlineExceeded, notFound, alreadyExists, permissionDenied
  case resourceExhausted, failedPrecondition, aborted, outOfRange, unimplemented, `internal`, unavailable, dataLoss
  case unauthenticated

  /// The status of a call that something which does not speak gRPC answered.
  ///
  /// Source: gRPC, "HTTP to gRPC Status Code Mapping".
  init(http status: Int) {
    switch status {
    case 400: self = .internal
    case 401: self = .unauthenticated
    case 403: self = .permissionDenied
    case 404: self = .unimplemented
    case 429, 502, 503, 504: self = .unavailable
    default: self = .unknown
    }
  }

  /// The status in `grpc-status`; a number that gRPC does not define counts as unknown.
  init(field: String) { self = Int(field).flatMap(GRPCStatus.init(rawValue:)) ?? .unknown }
}
