extension PromQLEvaluation {
  /// Two sides put together: sets by their labels, comparisons as filters, sums and products one to one.
  func combined(
    _ binary: PromQLExpression.Operator, _ left: PromQLExpression, _ right: PromQLExpression, _ on: [String]?
  ) throws(PromQLFailure) -> Value {
    func key(_ element: Element) -> [String: String] {
      guard let on else { return Self.unnamed(element.labels) }
      return element.labels.filter { on.contains($0.key) }
    }
    let sides = (try value(left), try value(right))
    switch (binary, sides) {
    case (_, (.text, _)), (_, (_, .text)): throw .execution("a string is no operand of \(binary.rawValue)")
    case (.or, (.vector(let one), .vector(let other))):
      let known = Set(one.map(key))
      return .vector(one + other.filter { !known.contains(key($0)) })
    case (.and, (.vector(let one), .vector(let other))):
      let known = Set(other.map(key))
      return .vector(one.filter { known.contains(key($0)) })
    case (.unless, (.vector(let one), .vector(let other))):
      let known = Set(other.map(key))
      return .vector(one.filter { !known.contains(key($0)) })
    case (.or, _), (.and, _), (.unless, _):
      throw .parsing("set operator \"\(binary.rawValue)\" not allowed in binary scalar expression", at: 0)
    case (_, (.scalar(let one), .scalar(let other))):
      guard let result = Self.calculated(binary, one, other) else {
        throw .parsing("comparisons between scalars must use BOOL modifier", at: 0)
      }
      return .scalar(result)
    case (_, (.vector(let elements), .scalar(let other))):
      return .vector(elements.compactMap { Self.applied(binary, $0, $0.value, other) })
    case (_, (.scalar(let one), .vector(let elements))):
      return .vector(elements.compactMap { Self.applied(binary, $0, one, $0.value) })
    case (_, (.vector(let one), .vector(let other))):
      let partners = Dictionary(grouping: other, by: key)
      guard partners.values.allSatisfy({ $0.count == 1 }), Set(one.map(key)).count == one.count else {
        throw .execution("found duplicate series for the match group: many-to-many matching not allowed")
      }
      return .vector(
        one.compactMap { element in
          partners[key(element)]?.first.flatMap { Self.applied(binary, element, element.value, $0.value) }
        })
    }
  }

  /// An element after an operator; `nil` where a comparison filters it out. A comparison keeps the element's own value.
  private static func applied(
    _ binary: PromQLExpression.Operator, _ element: Element, _ one: Double, _ other: Double
  ) -> Element? {
    var element = element
    if let result = calculated(binary, one, other) {
      element.labels = unnamed(element.labels)
      element.value = result
      return element
    }
    let holds =
      switch binary {
      case .equal: one == other
      case .notEqual: one != other
      case .greater: one > other
      case .less: one < other
      case .greaterOrEqual: one >= other
      default: one <= other
      }
    return holds ? element : nil
  }

  /// The result of a calculation; `nil` for what calculates nothing.
  private static func calculated(_ binary: PromQLExpression.Operator, _ one: Double, _ other: Double) -> Double? {
    switch binary {
    case .plus: one + other
    case .minus: one - other
    case .times: one * other
    case .dividedBy: one / other
    default: nil
    }
  }
}

/// The arithmetic of counters and histograms.
enum PromQLRate {
  /// The increase a second of a counter in a window; `nil` where there are not two samples.
  ///
  /// Source: Prometheus, `promql/functions.go`, `extrapolatedRate`: resets are made up for, and the increase is extrapolated
  /// to the window's ends, as far as they are about one interval away, never below zero.
  static func of(_ samples: [SeriesHistory.Sample], range: Double, end: Double) -> Double? {
    let inside = samples.filter { $0.seconds > end - range && $0.seconds <= end }
    guard let first = inside.first, let last = inside.last, inside.count > 1, last.seconds > first.seconds else {
      return nil
    }
    var increase = last.value - first.value
    for (before, after) in zip(inside, inside.dropFirst()) where after.value < before.value {
      increase += before.value
    }
    let sampled = last.seconds - first.seconds
    let interval = sampled / Double(inside.count - 1)
    var toStart = first.seconds - (end - range)
    var toEnd = end - last.seconds
    if toStart >= interval * 1.1 { toStart = interval / 2 }
    if increase > 0, first.value >= 0 { toStart = min(toStart, sampled * (first.value / increase)) }
    if toEnd >= interval * 1.1 { toEnd = interval / 2 }
    return increase * (sampled + toStart + toEnd) / sampled / range
  }

  /// The quantile of a histogram's buckets by their upper limits; `nil` where there are none.
  ///
  /// Source: Prometheus, `promql/quantile.go`, `BucketQuantile`.
  static func quantile(_ quantile: Double, _ buckets: [(limit: Double, count: Double)]) -> Double? {
    guard let last = buckets.last, last.limit == .infinity, buckets.count > 1 else {
      return buckets.isEmpty ? nil : .nan
    }
    guard last.count > 0, !quantile.isNaN else { return .nan }
    if quantile < 0 { return -.infinity }
    if quantile > 1 { return .infinity }
    let rank = quantile * last.count
    let index = buckets.firstIndex { $0.count >= rank } ?? buckets.count - 1
    if index == buckets.count - 1 { return buckets[index - 1].limit }
    if index == 0, buckets[0].limit <= 0 { return buckets[0].limit }
    let (start, below) = index == 0 ? (0, 0) : (buckets[index - 1].limit, buckets[index - 1].count)
    let inside = buckets[index].count - below
    return inside > 0 ? start + (buckets[index].limit - start) * (rank - below) / inside : start
  }
}
