public import MeshModel

/// Consul's rule for the weights of an http-route's services: whole numbers of 1 or more, in proportion to their sum.
///
/// Source: hashicorp/consul, `agent/structs/config_entry_routes.go`, `normalizeHTTPService`: a weight of 0 or less is stored
/// as 1, so that no service of a rule can be given nothing. A tcp-route has one service and no weights.
public enum ConsulRouteWeights {
  /// What is wrong with the weights of a rule.
  public enum Fault: Sendable, Hashable, CustomStringConvertible {
    /// A weight below 1, in hundredths.
    case belowOne(Int)
    /// A weight that is no whole number, in hundredths.
    case fraction(Int)

    /// The fault in words.
    public var description: String {
      switch self {
      case .belowOne(let weight):
        "Consul stores a weight of \(Dialect.consul.text(ofWeight: weight)) as 1: a service of an http-route is never "
          + "given nothing"
      case .fraction(let weight):
        "weights of an http-route are whole numbers, and \(Dialect.consul.text(ofWeight: weight)) is none"
      }
    }
  }

  /// What to do in place of a weight of 0, for remedies.
  public static let remedy =
    "weights are whole numbers of 1 or more, in proportion to each other; to give a service nothing, take it out of the "
    + "rule by `meshdeck apply -f`"

  /// A weight in the hundredths that Consul's weights are counted in, as the servers store it.
  public static func hundredths(_ json: JSONValue?) -> Int {
    let weight = json?.int ?? 1
    return max(1, min(weight, 1 << 40)) * Dialect.consul.weightScale
  }

  /// The first fault of weights in hundredths, or `nil`.
  public static func fault(_ weights: [Int]) -> Fault? {
    for weight in weights {
      if weight < Dialect.consul.weightScale { return .belowOne(weight) }
      if weight % Dialect.consul.weightScale != 0 { return .fraction(weight) }
    }
    return nil
  }

  /// The share of each weight, 0–1: its part of the sum.
  public static func shares(_ weights: [Int]) -> [Double] {
    let sum = weights.reduce(0.0) { $0 + Double($1) }
    return weights.map { sum > 0 ? Double($0) / sum : 0 }
  }

  /// Whether a rule is one of an http-route, told by its place in the entry.
  static func govern(_ rule: Rule) -> Bool { rule.pointer.tokens.first == "Rules" }
}
