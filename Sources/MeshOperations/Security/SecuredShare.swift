public import MeshModel

/// The share of several flows that was mutually authenticated, each weighed by its requests or connections; by its bytes
/// where no flow opened a connection in the window.
public struct SecuredShare: Sendable {
  private var counted = 0.0
  private var n = 0.0
  private var securedBytes = 0.0
  private var bytes = 0.0
  private var shares = 0.0
  private var flows = 0.0

  /// The share of no flow yet.
  public init() {}

  /// Adds a flow.
  public mutating func add(_ flow: Traffic) {
    guard let share = flow.mtlsShare else { return }
    add(
      share, n: flow.n, rps: flow.requestsPerSecond, bytes: (flow.bytesInPerSecond ?? 0) + (flow.bytesOutPerSecond ?? 0)
    )
  }

  /// Adds a sum of flows.
  public mutating func add(_ sum: TrafficSum) {
    guard let share = sum.mtlsShare else { return }
    add(share, n: sum.n, rps: sum.rps, bytes: sum.bytesPerSecond ?? 0)
  }

  private mutating func add(_ share: Double, n count: Double, rps: Double, bytes volume: Double) {
    // A source may tell rates and no sample.
    let count = max(count, rps)
    counted += share * count
    n += count
    securedBytes += share * volume
    bytes += volume
    shares += share
    flows += 1
  }

  /// The share, 0–1; `nil` where no flow has one.
  public var share: Double? {
    if n > 0 { return counted / n }
    if bytes > 0 { return securedBytes / bytes }
    return flows > 0 ? shares / flows : nil
  }

  /// The share and the requests and connections it rests on; `nil` without any.
  var proportion: Proportion? { Proportion(successes: counted, of: n) }
}
