/// A condition on a label beyond its value. Source: Kubernetes, LabelSelectorRequirement.
public struct LabelExpression: Sendable, Hashable {
  /// The label's name.
  public var key: String
  /// `In`, `NotIn`, `Exists` or `DoesNotExist`; another one holds for nothing.
  public var condition: String
  /// The values asked for.
  public var values: [String]

  /// Creates a condition.
  public init(key: String, condition: String, values: [String]) {
    self.key = key
    self.condition = condition
    self.values = values
  }

  /// Whether labels meet it.
  public func holds(for labels: [String: String]) -> Bool {
    let value = labels[key]
    switch condition {
    case "In": return value.map(values.contains) ?? false
    case "NotIn": return !(value.map(values.contains) ?? false)
    case "Exists": return value != nil
    case "DoesNotExist": return value == nil
    default: return false
    }
  }
}
