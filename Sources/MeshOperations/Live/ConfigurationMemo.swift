import MeshModel
import Synchronization

/// What follows from configuration alone, kept from one view of a mesh to the next: traffic changes every few seconds,
/// configuration seldom.
///
/// It holds one configuration, told by its generation, which no two configurations share, and beside it what follows from it
/// and from what proxies were last read to run.
final class ConfigurationMemo: Sendable {
  /// A service without its traffic.
  struct Service: Sendable {
    var ref: ObjectRef
    var runtime: Runtime
    var role: Role?
    var proxy: ProxyMode?
    var ready: Int
    var total: Int
    var uncounted: String?
    /// The host telemetry names it by.
    var host: String?
    /// The digest of that host, by which is told that no traffic reaches it.
    var hostDigest: Int
    /// The workloads behind it.
    var workloads: [ObjectRef]
  }

  /// A route with weights, as far as it does not depend on traffic.
  struct WeightedRoute: Sendable {
    var ref: ObjectRef
    /// All workloads its backends lead to.
    var workloads: [ObjectRef]
    /// Whether a backend that should get requests has no ready instance.
    var isUnready: Bool
  }

  private struct Contents {
    var generation = 0
    var services: [Service]?
    var routes: [WeightedRoute]?
    var differing: Differing?
  }

  /// The routes that proxies do not run as they are written, and when what proxies run was first read as it is.
  private struct Differing: Sendable {
    var routesAt: [PlaneName: Instant]
    var routes: Set<ObjectRef>
  }

  private let contents = Mutex(Contents())

  /// The services in order of their names.
  func services(of generation: Int, _ make: () -> [Service]) -> [Service] {
    kept(\.services, of: generation, make)
  }

  /// The routes with weights in order of their names.
  func routes(of generation: Int, _ make: () -> [WeightedRoute]) -> [WeightedRoute] {
    kept(\.routes, of: generation, make)
  }

  /// The routes with weights that proxies do not run as they are written, by what proxies were first read to run at some times.
  func differing(
    of generation: Int, routesAt: [PlaneName: Instant], _ make: () -> Set<ObjectRef>
  ) -> Set<ObjectRef> {
    let known = contents.withLock { $0.generation == generation ? $0.differing : nil }
    if generation > 0, let known, known.routesAt == routesAt { return known.routes }
    let routes = make()
    contents.withLock { contents in
      if contents.generation == generation { contents.differing = Differing(routesAt: routesAt, routes: routes) }
    }
    return routes
  }

  private func kept<Value: Sendable>(
    _ path: WritableKeyPath<Contents, Value?>, of generation: Int, _ make: () -> Value
  ) -> Value {
    // What was put together by hand has no generation.
    guard generation > 0 else { return make() }
    let known = contents.withLock { $0.generation == generation ? $0[keyPath: path] : nil }
    if let known { return known }
    let value = make()
    contents.withLock { contents in
      if contents.generation != generation { contents = Contents(generation: generation) }
      contents[keyPath: path] = value
    }
    return value
  }
}
