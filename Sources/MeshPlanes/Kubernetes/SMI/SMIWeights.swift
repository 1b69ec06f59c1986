import MeshModel

/// SMI's own rule for weights.
///
/// Source: SMI, TrafficSplit: weights are relative; whole numbers from v1alpha2 on, Kubernetes quantities (`500m`) in
/// v1alpha1, which are counted here in thousandths.
public enum SMIWeights {
  /// What is wrong with the weights of a split.
  public enum Fault: Sendable, Hashable, CustomStringConvertible {
    /// A weight below zero, with the backend's index.
    case negative(index: Int, weight: Int)

    /// The fault in words.
    public var description: String {
      switch self {
      case .negative(_, let weight): "weight \(weight) is below 0"
      }
    }
  }

  /// The first fault of the weights of a split, or `nil`. No sum is asked for.
  public static func fault(_ weights: [Int]) -> Fault? {
    for (index, weight) in weights.enumerated() where weight < 0 { return .negative(index: index, weight: weight) }
    return nil
  }

  /// The share each weight comes to, 0–1; zeros throughout where all are 0.
  public static func shares(_ weights: [Int]) -> [Double] { RelativeWeights.shares(weights) }

  /// Whether weights of an API version are quantities.
  static func isQuantity(_ apiVersion: String) -> Bool { apiVersion.hasSuffix("/v1alpha1") }

  /// A weight as read, in the unit of its API version.
  static func read(_ json: JSONValue, apiVersion: String) -> Int? {
    isQuantity(apiVersion) ? Quantity.thousandths(json) : json.int
  }

  /// A weight as written.
  static func written(_ weight: Int, apiVersion: String) -> JSONValue {
    isQuantity(apiVersion) ? .string(Quantity.text(thousandths: weight)) : .int(weight)
  }
}
