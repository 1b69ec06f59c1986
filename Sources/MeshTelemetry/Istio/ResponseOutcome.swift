import MeshModel

/// The outcome of requests as Istio labels it.
enum ResponseOutcome {
  /// The class of an answer, or `nil` where the labels do not tell.
  ///
  /// Code 0 is a request that got no answer. A gRPC call fails with a status other than 0 under HTTP code 200; where HTTP
  /// failed already, that is the failure. Source: Istio "Standard Metrics", and Kiali's error selector.
  static func responseClass(code: String, grpcStatus: String) -> Traffic.ResponseClass? {
    let isGRPCError = Int(grpcStatus).map { $0 != 0 } ?? false
    guard let code = Int(code) else { return isGRPCError ? .grpcError : nil }
    switch code {
    case 0: return .noResponse
    case 100..<200: return .informational
    case 200..<300: return isGRPCError ? .grpcError : .success
    case 300..<400: return .redirect
    case 400..<500: return .clientError
    case 500..<600: return .serverError
    default: return nil
    }
  }

  /// Whether the caller's proxy ended the request before any workload saw it.
  ///
  /// Source: Envoy's response flags: no healthy upstream, connection failure, overflow, no route, no cluster, injected
  /// abort, rate limited, denied by an authorisation service, overload, and the like.
  static func neverReached(flags: String) -> Bool {
    flags.split(separator: ",").contains { unreachedFlags.contains(String($0)) }
  }

  private static let unreachedFlags: Set<String> = [
    "UH", "UF", "UO", "NR", "NC", "FI", "RL", "RLSE", "UAEX", "IH", "OM", "DPE", "NFCF", "DF", "UMSDR",
  ]
}
