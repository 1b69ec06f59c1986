import MeshModel
import MeshPlanes
import MeshTransport
import Testing

@testable import MeshOperations

/// Planes of every kind over a server that takes each request and never answers, beside a plane that answers: none of them
/// waits for what no longer matters, whoever else waits for the same.
@Suite struct SilentServerTests {
  /// What a server that takes every request and answers none looks like: nothing comes until the asking task is cancelled.
  struct SilentTransport: HTTPTransport {
    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse { throw await Self.silence() }
    func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream { throw await Self.silence() }

    private static func silence() async -> TransportError {
      while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
      return TransportError(.cancelled, "cancelled")
    }
  }

  static let kinds: [Plane.Kind] = [.kubernetes, .consul, .appMesh, .trafficDirector, .serviceFabric, .envoy, .xds]

  static func plane(_ kind: Plane.Kind) throws -> any ControlPlane {
    var options = Session.Options()
    options.transport = { _ in SilentTransport() }
    options.gate = OriginGate()
    let name = "west"
    switch kind {
    case .consul:
      var settings = ConsulSettings()
      settings["url"] = "https://consul.example:8501"
      return try ConsulPlane(name: name, settings: settings, environment: [:], options: options)
    // Their credentials are asked for first, and that question is shared by all who wait.
    case .appMesh:
      return try AppMeshPlane(
        name: name, settings: AppMeshPlane.Settings(region: "eu-west-1"),
        environment: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/keys"], options: options)
    case .trafficDirector:
      return try TrafficDirectorPlane(
        name: name, settings: TrafficDirectorPlane.Settings(project: "shop"), environment: [:], options: options)
    case .serviceFabric:
      return try ServiceFabricPlane(
        name: name,
        settings: ServiceFabricPlane.Settings(place: .group(subscription: "s", name: "g", endpoint: nil)),
        environment: ["IDENTITY_ENDPOINT": "http://127.0.0.1:1/token", "IDENTITY_HEADER": "h"], options: options)
    case .envoy, .mosn:
      return try EnvoyPlane(name: name, places: ["http://10.0.0.1:9901"], options: options, now: { .now })
    case .xds:
      return try XDSPlane(
        name: name, settings: XDSSettings(url: "http://10.0.0.1:18000"), options: options, now: { .now })
    case .kubernetes:
      return try KubernetesPlane(
        name: name, connection: KubernetesConnection(context: "west", server: "https://west.example"), dialects: [],
        options: options)
    }
  }

  @Test(.timeLimit(.minutes(10)), arguments: kinds)
  func itIsGivenUpThoughNothingEverAnswers(_ kind: Plane.Kind) async throws {
    let east = SilentPlaneTests.TellingPlane(name: "east", manner: .answers)
    let mesh = LiveMesh(
      [
        PlaneConnection(name: "east", control: east), PlaneConnection(name: "west", control: try Self.plane(kind)),
      ], patience: 0.1)
    await mesh.load(nil)
    await mesh.readProxies()
    await mesh.readProxyTLS()
    await mesh.readDistribution()
    let view = await mesh.current()
    #expect(view.snapshot.namespaces.keys.map(\.plane) == ["east"])
    let west = try #require(view.planes.first { $0.plane.name == "west" })
    #expect(west.state == .down)
    #expect(west.error?.contains("said nothing") == true, "\(west.error ?? "")")
  }
}
