#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The counters of one set of labels: whole requests made of fractional flow.
struct FlowCounter: Sendable {
  var kind: Flow.Kind
  var labels: String
  /// Requests, or connections opened.
  private(set) var count: UInt64 = 0
  /// Requests expected so far less those counted: what the next steps make up for.
  private var balance = 0.0
  private(set) var buckets: [Double]
  private(set) var latencySum = 0.0
  private(set) var requestBytes = 0.0
  private(set) var responseBytes = 0.0
  private(set) var messages = 0.0
  /// Connections that are open.
  private(set) var open = 0.0
  private let openedShare: Double
  /// Connections that were opened.
  var opened: Double { (Double(count) * openedShare).rounded(.up) }
  private var random: SplitMix64

  init(_ flow: Flow, names: StableNames) {
    kind = flow.kind
    labels = flow.labels
    buckets = Array(repeating: 0, count: flow.kind.buckets?.limits.count ?? 0)
    open = flow.open
    openedShare = flow.openedShare
    random = SplitMix64(state: names.hash(flow.labels))
  }

  /// Counts what a flow brings in some seconds.
  ///
  /// The number is drawn about what is expected, as arrivals are, so that shares look sampled; what it misses flows back
  /// over a minute, so that in the long run the rate is exact.
  mutating func advance(_ flow: Flow, seconds: Double, factor: Double) {
    open = flow.open
    let expected = flow.rate * seconds * factor
    let due = max(0, expected + balance * min(1, seconds / 60))
    let drawn = draw(due)
    balance += expected - Double(drawn)
    guard drawn > 0 else { return }
    count += drawn
    let number = Double(drawn)
    for index in buckets.indices { buckets[index] += flow.buckets[index] * number }
    latencySum += flow.meanLatency * number
    requestBytes += flow.requestBytes * number
    responseBytes += flow.responseBytes * number
    messages += flow.messages * number
  }

  /// A number of arrivals where `mean` are expected (Poisson; for many, its normal approximation).
  private mutating func draw(_ mean: Double) -> UInt64 {
    guard mean > 0 else { return 0 }
    if mean < 12 {
      let limit = exp(-mean)
      var product = random.unit()
      var count: UInt64 = 0
      while product > limit {
        count += 1
        product *= random.unit()
      }
      return count
    }
    let normal = (-2 * log(max(1e-300, 1 - random.unit()))).squareRoot() * cos(2 * .pi * random.unit())
    let value = (mean + mean.squareRoot() * normal).rounded()
    return value > 0 && value < 1e15 ? UInt64(value) : 0
  }
}
