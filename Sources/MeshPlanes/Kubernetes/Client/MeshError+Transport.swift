import MeshModel
import MeshTransport

extension MeshError {
  /// The failure of a request that got no complete answer.
  ///
  /// - Parameter address: What to do where the address seems wrong.
  init(
    _ error: TransportError, _ what: String, plane: PlaneName, object: ObjectRef? = nil,
    address: String = "check the server's address in the kubeconfig"
  ) {
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
      remedy: error.outcomeUnknown
        ? "read it back before anything else" : error.remedy ?? Self.remedy(error.code, address),
      underlying: error)
  }

  /// Whether the answer was larger than what is accepted.
  var isTooLarge: Bool { (underlying as? TransportError)?.code == .tooLarge }

  /// What helps where the transport knows nothing more particular.
  private static func remedy(_ code: TransportError.Code, _ address: String) -> String? {
    switch code {
    case .timedOut, .connectionLost, .truncated: "try again; see `meshdeck planes check`"
    case .tooLarge: "narrow it with -n; no such answer is read whole"
    case .malformed, .tls, .certificateExpired: address
    default: nil
    }
  }
}
