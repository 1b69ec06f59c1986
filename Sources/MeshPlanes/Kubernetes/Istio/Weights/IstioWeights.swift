public import MeshModel

/// Istio's own rule for weights, and what weights come to.
///
/// Source: Istio, `validateHTTPRouteDestinations` and `validateRouteDestinations`, and `route.go`
/// (Istio, `pkg/config/validation/validation.go`).
public enum IstioWeights {
  /// What is wrong with the weights of a rule.
  public enum Fault: Sendable, Hashable, CustomStringConvertible {
    /// A weight below zero, with the backend's index.
    case negative(index: Int, weight: Int)
    /// A weight, or their sum, above what a 32-bit integer holds.
    case tooLarge
    /// Several destinations and nothing but zeros.
    case zeroSum

    /// The fault in words.
    public var description: String {
      switch self {
      case .negative(_, let weight): "weight \(weight) is below 0"
      case .tooLarge: "the weights or their sum are above \(Int32.max)"
      case .zeroSum: "the weights of several destinations sum to 0: no request could be sent anywhere"
      }
    }
  }

  /// The first fault of the weights of one rule, or `nil`.
  ///
  /// Each must be 0 or more; with more than one destination the sum must be more than 0. It need not be 100: weights
  /// are relative.
  public static func fault(_ weights: [Int]) -> Fault? {
    var sum: Int32 = 0
    for (index, weight) in weights.enumerated() {
      if weight < 0 { return .negative(index: index, weight: weight) }
      guard let small = Int32(exactly: weight) else { return .tooLarge }
      let (next, overflow) = sum.addingReportingOverflow(small)
      if overflow { return .tooLarge }
      sum = next
    }
    return weights.count > 1 && sum == 0 ? .zeroSum : nil
  }

  /// The share of requests each backend of a rule gets, 0–1.
  ///
  /// A single destination gets all, whatever its weight; an absent weight among several is 0; zeros get nothing.
  public static func shares(_ backends: [Backend]) -> [Double] { shares(backends.map { $0.weight ?? 0 }) }

  /// The share each weight comes to, 0–1; zeros throughout where the weights are faulty.
  public static func shares(_ weights: [Int]) -> [Double] {
    weights.count == 1 ? [1] : RelativeWeights.shares(weights)
  }
}
