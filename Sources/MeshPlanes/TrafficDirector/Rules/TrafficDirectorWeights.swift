import MeshModel

/// Traffic Director's own rule for weights, and what weights come to.
///
/// Source: google-cloud-network-services 0.10.4, `HttpRoute.Destination.weight`: the share is the weight's part of the sum;
/// where one destination has a weight all must have one; where none has, all get the same; a single destination gets
/// everything. On the wire of HTTP, TCP and TLS routes a weight of 0 and none are the same (proto3), so an absent weight
/// beside others is 0.
public enum TrafficDirectorWeights {
  /// What is wrong with the weights of a rule.
  public enum Fault: Sendable, Hashable, CustomStringConvertible {
    /// A weight below zero, or above what the API's 32-bit integer holds.
    case outOfRange(weight: Int)
    /// A sum above what the proxies' 32-bit total holds. Source: Envoy, `WeightedCluster.total_weight`.
    case tooMuch
    /// Some destinations with a weight and some without.
    case mixed
    /// Several destinations and nothing but zeros, which Google would read as none set: equal parts.
    case zeroSum

    /// The fault in words.
    public var description: String {
      switch self {
      case .outOfRange(let weight): "weight \(weight) is not between 0 and \(Int32.max)"
      case .tooMuch: "the weights sum to more than \(UInt32.max)"
      case .mixed: "some destinations have a weight and some have none: all or none must have one"
      case .zeroSum: "the weights sum to 0, which Google takes for no weights at all: equal parts"
      }
    }
  }

  /// The first fault of the weights of one rule, or `nil`; `nil` weights are not set.
  public static func fault(_ weights: [Int?]) -> Fault? {
    let set = weights.compactMap(\.self)
    if set.isEmpty { return nil }
    if let weight = set.first(where: { !(0...Int(Int32.max)).contains($0) }) { return .outOfRange(weight: weight) }
    if set.count < weights.count { return .mixed }
    let sum = set.reduce(0, +)
    if sum > Int(UInt32.max) { return .tooMuch }
    return weights.count > 1 && sum == 0 ? .zeroSum : nil
  }

  /// The share each destination gets, 0–1; `nil` weights are not set.
  public static func shares(_ weights: [Int?]) -> [Double] {
    if weights.count == 1 { return [1] }
    // Nothing set, or nothing but zeros, which is the same on the wire.
    if weights.allSatisfy({ ($0 ?? 0) == 0 }) { return weights.map { _ in 1 / Double(max(1, weights.count)) } }
    return RelativeWeights.shares(weights.map { $0 ?? 0 })
  }
}
