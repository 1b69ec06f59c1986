import MeshModel
import MeshPlanes
import MeshTelemetry
import MeshTransport

/// The Prometheus of a cluster for which no source of measurements is configured: found by its service, and asked
/// through the API server's service proxy with the operator's own rights.
///
/// It is looked for when it is first asked, and again a minute after it was not found.
actor ClusterPrometheus: TelemetrySource {
  nonisolated let description = "Prometheus in the cluster"
  nonisolated let isNamed = false
  private let control: any ControlPlane
  private let connection: KubernetesConnection
  private let transport: TransportMaker
  private let now: @Sendable () -> Instant
  private var found: Prometheus?
  private var hasAnswered = false
  private var missing: (reason: String, at: Instant)?

  init(
    _ control: any ControlPlane, connection: KubernetesConnection, transport: @escaping TransportMaker,
    now: @escaping @Sendable () -> Instant = { .now }
  ) {
    self.transport = transport
    self.control = control
    self.connection = connection
    self.now = now
  }

  func check() async throws(MeshError) -> String? { try await source().check() }

  func traffic(window: Double, plane: PlaneName) async throws(MeshError) -> TrafficReport {
    let source = try await source()
    do throws(MeshError) {
      let report = try await source.traffic(window: window, plane: plane)
      hasAnswered = true
      return report
    } catch {
      // One that was found and never answered is not asked with every command again for a while.
      if !hasAnswered {
        found = nil
        missing = ("the Prometheus found in the cluster does not answer", now())
        throw MeshError(
          error.code, "the Prometheus found in the cluster does not answer",
          remedy: "name one: telemetry: {prometheus: {url: …}} in config.yaml",
          underlying: error)
      }
      throw error
    }
  }

  func history(of flow: FlowSelector, span: Double, step: Double) async throws(MeshError) -> TrafficHistory {
    try await source().history(of: flow, span: span, step: step)
  }

  func reasonForNoData(of flow: FlowSelector, window: Double) async throws(MeshError) -> String {
    try await source().reasonForNoData(of: flow, window: window)
  }

  private func source() async throws(MeshError) -> Prometheus {
    if let found { return found }
    if let missing, now().age(of: missing.at) < 60 { throw Self.absent(missing.reason) }
    do throws(MeshError) {
      let place = try await Self.place(on: control)
      // What nobody named is not waited for: one question, no second try.
      var options = Session.Options(transport: transport)
      options.retry = .never
      let source = try Prometheus(
        PrometheusSettings(
          url: connection.server + place, connection: connection.settings,
          authorization: connection.authentication.map { .source($0) } ?? .none, onlyReads: true), options: options)
      found = source
      return source
    } catch {
      missing = (error.message, now())
      throw error
    }
  }

  /// The namespaces of its usual installations. Whatever a service in another namespace calls itself, it may be a tenant's,
  /// whose word counts for no mesh.
  private static let homes = ["istio-system", "linkerd-viz", "monitoring", "observability", "prometheus"]
  /// The names that they give it.
  private static let names: Set = ["prometheus", "prometheus-server", "prometheus-operated", "prometheus-k8s"]

  /// The path of the proxy of the first Prometheus found. Its usual homes are looked at, one after the other and not the whole
  /// cluster: a large one has ten thousand services.
  static func place(on control: any ControlPlane) async throws(MeshError) -> String {
    var closed: MeshError?
    for home in homes {
      do throws(MeshError) {
        let services = try await control.natives("service", namespace: home)
        if let place = services.lazy.compactMap({ place($0) }).first { return place }
      } catch  where error.code == .forbidden {
        // What may not be looked at hides no other; what failed may hold the one that goes before the others.
        closed = closed ?? error
      }
    }
    if let closed { throw closed }
    throw absent("no telemetry source is configured, and no Prometheus service was found")
  }

  /// The path of a service's proxy, where the service is a Prometheus by the names and namespaces its usual installations
  /// give it.
  static func place(_ service: NativeObject) -> String? {
    guard names.contains(service.ref.name), homes.contains(service.ref.namespace),
      let ports = service.json["spec"]?["ports"]?.array,
      let port = ports.first(where: { $0["port"]?.int == 9090 || $0["port"]?.int == 80 })?["port"]?.int
    else { return nil }
    return "/api/v1/namespaces/\(service.ref.namespace)/services/\(service.ref.name):\(port)/proxy"
  }

  private static func absent(_ reason: String) -> MeshError {
    MeshError(.notFound, reason, remedy: "name one: telemetry: {prometheus: {url: …}} in config.yaml")
  }
}
