import MeshModel

/// What relative weights come to, whatever their unit.
enum RelativeWeights {
  /// The share each weight comes to, 0–1; zeros throughout where they sum to 0.
  static func shares(_ weights: [Int]) -> [Double] {
    let positive = weights.map { Double(max(0, $0)) }
    let sum = positive.reduce(0, +)
    return sum > 0 ? positive.map { $0 / sum } : positive
  }

  /// The weights of a rule with those of an intent in place of them, and the indices that were named.
  ///
  /// Fails with `.usage` for a backend named twice and as ``RouteLookup`` does for one that is not there.
  static func wanted(
    _ intent: WeightsIntent, for rule: Rule, of route: Route, absent: Int
  ) throws(MeshError) -> (weights: [Int], named: [Int]) {
    var weights = rule.backends.map { $0.weight ?? absent }
    var named: Set<Int> = []
    for entry in intent.weights {
      let index = try RouteLookup.backend(entry.backend, of: rule, in: route)
      guard named.insert(index).inserted else {
        throw MeshError(.usage, "\(entry.backend) is given two weights", object: route.ref)
      }
      weights[index] = entry.weight
    }
    return (weights, named.sorted())
  }
}
