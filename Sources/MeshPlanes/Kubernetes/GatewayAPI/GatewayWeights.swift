/// The Gateway API's own rule for weights.
///
/// Source: Gateway API, `BackendRef.weight`: 0 to 1,000,000, 1 where absent, in proportion to the sum of the rule: not a
/// percentage. A rule whose weights are all 0 sends nothing anywhere.
public enum GatewayWeights {
  /// The weight of a backend that names none.
  public static let absent = 1
  /// The largest weight.
  public static let largest = 1_000_000

  /// What is wrong with the weights of a rule.
  public enum Fault: Sendable, Hashable, CustomStringConvertible {
    /// A weight below zero, with the backend's index.
    case negative(index: Int, weight: Int)
    /// A weight above 1,000,000, with the backend's index.
    case tooLarge(index: Int, weight: Int)

    /// The fault in words.
    public var description: String {
      switch self {
      case .negative(_, let weight): "weight \(weight) is below 0"
      case .tooLarge(_, let weight): "weight \(weight) is above \(GatewayWeights.largest)"
      }
    }
  }

  /// The first fault of the weights of one rule, or `nil`. No sum is asked for: weights are relative.
  public static func fault(_ weights: [Int]) -> Fault? {
    for (index, weight) in weights.enumerated() {
      if weight < 0 { return .negative(index: index, weight: weight) }
      if weight > largest { return .tooLarge(index: index, weight: weight) }
    }
    return nil
  }

  /// The share each weight comes to, 0–1; zeros throughout where all are 0.
  public static func shares(_ weights: [Int]) -> [Double] { RelativeWeights.shares(weights) }
}
