/// The evaluation of an expression at one time.
///
/// Source: Prometheus, `promql/engine.go` and `promql/functions.go`: a sample counts for five minutes, rates are extrapolated
/// to the window's ends, comparisons filter, quantiles are interpolated in their bucket.
struct PromQLEvaluation {
  /// An element of an instant vector.
  struct Element {
    var labels: [String: String]
    var value: Double
    /// When the sample was taken that it rests on.
    var seconds: Double
  }

  enum Value {
    case scalar(Double)
    case vector([Element])
    case text(String)
  }

  /// The seconds that a sample counts for.
  static let lookback = 300.0

  let series: [SeriesHistory.Series]
  /// The time of evaluation, in seconds since 1970.
  let seconds: Double

  func value(_ expression: PromQLExpression) throws(PromQLFailure) -> Value {
    switch expression {
    case .number(let value): return .scalar(value)
    case .text(let text): return .text(text)
    case .selector(let selector):
      guard selector.range == nil else { throw .execution("invalid expression type \"range vector\" for this query") }
      return .vector(try newest(selector))
    case .aggregation(let aggregation, let labels, let inner):
      return .vector(aggregated(try vector(inner), aggregation, by: labels))
    case .call(let name, let arguments): return try call(name, arguments)
    case .binary(let binary, let left, let right, let on): return try combined(binary, left, right, on)
    }
  }

  func vector(_ expression: PromQLExpression) throws(PromQLFailure) -> [Element] {
    switch try value(expression) {
    case .vector(let elements): return elements
    case .scalar(let value): return [Element(labels: [:], value: value, seconds: seconds)]
    case .text: throw .execution("expected type instant vector, got string")
    }
  }

  private func chosen(_ selector: PromQLExpression.Selector) throws(PromQLFailure) -> [SeriesHistory.Series] {
    var result = series
    for matcher in selector.matchers {
      let pattern = try Self.pattern(matcher)
      result = result.filter { one in
        let value = one.labels[matcher.label] ?? ""
        switch matcher.comparison {
        case .equal: return value == matcher.value
        case .notEqual: return value != matcher.value
        case .matches: return pattern.map { (try? $0.wholeMatch(in: value)) != nil } ?? false
        case .matchesNot: return pattern.map { (try? $0.wholeMatch(in: value)) == nil } ?? false
        }
      }
    }
    return result
  }

  private static func pattern(_ matcher: PromQLExpression.Matcher) throws(PromQLFailure) -> Regex<AnyRegexOutput>? {
    guard matcher.comparison == .matches || matcher.comparison == .matchesNot else { return nil }
    do { return try Regex(matcher.value) } catch {
      throw PromQLFailure(type: "bad_data", message: "error parsing regexp: \(matcher.value)")
    }
  }

  private func newest(_ selector: PromQLExpression.Selector) throws(PromQLFailure) -> [Element] {
    try chosen(selector).compactMap { one in
      one.samples.last { $0.seconds <= seconds && $0.seconds > seconds - Self.lookback }.map {
        Element(labels: one.labels, value: $0.value, seconds: $0.seconds)
      }
    }
  }

  private func call(_ name: String, _ arguments: [PromQLExpression]) throws(PromQLFailure) -> Value {
    switch name {
    case "time": return .scalar(seconds)
    case "timestamp":
      return .vector(
        try vector(arguments[0]).map { element in
          Element(labels: Self.unnamed(element.labels), value: element.seconds, seconds: seconds)
        })
    case "rate":
      guard case .selector(let selector) = arguments[0], let range = selector.range else {
        throw .parsing("expected type range vector in call to function \"rate\", got instant vector", at: 0)
      }
      return .vector(
        try chosen(selector).compactMap { one in
          PromQLRate.of(one.samples, range: range, end: seconds).map {
            Element(labels: Self.unnamed(one.labels), value: $0, seconds: seconds)
          }
        })
    case "histogram_quantile":
      guard case .scalar(let quantile) = try value(arguments[0]) else {
        throw .parsing("expected type scalar in call to function \"histogram_quantile\"", at: 0)
      }
      return .vector(quantiles(quantile, try vector(arguments[1])))
    case "label_replace": return .vector(try replaced(arguments))
    default: return .vector(try joined(arguments))
    }
  }

  private func quantiles(_ quantile: Double, _ buckets: [Element]) -> [Element] {
    let groups = Dictionary(grouping: buckets) { element in
      Self.unnamed(element.labels).filter { $0.key != "le" }
    }
    return groups.compactMap { labels, elements in
      let limits = elements.compactMap { element in
        Double(element.labels["le"] ?? "").map { (limit: $0, count: element.value) }
      }.sorted { $0.limit < $1.limit }
      return PromQLRate.quantile(quantile, limits).map { Element(labels: labels, value: $0, seconds: seconds) }
    }
  }

  private func words(_ arguments: ArraySlice<PromQLExpression>) throws(PromQLFailure) -> [String] {
    var words: [String] = []
    for argument in arguments {
      guard case .text(let word) = argument else { throw .parsing("expected type string", at: 0) }
      words.append(word)
    }
    return words
  }

  private func replaced(_ arguments: [PromQLExpression]) throws(PromQLFailure) -> [Element] {
    let words = try words(arguments[1...])
    let pattern: Regex<AnyRegexOutput>
    do { pattern = try Regex(words[3]) } catch {
      throw .execution("invalid regular expression in label_replace(): \(words[3])")
    }
    return try vector(arguments[0]).map { element in
      var element = element
      guard let match = try? pattern.wholeMatch(in: element.labels[words[2]] ?? "") else { return element }
      var text = words[1]
      for number in match.output.indices.reversed() where number > 0 {
        text = text.replacing("$\(number)", with: match.output[number].substring.map(String.init) ?? "")
      }
      element.labels[words[0]] = text.isEmpty ? nil : text
      return element
    }
  }

  private func joined(_ arguments: [PromQLExpression]) throws(PromQLFailure) -> [Element] {
    let words = try words(arguments[1...])
    return try vector(arguments[0]).map { element in
      var element = element
      let text = words.dropFirst(2).map { element.labels[$0] ?? "" }.joined(separator: words[1])
      element.labels[words[0]] = text.isEmpty ? nil : text
      return element
    }
  }

  private func aggregated(
    _ elements: [Element], _ aggregation: PromQLExpression.Aggregation, by labels: [String]
  ) -> [Element] {
    let wanted = Set(labels)
    let groups = Dictionary(grouping: elements) { $0.labels.filter { wanted.contains($0.key) } }
    return groups.map { labels, members in
      let values = members.map(\.value)
      let sum = values.reduce(0, +)
      let value =
        switch aggregation {
        case .sum: sum
        case .max: values.max() ?? .nan
        case .min: values.min() ?? .nan
        case .count: Double(values.count)
        case .avg: sum / Double(values.count)
        }
      return Element(labels: labels, value: value, seconds: seconds)
    }
  }

  static func unnamed(_ labels: [String: String]) -> [String: String] { labels.filter { $0.key != "__name__" } }
}
