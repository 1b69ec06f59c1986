import Foundation
import Scenarios
import Synchronization

/// A whole mesh on loopback: a Kubernetes API, istiod, Envoys and metrics over a simulated world.
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

  /// The seconds of simulated traffic before the mesh is first looked at.
  private static let past = 2.0

  /// The objects of the mesh; writing here is what writing through the API is.
  public let store: ObjectStore
  /// The Kubernetes API.
  public let api: KubernetesAPIServer
  let simulation: Simulation
  private let clock: @Sendable () -> Double
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
  /// - Throws: ``StoreError`` where an object of the scenario is of no served kind.
  public init(
    scenario: Scenario, seed: UInt64 = 1, clock: @escaping @Sendable () -> Double = EmbeddedMesh.wallClock,
    ports: Ports = Ports()
  ) throws {
    let start = clock()
    let store = ObjectStore(types: .installed(scenario.dialects), now: { ProxyView.whole(clock()) })
    // The mesh was built three days before it is first looked at.
    var objects = ScenarioObjects(scenario, seed: seed, created: ProxyView.whole(start) - 3 * 86_400) { object in
      try store.put(object)
    }
    try objects.emitAll()
    let controllers = Controllers(store: store)
    if controllers.hasWork { controllers.reconcile() }
    // The world has been running for a while, so that the counters are there when they are first scraped.
    let simulation = Simulation(store: store, scenario: scenario, seed: seed, start: start - Self.past)
    simulation.advance(to: start)
    let answers = MeshAnswers(store: store, simulation: simulation, clock: clock)
    self.store = store
    self.clock = clock
    self.simulation = simulation
    api = try KubernetesAPIServer(store: store, port: ports.kubernetes) { request in answers.answer(request) }
    metricsServer = try PlainServer(port: ports.metrics) { answers.metrics($0) }
    istiodServer = try PlainServer(port: ports.istiod) { answers.istiod($0) }
  }

  /// The time of the wall clock in seconds since 1970.
  @Sendable public static func wallClock() -> Double { Date().timeIntervalSince1970 }

  /// Begins to serve.
  ///
  /// - Returns: Where the mesh is reached.
  /// - Throws: The socket error where a port is taken.
  public func start() async throws -> Endpoints {
    let (api, metrics, istiod) = (api, metricsServer, istiodServer)
    let (store, simulation, clock) = (store, simulation, clock)
    tasks.withLock {
      $0.append(Task { @concurrent in try await api.run() })
      $0.append(Task { @concurrent in try await metrics.run() })
      $0.append(Task { @concurrent in try await istiod.run() })
      // Writes are noticed as they happen, so that a push has the time of its change whether or not anybody looks.
      $0.append(
        Task { @concurrent in
          var revision = store.resourceVersion
          let controllers = Controllers(store: store)
          let hasControllers = controllers.hasWork
          while !Task.isCancelled {
            await store.waitForChange(after: revision)
            if hasControllers { controllers.reconcile() }
            revision = store.resourceVersion
            simulation.advance(to: clock())
          }
        })
    }
    do {
      return Endpoints(
        kubeconfig: try await api.kubeconfig(), kubernetes: try await api.address,
        metrics: try await metrics.address + "/metrics", istiod: try await istiod.address)
    } catch {
      await stop()
      throw error
    }
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
  }
}

extension Scenario {
  /// The names of the scenarios that are compiled in.
  public static var builtInNames: [String] { Scenarios.names }

  /// A scenario that is compiled in: `shop`, `small`, `large` or `dialects`.
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
