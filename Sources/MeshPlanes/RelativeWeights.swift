import MeshModel

/// What relative weights come to, whatever their unit.
enum RelativeWeights {
  /// The share each weight comes to, 0–1; zeros throughout where they sum to 0.
  static func shares(_ weights: [Int]) -> [Double] {
    let positive = weights.map { Double(max(0, $0)) }
    let sum = positive.reduce(0, +)
    return sum > 0 ? positive.map { $0 / sum } : positive
  }
}
