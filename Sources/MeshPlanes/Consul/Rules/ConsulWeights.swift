public import MeshModel

/// Consul's own rule for the weights of a splitter, in hundredths of a percent.
///
/// Source: hashicorp/consul, `agent/structs/config_entry_discoverychain.go`, `ServiceSplitterConfigEntry.Validate`: each
/// weight is rounded to 0.01, and their sum must be exactly 100.
public enum ConsulWeights {
  /// What is wrong with the weights of a splitter.
  public enum Fault: Sendable, Hashable, CustomStringConvertible {
    /// A weight outside 0…100, in hundredths.
    case outOfRange(Int)
    /// A sum other than 100, in hundredths.
    case sum(Int)
    /// No split at all.
    case none

    /// The fault in words.
    public var description: String {
      switch self {
      case .outOfRange(let weight): "weight \(Dialect.consul.text(ofWeight: weight)) is not between 0 and 100"
      case .sum(let sum):
        "the sum of all split weights must be 100, not \(Dialect.consul.text(ofWeight: sum))"
      case .none: "no splits configured"
      }
    }
  }

  /// What Consul wants, for remedies.
  public static let remedy = "Consul wants weights of at most two decimals whose sum is exactly 100"

  /// The weights' full sum in hundredths.
  public static let whole = 10_000

  /// A weight as Consul decodes it: single precision, rounded to a hundredth; `nil` for what is no number.
  public static func hundredths(_ json: JSONValue?) -> Int? {
    guard let json else { return 0 }
    guard let value = json.double, abs(value) <= 1e6 else { return nil }
    return Int((Float(value) * 100).rounded(.toNearestOrAwayFromZero))
  }

  /// The first fault of the weights of one splitter, or `nil`.
  public static func fault(_ weights: [Int]) -> Fault? {
    guard !weights.isEmpty else { return Fault.none }
    if let weight = weights.first(where: { !(0...whole).contains($0) }) { return .outOfRange(weight) }
    let sum = weights.reduce(0, +)
    return sum == whole ? nil : .sum(sum)
  }

  /// The share of each weight, 0–1: it is a percentage.
  public static func shares(_ weights: [Int]) -> [Double] { weights.map { Double($0) / Double(whole) } }
}
