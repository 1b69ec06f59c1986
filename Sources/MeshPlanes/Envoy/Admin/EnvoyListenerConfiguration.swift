import MeshModel

/// A listener as one proxy has it.
struct EnvoyListenerConfiguration: Sendable, Hashable {
  var name: String
  var address: String
  var port: Int?
  var version = ""
  var isStatic: Bool
  /// `HTTP`, `TCP`, `TLS`, …: what the first filter chain speaks.
  var transport: String
  /// The server names of its filter chains.
  var serverNames: [String]
  /// What it demands of callers: ``MTLSMode/disable`` without TLS, strict where a certificate is required.
  var mode: MTLSMode
  var tls: String?
  /// The route configurations that its chains use by name.
  var routeTables: [String]
  /// The weights of its TCP chains.
  var tcp: [EnvoyRouteTable.Entry]
  /// The scopes that it has in itself, each with a route configuration.
  var scopes: [EnvoyScopedRoutes] = []
  /// Whether it takes its scopes by discovery.
  var takesScopes = false
}

extension EnvoyListenerConfiguration {
  /// The configuration that the chains of a listener come to.
  init(_ listener: EnvoyListener) {
    self.init(
      name: listener.name, address: listener.address, port: listener.port, version: listener.version,
      isStatic: listener.isStatic, transport: listener.chains.contains { $0.isHTTP } ? "HTTP" : "TCP",
      serverNames: listener.chains.flatMap(\.serverNames), mode: .disable, tls: nil,
      routeTables: listener.chains.compactMap(\.table), tcp: listener.chains.compactMap(\.stream))
    scopes = listener.chains.flatMap(\.scopes)
    takesScopes = listener.chains.contains(where: \.takesScopes)
    setModes(Set(listener.chains.map(\.mode)))
  }

  /// Sets what the listener demands from what each of its chains does.
  ///
  /// Chains that differ let some callers in that others keep out: that is what permissive means.
  mutating func setModes(_ modes: Set<MTLSMode>) {
    mode = modes.count == 1 ? modes.first ?? .disable : modes.isEmpty ? .disable : .permissive
    switch mode {
    case .strict: tls = "MUTUAL"
    case .permissive: tls = modes.contains(.disable) ? "OPTIONAL" : "SIMPLE"
    case .disable, .unset: tls = nil
    }
  }
}
