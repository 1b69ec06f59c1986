import MeshModel

/// The metrics of one kind of proxy beside Istio's: which series there are, and what they add up to.
///
/// A family is asked for only where its metrics exist, and makes of them what an assembly of edges takes: samples in Istio's
/// labels, and what Istio's metrics do not tell.
struct MetricFamily: Sendable {
  /// Whose metrics they are.
  var name: String
  /// The series measured.
  var series: [SeriesShape]
  /// What samples in the family's own labels add up to.
  var measures: @Sendable (NativeSamples, MeasureContext) -> FamilyMeasures

  /// All families.
  static let all: [MetricFamily] = [linkerd, knative, gatewayEnvoys]

  /// The series of all families, by the metric's name as exposition text has it.
  static let shapes: [String: SeriesShape] = Dictionary(
    all.flatMap(\.series).map { ($0.sampled, $0) }, uniquingKeysWith: { first, _ in first })
}

/// One series of a family.
struct SeriesShape: Sendable, Hashable {
  /// What is measured of it.
  enum Measure: Sendable, Hashable {
    /// The increase of a counter a second.
    case rate
    /// The value of a gauge.
    case level
    /// The quantiles of a histogram, whose unit has so many milliseconds.
    case quantiles(milliseconds: Double)
  }

  /// The label under which scraped samples keep the name of their metric.
  static let nameLabel = "__name__"

  /// The metric's name; of a histogram without its suffix.
  var metric: String
  var measure: Measure
  /// The conditions on labels.
  var matchers: [PromQL.Matcher] = []
  /// The labels kept.
  var labels: [String]
  /// What it is for, in words.
  var purpose: String

  /// The name of the samples it is measured by.
  var sampled: String { if case .quantiles = measure { metric + "_bucket" } else { metric } }

  /// The name that tells whether it is there.
  var evidence: String { if case .quantiles = measure { metric + "_count" } else { metric } }

  /// Whether labels meet the conditions that are plain comparisons; patterns are left to the family.
  func accepts(_ labels: [String: String]) -> Bool {
    matchers.allSatisfy { matcher in
      switch matcher.comparison {
      case .equal: labels[matcher.label] ?? "" == matcher.value
      case .notEqual: labels[matcher.label] ?? "" != matcher.value
      case .matches, .matchesNot: true
      }
    }
  }

  /// The queries that measure it over a window.
  func queries(window: Double) -> [(query: IstioQueries.Query, quantile: IstioTraffic.Quantile?)] {
    let selector = PromQL.selector(sampled, matchers)
    func query(_ suffix: String, _ text: String) -> IstioQueries.Query {
      IstioQueries.Query(id: metric + suffix, text: text, purpose: purpose)
    }
    switch measure {
    case .rate: return [(query("", PromQL.sumOfRates(of: selector, by: labels, window: window) + " > 0"), nil)]
    case .level: return [(query("", "sum by (\(labels.joined(separator: ", "))) (\(selector)) > 0"), nil)]
    case .quantiles(let milliseconds):
      let rates = PromQL.sumOfRates(of: selector, by: ["le"] + labels, window: window)
      return IstioTraffic.Quantile.allCases.map { quantile in
        let scale = milliseconds == 1 ? "" : "\(Int(milliseconds)) * "
        return (
          query("-\(quantile)", "\(scale)histogram_quantile(\(quantile.rawValue), \(rates)) >= 0"), quantile
        )
      }
    }
  }
}

/// Measured samples in a family's own labels, by metric.
struct NativeSamples: Sendable {
  /// Rates and levels.
  var values: [String: [LabelledSample]] = [:]
  /// Quantiles in milliseconds.
  var quantiles: [String: IstioTraffic.Latencies] = [:]

  /// The defined positive values of a metric.
  func positive(_ metric: String) -> [(sample: LabelledSample, value: Double)] {
    (values[metric] ?? []).compactMap { sample in
      sample.sample.number.flatMap { $0 > 0 ? (sample, $0) : nil }
    }
  }

  /// Whether nothing of a family was measured.
  var isEmpty: Bool {
    values.allSatisfy(\.value.isEmpty) && quantiles.allSatisfy { $0.value.allSatisfy(\.value.isEmpty) }
  }
}

/// When and over what a family was measured.
struct MeasureContext: Sendable {
  var plane: PlaneName
  var window: Double
  var at: Instant

  /// A measurement of requests by class, with the query that gave it.
  func traffic(_ rates: [Traffic.ResponseClass: Double], query: String) -> Traffic {
    Traffic(rates: rates, n: rates.values.reduce(0, +) * window, window: window, at: at, query: query)
  }
}

/// What a family's samples add up to.
struct FamilyMeasures: Sendable {
  /// Requests a second in Istio's labels.
  var requests: [LabelledSample] = []
  /// Milliseconds in Istio's labels.
  var latencies: IstioTraffic.Latencies = [:]
  /// Bytes and connections a second in Istio's labels.
  var flows: [LabelledSample] = []
  /// What backends of routes got.
  var backends: [BackendFlow] = []
  /// The protection of open connections, by the workloads at both ends.
  var security: [EdgeEnds: EdgeSecurity] = [:]
  /// The workloads whose proxies reported.
  var reporting: Set<EdgeEnd> = []
  /// What could not be used, in words.
  var gaps: [String] = []
}

/// The workloads at both ends of an edge.
struct EdgeEnds: Sendable, Hashable {
  var sourceNamespace: String
  var source: String
  var destinationNamespace: String
  var destination: String
}

extension TrafficReport {
  /// The report of Istio's samples and those of other families.
  init(
    istio: FamilyMeasures, families: [(MetricFamily, NativeSamples)], context: MeasureContext, queries: [QueryRecord],
    gaps: [String], sampleAge: Double?, query: String
  ) {
    var all = istio
    for (family, samples) in families where !samples.isEmpty {
      let part = family.measures(samples, context)
      all.requests += part.requests
      all.flows += part.flows
      all.latencies.merge(part.latencies, uniquingKeysWith: +)
      all.backends += part.backends
      all.security.merge(part.security) { first, _ in first }
      all.reporting.formUnion(part.reporting)
      all.gaps += part.gaps
    }
    let assembly = IstioTraffic.edges(
      requests: all.requests, latencies: all.latencies, tcp: all.flows, plane: context.plane, window: context.window,
      at: context.at, query: query)
    var edges = assembly.edges
    if !all.security.isEmpty {
      for index in edges.indices where edges[index].reporter == .source {
        let (source, destination) = (edges[index].source, edges[index].destination)
        edges[index].security =
          all.security[
            EdgeEnds(
              sourceNamespace: source.namespace, source: source.workload, destinationNamespace: destination.namespace,
              destination: destination.workload)]
      }
    }
    self.init(
      edges: edges, queries: queries, gaps: gaps + assembly.gaps + all.gaps, sampleAge: sampleAge,
      window: context.window, at: context.at, backends: all.backends,
      reporting: all.reporting.union(assembly.idle))
  }
}
