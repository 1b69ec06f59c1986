import MeshModel

/// Knative's own rule for traffic.
///
/// Source: Knative Serving, `TrafficTarget.validate` and `RouteSpec` validation: each percent 0 to 100, together exactly 100.
/// Only Knative's webhook enforces it: the definition alone takes any sum, so it is checked here.
public enum KnativeTraffic {
  /// What is wrong with the percents of a service.
  public enum Fault: Sendable, Hashable, CustomStringConvertible {
    /// A percent that is none, with the target's index.
    case outOfRange(index: Int, percent: Int)
    /// Another sum than 100.
    case sum(Int)

    /// The fault in words.
    public var description: String {
      switch self {
      case .outOfRange(_, let percent): "percent \(percent) is not from 0 to 100"
      case .sum(let sum): "Traffic targets sum to \(sum), want 100"
      }
    }
  }

  /// The first fault of the percents of one service, or `nil`.
  public static func fault(_ percents: [Int]) -> Fault? {
    for (index, percent) in percents.enumerated() where !(0...100).contains(percent) {
      return .outOfRange(index: index, percent: percent)
    }
    let sum = percents.reduce(0, +)
    return sum == 100 ? nil : .sum(sum)
  }

  /// The share each percent is, 0–1, as written.
  public static func shares(_ percents: [Int]) -> [Double] { percents.map { Double($0) / 100 } }
}
