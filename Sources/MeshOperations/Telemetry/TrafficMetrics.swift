import MeshModel
import MeshPlanes
import MeshTelemetry

/// Measurements from the Traffic Metrics API of SMI, which a cluster's own API server passes on where it is installed.
///
/// The window is the API's own. Namespaces are asked first, and only where requests were counted their workloads, and of
/// these their edges: a quiet mesh costs one question.
struct TrafficMetrics: TelemetrySource {
  /// Asks for the items under a path of the API.
  typealias Ask = @Sendable (String) async throws(MeshError) -> [SMITrafficMetrics]

  let description = "the Traffic Metrics API of SMI"
  private let ask: Ask
  private let now: @Sendable () -> Instant

  /// The most workloads whose edges are asked for.
  static let limit = 200
  private static let kinds = ["deployments", "statefulsets", "daemonsets"]

  init(ask: @escaping Ask, now: @escaping @Sendable () -> Instant = { .now }) {
    self.ask = ask
    self.now = now
  }

  init(_ plane: KubernetesPlane) { self.init(ask: { path throws(MeshError) in try await plane.trafficMetrics(path) }) }

  func traffic(window: Double, plane: PlaneName) async throws(MeshError) -> TrafficReport {
    let (at, begun) = (now(), ContinuousClock.now)
    let namespaces = try await ask("namespaces").filter { $0.requests > 0 }.map(\.resource.name)
    var gaps: [String] = []
    var workloads: [(path: String, item: SMITrafficMetrics)] = []
    var splits: [SMITrafficMetrics] = []
    for namespace in namespaces.sorted() {
      for kind in Self.kinds {
        let path = "namespaces/\(namespace)/\(kind)"
        for item in try await optional(path) where item.requests > 0 {
          workloads.append(("\(path)/\(item.resource.name)/edges", item))
        }
      }
      splits += try await optional("namespaces/\(namespace)/trafficsplits").filter { $0.backend != nil }
    }
    if workloads.count > Self.limit {
      workloads = Array(workloads.sorted { $0.item.requests > $1.item.requests }.prefix(Self.limit))
      gaps.append("the edges of the \(Self.limit) busiest workloads alone are asked for")
    }
    var edges: [EdgeKey: SMITrafficMetrics] = [:]
    for workload in workloads {
      for edge in try await optional(workload.path) {
        if let key = EdgeKey(edge), edges[key] == nil { edges[key] = edge }
      }
    }
    let found = edges.values.map { edge(of: $0, plane: plane, at: at) }
    let backends = splits.compactMap { backend(of: $0, at: at) }
    let all = Array(edges.values) + splits
    let own = all.map(\.window).max() ?? window
    if !found.isEmpty {
      gaps.append("the Traffic Metrics API tells of workloads, not of the services that were called")
    }
    if namespaces.isEmpty { gaps.append("the Traffic Metrics API counted no request in its window") }
    let spent = begun.duration(to: .now).components
    return TrafficReport(
      edges: found,
      queries: [
        QueryRecord(
          id: Self.query,
          text: "GET /apis/\(SMITrafficMetrics.group)/v1alpha1/namespaces/NAMESPACE/deployments/NAME/edges",
          purpose: "successes and failures by edge over the API's own window of \(Figures.duration(own)); "
            + "what fails is the API's definition",
          seconds: Double(spent.seconds) + Double(spent.attoseconds) / 1e18, series: found.count + backends.count)
      ], gaps: gaps, sampleAge: all.compactMap(\.at).max().map { max(0, at.seconds - $0.seconds) }, window: own, at: at,
      backends: backends,
      reporting: Set(workloads.map { EdgeEnd(namespace: $0.item.resource.namespace, workload: $0.item.resource.name) }))
  }

  func history(of flow: FlowSelector, span: Double, step: Double) async throws(MeshError) -> TrafficHistory {
    TrafficHistory(points: [], step: step, queries: [], gaps: ["the Traffic Metrics API keeps no past"])
  }

  func reasonForNoData(of flow: FlowSelector, window: Double) async throws(MeshError) -> String {
    "the Traffic Metrics API counted no request of it in its window"
  }

  private static let query = "smi-0"

  /// The items of a kind; none where the server does not have it.
  private func optional(_ path: String) async throws(MeshError) -> [SMITrafficMetrics] {
    do throws(MeshError) { return try await ask(path) } catch  where error.code == .notFound { return [] }
  }

  /// An edge and who measured it: each end tells of it.
  private struct EdgeKey: Hashable {
    let source: SMITrafficMetrics.Resource?
    let destination: SMITrafficMetrics.Resource?
    let side: SMITrafficMetrics.Side

    init?(_ item: SMITrafficMetrics) {
      guard let isFrom = item.isFrom else { return nil }
      source = isFrom ? item.other : item.resource
      destination = isFrom ? item.resource : item.other
      side = item.side
    }
  }

  private func edge(of item: SMITrafficMetrics, plane: PlaneName, at: Instant) -> Edge {
    func end(_ resource: SMITrafficMetrics.Resource?) -> EdgeEnd {
      EdgeEnd(namespace: resource?.namespace ?? "", workload: resource?.name ?? "")
    }
    let isFrom = item.isFrom ?? false
    return Edge(
      plane: plane, source: end(isFrom ? item.other : item.resource),
      destination: end(isFrom ? item.resource : item.other), transport: "http",
      reporter: item.side == .client ? .source : .destination, traffic: traffic(of: item, at: at))
  }

  private func backend(of item: SMITrafficMetrics, at: Instant) -> BackendFlow? {
    item.backend.map {
      BackendFlow(
        routeKind: "trafficsplit", namespace: item.resource.namespace, route: item.resource.name, backend: $0,
        traffic: traffic(of: item, at: at))
    }
  }

  private func traffic(of item: SMITrafficMetrics, at: Instant) -> Traffic {
    var rates: [Traffic.ResponseClass: Double] = [:]
    if let successes = item.successes { rates[.success] = successes / item.window }
    if let failures = item.failures { rates[.serverError] = failures / item.window }
    return Traffic(
      rates: rates, p50ms: item.latencies[50], p95ms: item.latencies[95], p99ms: item.latencies[99], n: item.requests,
      window: item.window, at: item.at ?? at, query: Self.query)
  }
}
