import MeshModel

/// What becomes of a connection from what the caller sends and what the instance accepts.
///
/// Source: what Istio's server and client rules come to, every cell.
enum EdgeRule {
  /// What an instance accepts.
  enum Server: Sendable, Hashable {
    case mode(MTLSMode)
    case noProxy
  }

  static func outcome(_ client: ClientChoice, _ server: Server) -> (outcome: MTLSVerdict.Outcome, reason: String) {
    switch (client, server) {
    case (.auto, .mode(.strict)), (.auto, .mode(.permissive)), (.auto, .mode(.unset)):
      (.mtls, "auto mTLS: the caller sees that the instance takes mesh TLS and uses it")
    case (.auto, .mode(.disable)):
      (.plaintext, "auto mTLS: the instance takes no mesh TLS, so the caller sends plaintext")
    case (.auto, .noProxy): (.plaintext, "auto mTLS: the instance has no proxy, so the caller sends plaintext")
    case (.rule(.istioMutual), .mode(.strict)), (.rule(.istioMutual), .mode(.permissive)),
      (.rule(.istioMutual), .mode(.unset)):
      (.mtls, "the DestinationRule asks for mesh TLS and the instance takes it")
    case (.rule(.istioMutual), .mode(.disable)):
      (.breaks, "the DestinationRule asks for mesh TLS, but the instance's proxy is told not to take it")
    case (.rule(.istioMutual), .noProxy):
      (.breaks, "the DestinationRule asks for mesh TLS, but the instance has no proxy to take it")
    case (.rule(.disable), .mode(.strict)):
      (.breaks, "the DestinationRule switches TLS off, but the instance takes nothing else: reset or 503")
    case (.plaintext, .mode(.strict)):
      (.breaks, "the caller sends plaintext, but the instance takes only mesh TLS: reset or 503")
    case (.unmeshed, .mode(.strict)):
      (.breaks, "the caller has no proxy and sends plaintext, but the instance takes only mesh TLS: connection reset")
    case (.rule(.disable), _), (.plaintext, _), (.unmeshed, _): (.plaintext, "plaintext, and the instance takes it")
    case (.rule(.simple), .mode(.strict)), (.rule(.mutual), .mode(.strict)):
      (
        .breaks,
        "the caller uses TLS of its own, but the instance takes only mesh certificates: it breaks unless they line up"
      )
    case (.rule(.simple), _), (.rule(.mutual), _):
      (.applicationTLS, "the caller uses TLS of its own, which reaches the application")
    }
  }
}
