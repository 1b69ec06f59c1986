/// App Mesh's own rule for weights, and what weights come to.
///
/// Sources: botocore `data/appmesh/2019-01-25/service-2.json` (`PercentInt` 0…100, `WeightedTargets` 1…10); App Mesh user
/// guide, "Routes": weights are relative, and their total is 100 at most.
public enum AppMeshWeights {
  /// What is wrong with the weights of a route.
  public enum Fault: Sendable, Hashable, CustomStringConvertible {
    /// A weight outside 0…100.
    case outOfRange(weight: Int)
    /// A total above 100.
    case tooMuch(total: Int)
    /// More than ten targets, or none.
    case targets(Int)
    /// Nothing but zeros.
    case zeroSum

    /// The fault in words.
    public var description: String {
      switch self {
      case .outOfRange(let weight): "weight \(weight) is not between 0 and 100"
      case .tooMuch(let total): "the weights sum to \(total), which is above 100"
      case .targets(let count): "\(count) targets are not between 1 and 10"
      case .zeroSum: "the weights sum to 0: no request could be sent anywhere"
      }
    }
  }

  /// The first fault of the weights of one route, or `nil`.
  public static func fault(_ weights: [Int]) -> Fault? {
    guard (1...10).contains(weights.count) else { return .targets(weights.count) }
    if let weight = weights.first(where: { !(0...100).contains($0) }) { return .outOfRange(weight: weight) }
    let total = weights.reduce(0, +)
    if total > 100 { return .tooMuch(total: total) }
    return total == 0 ? .zeroSum : nil
  }

  /// The share each weight comes to, 0–1: its part of their sum; zeros where nothing is above zero.
  public static func shares(_ weights: [Int]) -> [Double] { RelativeWeights.shares(weights) }
}
