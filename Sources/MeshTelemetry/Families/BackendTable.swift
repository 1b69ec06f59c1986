import MeshModel

/// The flows of backends, summed while a family's samples are gone through.
struct BackendTable {
  private var flows: [BackendFlow: [Traffic.ResponseClass: Double]] = [:]
  private var latencies: [BackendFlow: [IstioTraffic.Quantile: Double]] = [:]
  private let context: MeasureContext
  private let query: String

  init(_ context: MeasureContext, query: String) {
    self.context = context
    self.query = query
  }

  /// The measurement of nothing, which keys have in place of theirs.
  var blank: Traffic { context.traffic([:], query: query) }

  mutating func add(_ outcome: Traffic.ResponseClass, _ rate: Double, to key: BackendFlow) {
    flows[key, default: [:]][outcome, default: 0] += rate
  }

  /// The worst latency of the series of a backend counts.
  mutating func add(_ quantile: IstioTraffic.Quantile, _ milliseconds: Double, to key: BackendFlow) {
    latencies[key, default: [:]][quantile] = max(latencies[key]?[quantile] ?? 0, milliseconds)
  }

  /// The flows, in a stable order.
  var all: [BackendFlow] {
    flows.map { key, rates in
      var flow = key
      flow.traffic = context.traffic(rates, query: query)
      flow.traffic.p50ms = latencies[key]?[.p50]
      flow.traffic.p95ms = latencies[key]?[.p95]
      flow.traffic.p99ms = latencies[key]?[.p99]
      return flow
    }.sorted { order($0).lexicographicallyPrecedes(order($1)) }
  }

  private func order(_ flow: BackendFlow) -> [String] {
    [flow.routeKind, flow.namespace, flow.route, String(flow.rule ?? -1), flow.backendNamespace, flow.backend]
  }
}
