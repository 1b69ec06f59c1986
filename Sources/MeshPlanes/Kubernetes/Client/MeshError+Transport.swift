import MeshModel
import MeshTransport

extension MeshError {
  /// The failure of a request that got no complete answer.
  init(_ error: TransportError, _ what: String, plane: PlaneName, object: ObjectRef? = nil) {
    let code: Code =
      switch error.code {
      case _ where error.outcomeUnknown: .unknownOutcome
      case .unreachable, .timedOut, .tls, .certificateExpired, .connectionLost, .proxy, .notRecorded: .unreachable
      case .redirected, .tooLarge, .truncated, .malformed: .malformed
      case .readOnly: .refused
      case .cancelled: .cancelled
      case .unauthorized, .credentials: .unauthenticated
      }
    self.init(
      code, "\(what): \(error.origin.isEmpty ? "" : "\(error.origin): ")\(error.message)", plane: plane, object: object,
      remedy: error.outcomeUnknown ? "read it back before anything else" : error.remedy, underlying: error)
  }
}
