#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The distribution of a time in milliseconds: a log-normal one after a fixed offset, cut at a cap.
struct Latency: Sendable, Hashable {
  var offset = 0.0
  var median: Double
  var sigma: Double
  var cap: Double?

  init(p50: Double, p99: Double, offset: Double = 0) {
    median = max(0.01, p50)
    // The 99th percentile of a normal distribution lies 2.326 deviations above its mean.
    sigma = max(0.01, log(max(1.000_1, p99 / median)) / 2.326_347_9)
    self.offset = offset
  }

  /// A time that hardly varies.
  static func about(_ milliseconds: Double) -> Latency { Latency(p50: milliseconds, p99: milliseconds * 1.5) }

  /// The share of times up to `limit`.
  func share(upTo limit: Double) -> Double {
    if let cap, limit >= cap { return 1 }
    guard limit > offset else { return 0 }
    return 0.5 * erfc(-log((limit - offset) / median) / sigma / 2.0.squareRoot())
  }

  /// The mean; a cap bounds it.
  var mean: Double {
    let mean = offset + median * exp(sigma * sigma / 2)
    return cap.map { min($0, mean) } ?? mean
  }

  func delayed(by milliseconds: Double) -> Latency {
    var result = self
    result.offset += milliseconds
    result.cap = cap.map { $0 + milliseconds }
    return result
  }

  func capped(at milliseconds: Double) -> Latency {
    var result = self
    result.cap = min(cap ?? milliseconds, milliseconds)
    return result
  }
}

/// The buckets of a proxy's histograms.
struct Buckets: Sendable {
  /// The upper bounds in milliseconds; the last is infinity.
  let limits: [Double]
  /// The bounds as exposition text spells them, in the metric's own unit.
  let labels: [String]

  /// Those of Istio.
  static let istio = Buckets(limits: Self.limits, labels: Self.labels)

  /// Those of Linkerd's latencies in milliseconds.
  static let linkerd = Buckets(
    unit: 1,
    [
      1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 1_000, 2_000, 3_000, 4_000, 5_000, 10_000, 20_000,
      30_000,
      40_000, 50_000,
    ])

  /// Those of Linkerd's durations of backends, in seconds.
  static let linkerdBackend = Buckets(unit: 1000, [0.025, 0.05, 0.1, 0.25, 0.5, 1, 10])

  private init(limits: [Double], labels: [String]) {
    self.limits = limits
    self.labels = labels
  }

  /// Bounds in a unit of so many milliseconds, and infinity.
  private init(unit: Double, _ bounds: [Double]) {
    limits = bounds.map { $0 * unit } + [.infinity]
    labels = bounds.map { $0.rounded() == $0 ? "\(Int($0))" : "\($0)" } + ["+Inf"]
  }

  /// The upper bounds in milliseconds; the last is infinity.
  static let limits: [Double] = [
    0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
    3_600_000, .infinity,
  ]

  /// The bounds as Envoy's Prometheus text spells them.
  static let labels = [
    "0.5", "1", "5", "10", "25", "50", "100", "250", "500", "1000", "2500", "5000", "10000", "30000", "60000", "300000",
    "600000", "1800000", "3600000", "+Inf",
  ]

  /// Of Mixer's histograms: the places in ``limits`` and the bounds in seconds. Source: Istio 1.1, as above.
  static let ofMixer: [(place: Int, label: String)] = [
    (2, "0.005"), (3, "0.01"), (4, "0.025"), (5, "0.05"), (6, "0.1"), (7, "0.25"), (8, "0.5"), (9, "1"), (10, "2.5"),
    (11, "5"), (12, "10"), (19, "+Inf"),
  ]
}
