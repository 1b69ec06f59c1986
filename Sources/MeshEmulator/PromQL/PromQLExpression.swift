/// An expression of PromQL, as far as the embedded mesh evaluates it.
///
/// Source: Prometheus documentation, "Querying basics", "Operators", "Functions". What is not here (offsets, subqueries,
/// `without`, `bool`, `group_left`, native histograms, most functions) is refused as the parser of Prometheus refuses what it
/// does not know.
indirect enum PromQLExpression: Sendable {
  case number(Double)
  case text(String)
  case selector(Selector)
  case call(String, [PromQLExpression])
  case aggregation(Aggregation, by: [String], PromQLExpression)
  case binary(Operator, PromQLExpression, PromQLExpression, on: [String]?)

  /// The series of a metric; with a range, their samples in it.
  struct Selector: Sendable {
    /// Conditions on labels; the metric's name is the label `__name__`.
    var matchers: [Matcher] = []
    /// The length of the range in seconds; `nil` for the newest sample alone.
    var range: Double?
  }

  /// A condition on a label.
  struct Matcher: Sendable {
    enum Comparison: String, Sendable { case equal = "=", notEqual = "!=", matches = "=~", matchesNot = "!~" }

    var label: String
    var comparison: Comparison
    var value: String
  }

  enum Aggregation: String, Sendable, CaseIterable { case sum, max, min, count, avg }

  enum Operator: String, Sendable {
    case or, and, unless
    case equal = "==", notEqual = "!=", greater = ">", less = "<", greaterOrEqual = ">=", lessOrEqual = "<="
    case plus = "+", minus = "-", times = "*", dividedBy = "/"

    /// How tightly it binds, the loosest first.
    var strength: Int {
      switch self {
      case .or: 1
      case .and, .unless: 2
      case .equal, .notEqual, .greater, .less, .greaterOrEqual, .lessOrEqual: 3
      case .plus, .minus: 4
      case .times, .dividedBy: 5
      }
    }
  }

  /// The functions evaluated, with the number of their arguments.
  static let functions = [
    "rate": 1, "histogram_quantile": 2, "label_replace": 5, "label_join": 4, "timestamp": 1, "time": 0,
  ]
}

/// A query that is refused, or that cannot be evaluated, in Prometheus' words.
struct PromQLFailure: Error, Hashable {
  /// `bad_data` for what is not understood, `execution` for what fails while it is evaluated.
  var type: String
  var message: String

  static func parsing(_ message: String, at place: Int) -> PromQLFailure {
    PromQLFailure(type: "bad_data", message: "invalid parameter \"query\": 1:\(place + 1): parse error: \(message)")
  }

  static func execution(_ message: String) -> PromQLFailure { PromQLFailure(type: "execution", message: message) }
}
