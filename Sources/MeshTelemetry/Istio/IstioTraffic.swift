public import MeshModel

/// The assembly of edges from labelled rates: one pure function for every source that speaks Istio's metrics.
public enum IstioTraffic {
  /// Latency quantiles by edge, in milliseconds.
  public typealias Latencies = [Quantile: [LabelledSample]]

  /// The quantiles that a measurement has.
  public enum Quantile: Double, Sendable, Hashable, CaseIterable {
    case p50 = 0.5
    case p95 = 0.95
    case p99 = 0.99
  }

  /// The edges that rates add up to, one a source, destination, transport and reporter, in a stable order.
  ///
  /// - Parameters:
  ///   - requests: requests a second by the labels of ``IstioMetric/requestLabels``.
  ///   - latencies: milliseconds by edge.
  ///   - tcp: bytes, connections and messages a second, told apart by the label `measure` (``FlowMeasure``).
  ///
  /// An edge that the destination reported also has the failures that only the caller's proxy could see because no
  /// workload was reached, so that its error rate is what callers experience. The share of mutual TLS is the
  /// destination's word alone: a caller's proxy reports `unknown`. Edges without any traffic are left out.
  public static func edges(
    requests: [LabelledSample], latencies: Latencies = [:], tcp: [LabelledSample] = [], plane: PlaneName,
    window: Double, at: Instant, query: String = ""
  ) -> Assembly {
    var table = EdgeTable()
    for sample in requests { table.addRequests(sample) }
    for sample in tcp { table.addFlow(sample) }
    for (quantile, samples) in latencies { for sample in samples { table.addLatency(sample, quantile) } }
    table.absorbUnreached()
    var assembly = Assembly(edges: [], gaps: table.gaps(), idle: table.idle)
    for (key, sums) in table.sums where !sums.isIdle {
      assembly.edges.append(
        Edge(
          plane: plane, source: key.edge.source, destination: key.edge.destination, transport: key.edge.transport,
          reporter: key.reporter, traffic: sums.traffic(key, window: window, at: at, query: query)))
    }
    assembly.edges.sort(by: precedes)
    return assembly
  }

  /// Edges, and why some samples could not be used.
  public struct Assembly: Sendable {
    /// The edges.
    public var edges: [Edge]
    /// What was left out, in words.
    public var gaps: [String]
    /// The workloads whose proxies have counters that did not move.
    public var idle: Set<EdgeEnd>
  }

  private static func precedes(_ left: Edge, _ right: Edge) -> Bool {
    if left.source != right.source { return precedes(left.source, right.source) }
    if left.destination != right.destination { return precedes(left.destination, right.destination) }
    return (left.transport, left.reporter.rawValue) < (right.transport, right.reporter.rawValue)
  }

  private static func precedes(_ left: EdgeEnd, _ right: EdgeEnd) -> Bool {
    (left.cluster, left.namespace, left.service, left.workload, left.version)
      < (right.cluster, right.namespace, right.service, right.workload, right.version)
  }
}
