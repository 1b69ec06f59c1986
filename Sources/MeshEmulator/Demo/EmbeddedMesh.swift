import Foundation
import Scenarios
import Synchronization

/// A whole mesh on loopback: a Kubernetes API, istiod, Envoys and metrics over a simulated world, and beside them the
/// other platforms of the scenario, each with an estate of its own.
///
/// ```swift
/// let mesh = try EmbeddedMesh(scenario: try .builtIn("shop"))
/// let endpoints = try await mesh.start()
/// // … point any client, kubectl included, at endpoints.kubeconfig …
/// await mesh.stop()
/// ```
public final class EmbeddedMesh: Sendable {
  /// Where a started mesh is reached.
  public struct Endpoints: Sendable, Hashable {
    /// A kubeconfig, as YAML.
    public var kubeconfig: String
    /// The Kubernetes API, `http://127.0.0.1:PORT`.
    public var kubernetes: String
    /// The metrics of all proxies in exposition text, `http://127.0.0.1:PORT/metrics`.
    public var metrics: String
    /// istiod's debug interface, `http://127.0.0.1:PORT`.
    public var istiod: String
    /// The planes beside Kubernetes.
    public var planes: [EmbeddedPlane]
    /// The clusters by the contexts of the kubeconfig, the first one's first.
    public var clusters: [Cluster]

    /// One cluster of the estate.
    public struct Cluster: Sendable, Hashable {
      /// Its context in the kubeconfig; the cluster's name where there are several.
      public var context: String
      /// The Kubernetes API.
      public var kubernetes: String
      /// The metrics of its proxies.
      public var metrics: String
      /// The certificate of the API to trust, in PEM, where it speaks TLS.
      public var certificate: String?
    }
  }

  /// The ports to listen on; a free one each where 0.
  public struct Ports: Sendable {
    /// The Kubernetes API's.
    public var kubernetes: UInt16
    /// The metrics'.
    public var metrics: UInt16
    /// istiod's.
    public var istiod: UInt16

    /// Creates a choice of ports.
    public init(kubernetes: UInt16 = 0, metrics: UInt16 = 0, istiod: UInt16 = 0) {
      self.kubernetes = kubernetes
      self.metrics = metrics
      self.istiod = istiod
    }
  }

  private let estate: Estate
  /// The Kubernetes API.
  public let api: KubernetesAPIServer
  private let platforms: [ServedPlatform]
  private let name: String
  private let clusters: [EmbeddedMesh]
  private let metricsServer: PlainServer
  private let istiodServer: PlainServer
  private let tasks = Mutex<[Task<Void, any Error>]>([])

  /// Creates a mesh; nothing listens until ``start()``.
  ///
  /// - Parameters:
  ///   - scenario: What the mesh is made of.
  ///   - seed: What names, identifiers and the noise of its counters follow from.
  ///   - clock: The time in seconds since 1970; the simulation has no other.
  ///   - ports: The ports to listen on.
  ///   - isSecured: Whether the Kubernetes API speaks TLS and asks for credentials.
  /// - Throws: ``StoreError`` where an object of the scenario is of no served kind.
  public init(
    scenario: Scenario, seed: UInt64 = 1, clock: @escaping @Sendable () -> Double = EmbeddedMesh.wallClock,
    ports: Ports = Ports(), isSecured: Bool = false
  ) throws {
    let estate = try Estate(scenario, seed: seed, clock: clock)
    let answers = MeshAnswers(store: estate.store, simulation: estate.simulation, clock: clock)
    self.estate = estate
    platforms = try scenario.platforms.map { try ServedPlatform($0, seed: seed, clock: clock) }
    name = scenario.mesh.cluster
    clusters = try scenario.clusters.enumerated().map { number, cluster in
      try EmbeddedMesh(scenario: cluster, seed: seed &+ UInt64(number) &+ 1, clock: clock, isSecured: isSecured)
    }
    api = try KubernetesAPIServer(
      store: estate.store, anonymous: isSecured ? nil : .admin, port: ports.kubernetes, isSecured: isSecured
    ) { request in answers.answer(request) }
    metricsServer = try PlainServer(port: ports.metrics) { answers.metrics($0) }
    istiodServer = try PlainServer(port: ports.istiod) { answers.istiod($0) }
  }

  /// The objects of the Kubernetes side; writing here is what writing through the API is.
  public var store: ObjectStore { estate.store }

  /// The time of the wall clock in seconds since 1970.
  @Sendable public static func wallClock() -> Double { Date().timeIntervalSince1970 }

  /// Begins to serve.
  ///
  /// - Returns: Where the mesh is reached.
  /// - Throws: The socket error where a port is taken.
  public func start() async throws -> Endpoints {
    let (api, metrics, istiod, estate) = (api, metricsServer, istiodServer, estate)
    var duties: [@Sendable () async throws -> Void] = [
      { try await api.run() }, { try await metrics.run() }, { try await istiod.run() }, { await estate.run() },
    ]
    for platform in platforms { duties += platform.duties }
    tasks.withLock { $0 += duties.map { duty in Task { @concurrent in try await duty() } } }
    do {
      var planes: [EmbeddedPlane] = []
      for platform in platforms { planes.append(try await platform.plane) }
      var served = [
        Endpoints.Cluster(
          context: clusters.isEmpty ? "meshdeck" : name, kubernetes: try await api.address,
          metrics: try await metrics.address + "/metrics", certificate: api.certificate)
      ]
      for cluster in clusters {
        var other = try await cluster.start().clusters
        for place in other.indices { other[place].context = cluster.name }
        served += other
      }
      return Endpoints(
        kubeconfig: Self.kubeconfig(served), kubernetes: served[0].kubernetes, metrics: served[0].metrics,
        istiod: try await istiod.address, planes: planes, clusters: served)
    } catch {
      await stop()
      throw error
    }
  }

  /// A kubeconfig with a context a cluster; the first one's is the current one.
  private static func kubeconfig(_ clusters: [Endpoints.Cluster]) -> String {
    let servers = clusters.map { cluster in
      var settings = "server: \"\(cluster.kubernetes)\""
      if let certificate = cluster.certificate {
        settings += ", certificate-authority-data: \(Data(certificate.utf8).base64EncodedString())"
      }
      return "- {name: \"\(cluster.context)\", cluster: {\(settings)}}"
    }
    let contexts = clusters.map { "- {name: \"\($0.context)\", context: {cluster: \"\($0.context)\", user: admin}}" }
    return """
      apiVersion: v1
      kind: Config
      clusters:
      \(servers.joined(separator: "\n"))
      users: [{name: admin, user: {token: "\(APIUser.admin.token ?? "")"}}]
      contexts:
      \(contexts.joined(separator: "\n"))
      current-context: "\(clusters.first?.context ?? "")"

      """
  }

  /// Stops serving a further cluster, as one that can no longer be reached.
  ///
  /// - Returns: Whether there is one of that name.
  public func lose(cluster name: String) async -> Bool {
    guard let cluster = clusters.first(where: { $0.name == name }) else { return false }
    await cluster.stop()
    return true
  }

  /// Stops serving and closes every connection.
  public func stop() async {
    let running = tasks.withLock { tasks in
      defer { tasks.removeAll() }
      return tasks
    }
    for task in running { task.cancel() }
    await api.stop()
    await metricsServer.stop()
    await istiodServer.stop()
    for platform in platforms { await platform.stop() }
    for cluster in clusters { await cluster.stop() }
  }
}

extension Scenario {
  /// The names of the scenarios that are compiled in.
  public static var builtInNames: [String] { Scenarios.names }

  /// A scenario that is compiled in, by one of ``builtInNames``.
  ///
  /// - Throws: ``ScenarioError`` of code `unknown` that names those there are.
  public static func builtIn(_ name: String) throws(ScenarioError) -> Scenario {
    guard let yaml = Scenarios.yaml(named: name) else {
      throw ScenarioError(
        code: .unknown, file: name, line: 1,
        message: "there is no scenario of that name; there are \(Scenarios.names.joined(separator: ", "))")
    }
    return try Scenario(yaml: String(decoding: yaml, as: UTF8.self), file: "\(name).yaml")
  }
}
