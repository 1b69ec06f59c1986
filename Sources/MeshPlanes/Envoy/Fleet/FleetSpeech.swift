import MeshModel

/// What the proxies of a fleet speak through their administration interfaces.
enum FleetSpeech: String, Sendable {
  case envoy, mosn

  /// The kind of plane that such a fleet is.
  var kind: Plane.Kind {
    switch self {
    case .envoy: .envoy
    case .mosn: .mosn
    }
  }

  /// The name of the proxies, as their makers spell it.
  var title: String {
    switch self {
    case .envoy: "Envoy"
    case .mosn: "MOSN"
    }
  }

  /// What reading one proxy came to.
  func outcome(
    of admin: EnvoyAdmin, at: Instant, known: EnvoyReader.Facts?
  ) async -> Result<EnvoyReader.Outcome, MeshError> {
    switch self {
    case .envoy: await EnvoyReader(admin: admin, at: at).outcome(known)
    case .mosn: await MosnReader(admin: admin, at: at).outcome(known)
    }
  }

  /// How one proxy fares.
  func condition(of admin: EnvoyAdmin) async throws(MeshError) -> ProxyCondition {
    switch self {
    case .envoy: try await EnvoyCondition { path async throws(MeshError) in try await admin.get(path) }.read()
    case .mosn: try await MosnCondition(admin: admin).read()
    }
  }
}
