/// The building of PromQL text. Whatever a name contains, it stays inside its quotes.
public enum PromQL {
  /// One condition on a label.
  public struct Matcher: Sendable, Hashable {
    /// The ways to compare.
    public enum Comparison: String, Sendable, Hashable {
      case equal = "="
      case notEqual = "!="
      case matches = "=~"
      case matchesNot = "!~"
    }

    /// The label's name.
    public var label: String
    /// How it is compared.
    public var comparison: Comparison
    /// What it is compared with.
    public var value: String

    /// Creates a condition, or `nil` where the label's name is none that PromQL has.
    public init?(_ label: String, _ comparison: Comparison = .equal, _ value: String) {
      guard PromQL.isLabelName(label) else { return nil }
      self.label = label
      self.comparison = comparison
      self.value = value
    }
  }

  /// A selector of one metric's series. The metric's name is one of ours.
  static func selector(_ metric: String, _ matchers: [Matcher] = []) -> String {
    guard !matchers.isEmpty else { return metric }
    return metric + "{" + matchers.map { $0.label + $0.comparison.rawValue + quoted($0.value) }.joined(separator: ",")
      + "}"
  }

  /// A string literal: quotes, backslashes and every control character escaped as Go's strings have them.
  public static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case let scalar where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// A regular expression that matches exactly this text, for `=~`.
  public static func literalPattern(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      if "\\.+*?()|[]{}^$".unicodeScalars.contains(scalar) { result += "\\" }
      result.unicodeScalars.append(scalar)
    }
  }

  /// A duration: whole seconds, or milliseconds where it is not whole; at least one millisecond.
  public static func duration(_ seconds: Double) -> String {
    let milliseconds = Int(exactly: (min(max(seconds.isNaN ? 0 : seconds, 0.001), 3.2e9) * 1000).rounded()) ?? 1000
    return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
  }

  /// The sum of rates a second by labels.
  static func sumOfRates(of selector: String, by labels: [String], window: Double) -> String {
    "sum by (\(labels.joined(separator: ", "))) (rate(\(selector)[\(duration(window))]))"
  }

  /// Whether a text is a label's name.
  static func isLabelName(_ text: String) -> Bool {
    guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return text.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x5F
    }
  }
}
