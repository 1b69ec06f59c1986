import MeshKit

/// One weighted rule.
struct SplitKey: Sendable, Hashable {
  /// The route.
  var route: ObjectRef
  /// The place of the rule in it.
  var ruleIndex: Int

  init(_ split: Split) {
    route = split.route
    ruleIndex = split.ruleIndex
  }
}

/// Weights as changed on the screen: the plane's own unit, and a sum that moving weight never changes.
struct WeightDraft: Sendable, Hashable {
  /// A backend and its weight.
  struct Entry: Sendable, Hashable {
    /// The backend's name.
    var name: String
    /// The weight.
    var weight: Int
  }

  /// The rule, as intents name it.
  var rule: String
  /// How many of the units of weights make a written 1.
  let scale: Int
  /// The weights in the order written.
  var entries: [Entry]
  /// The weights it began with.
  let before: [Entry]

  /// A draft that changes nothing yet; weights nobody wrote begin as shares of 100.
  init(_ split: Split) {
    rule = String(split.ruleIndex)
    let scale = split.dialect.weightScale
    self.scale = scale
    // Weights come from outside: kept where sums cannot overflow.
    let written = split.backends.map { backend in
      min(max(backend.desired.value?.weight ?? backend.programmed.value?.weight ?? 0, 0), 1_000_000_000)
    }
    let hasWeights = written.contains { $0 > 0 }
    entries = split.backends.enumerated().map { place, backend in
      let share = min(max(backend.expectedShare, 0), 1)
      return Entry(name: backend.name, weight: hasWeights ? written[place] : Int((share * 100).rounded()) * scale)
    }
    before = entries
  }

  /// Whether anything changed.
  var isChanged: Bool { entries != before }

  /// The sum of all weights.
  var total: Int { entries.reduce(0) { $0 + $1.weight } }

  /// How much one press moves: a twentieth of the whole, at least 1.
  var step: Int { max(1, total / 20) }

  /// A weight as it is written.
  func text(_ weight: Int) -> String { WeightText.text(weight, scale: scale) }

  /// The weight that is typed: a number, or a percentage of the whole; `nil` for what is none, or finer than weights are.
  func weight(typed text: String) -> Int? {
    let isPercentage = text.hasSuffix("%")
    guard let typed = WeightText.hundredths(isPercentage ? text.dropLast() : text[...]), typed >= 0 else { return nil }
    if isPercentage {
      return Int((Double(total) * Double(min(typed, 100 * WeightText.typedScale)) / 10_000).rounded())
    }
    guard case let (units, overflows) = typed.multipliedReportingOverflow(by: scale), !overflows,
      units % WeightText.typedScale == 0
    else { return nil }
    return units / WeightText.typedScale
  }

  /// The share of a backend, 0–1.
  func share(_ place: Int) -> Double? {
    guard entries.indices.contains(place), total > 0 else { return nil }
    return Double(entries[place].weight) / Double(total)
  }

  /// Moves weight to a backend (`direction` 1) or away from it (−1): from and to the largest other.
  mutating func move(_ direction: Int, at place: Int) {
    guard entries.indices.contains(place), let other = largest(besides: place) else { return }
    let (giver, taker) = direction > 0 ? (other, place) : (place, other)
    let amount = min(step, entries[giver].weight)
    entries[giver].weight -= amount
    entries[taker].weight += amount
  }

  /// Sets a backend's weight; the largest others give or take the difference. A weight beyond the sum is cut to it.
  mutating func set(_ weight: Int, at place: Int) {
    guard entries.indices.contains(place), entries.count > 1 else { return }
    let wanted = min(max(weight, 0), total)
    while entries[place].weight < wanted {
      guard let other = largest(besides: place), entries[other].weight > 0 else { return }
      let amount = min(wanted - entries[place].weight, entries[other].weight)
      entries[other].weight -= amount
      entries[place].weight += amount
    }
    if entries[place].weight > wanted, let other = largest(besides: place) {
      entries[other].weight += entries[place].weight - wanted
      entries[place].weight = wanted
    }
  }

  /// The intent that carries the draft out: the weights that changed.
  func intent(_ route: ObjectRef) -> WeightsIntent {
    WeightsIntent(
      route: route, rule: rule,
      weights: entries.map { WeightsIntent.Entry(backend: $0.name, weight: $0.weight) }, scale: scale)
  }

  private func largest(besides place: Int) -> Int? {
    entries.indices.filter { $0 != place }.max { entries[$0].weight < entries[$1].weight }
  }
}
