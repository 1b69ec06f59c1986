import MeshModel

/// Rates summed over endpoints by the labels of edges.
struct IstioRates: Sendable {
  var requests: [[String: String]: Double] = [:]
  var flows: [[String: String]: Double] = [:]
  var buckets: [[String: String]: [Double: Double]] = [:]
  /// How many series had a rate.
  var series = 0

  /// The samples of another family, by its metrics.
  func natives(of family: MetricFamily) -> NativeSamples {
    let metrics = Set(family.series.map(\.metric))
    func own(_ labels: [String: String]) -> (metric: String, labels: [String: String])? {
      guard let metric = labels[SeriesShape.nameLabel], metrics.contains(metric) else { return nil }
      return (metric, labels.filter { $0.key != SeriesShape.nameLabel })
    }
    var samples = NativeSamples()
    for (labels, value) in flows {
      guard let (metric, labels) = own(labels) else { continue }
      samples.values[metric, default: []].append(LabelledSample(labels: labels, sample: Sample(value)))
    }
    for (labels, counts) in buckets {
      guard let (metric, labels) = own(labels) else { continue }
      let histogram = Histogram(counts.map { Histogram.Bucket(upperBound: $0.key, count: $0.value) })
      for quantile in IstioTraffic.Quantile.allCases {
        samples.quantiles[metric, default: [:]][quantile, default: []].append(
          LabelledSample(labels: labels, sample: histogram.quantile(quantile.rawValue)))
      }
    }
    return samples
  }

  /// What filters for stores counted.
  func stores(query: String) -> [StoreTraffic] {
    var table = StoreTable()
    for (labels, value) in flows where labels[StoreMetrics.nameLabel] != nil {
      table.add(LabelledSample(labels: labels, sample: Sample(value)))
    }
    for (labels, counts) in buckets where labels[StoreMetrics.nameLabel] != nil {
      let histogram = Histogram(counts.map { Histogram.Bucket(upperBound: $0.key, count: $0.value) })
      table.add(LabelledSample(labels: labels, sample: histogram.quantile(0.99)))
    }
    return table.stores(query: query)
  }

  /// The requests as an assembly takes them.
  var requestSamples: [LabelledSample] { requests.map { LabelledSample(labels: $0.key, sample: Sample($0.value)) } }

  /// Bytes, connections and messages as an assembly takes them.
  var flowSamples: [LabelledSample] {
    flows.filter { $0.key[SeriesShape.nameLabel] == nil && $0.key[StoreMetrics.nameLabel] == nil }
      .map { LabelledSample(labels: $0.key, sample: Sample($0.value)) }
  }

  /// The latency quantiles as an assembly takes them.
  var latencies: IstioTraffic.Latencies {
    var latencies: IstioTraffic.Latencies = [:]
    for (labels, counts) in buckets
    where labels[SeriesShape.nameLabel] == nil && labels[StoreMetrics.nameLabel] == nil {
      let histogram = Histogram(counts.map { Histogram.Bucket(upperBound: $0.key, count: $0.value) })
      for quantile in IstioTraffic.Quantile.allCases {
        latencies[quantile, default: []].append(
          LabelledSample(labels: labels, sample: histogram.quantile(quantile.rawValue)))
      }
    }
    return latencies
  }
}
