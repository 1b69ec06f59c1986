public import MeshModel

/// Finding a rule of a route, and a backend of a rule, by what an operator typed.
public enum RouteLookup {
  /// The index of the rule meant.
  ///
  /// - Parameters:
  ///   - typed: The rule's name, or its number from 0; `nil` where there is only one that fits.
  ///   - isCandidate: Which rules fit where nothing was typed.
  static func rule(
    _ typed: String?, of route: Route, fitting isCandidate: (Rule) -> Bool
  ) throws(MeshError) -> Int {
    func names(_ indices: [Int]) -> String {
      indices.map { route.rules[$0].name.isEmpty ? String($0) : "\(route.rules[$0].name) (\($0))" }
        .joined(separator: ", ")
    }
    if let typed {
      let named = route.rules.indices.filter { route.rules[$0].name == typed && !typed.isEmpty }
      if named.count == 1, let index = named.first { return index }
      if named.count > 1 {
        throw MeshError(
          .usage, "\(named.count) rules are named \(typed)", object: route.ref,
          remedy: "Name the rule by its number: \(names(named))")
      }
      if let index = Int(typed), route.rules.indices.contains(index) { return index }
      throw MeshError(
        .refused, "there is no rule \(typed)", object: route.ref,
        remedy: "Rules: \(names(Array(route.rules.indices)))")
    }
    let fitting = route.rules.indices.filter { isCandidate(route.rules[$0]) }
    if fitting.count == 1, let index = fitting.first { return index }
    if fitting.isEmpty {
      throw MeshError(.refused, "no rule of this route can be edited so", object: route.ref)
    }
    throw MeshError(
      .usage, "several rules fit", object: route.ref, remedy: "Name one of them: \(names(Array(fitting)))")
  }

  /// The rule whose weights are meant: where none is named, the one that has several backends, or else the only one.
  static func weightedRule(_ typed: String?, of route: Route) throws(MeshError) -> Int {
    let isSplit = route.rules.contains { $0.backends.count > 1 }
    return try rule(typed, of: route) { isSplit ? $0.backends.count > 1 : !$0.backends.isEmpty }
  }

  /// The rule whose settings are meant: where none is named, the only one, or the only one for requests.
  ///
  /// Fails with `.usage` where several fit, and with `.refused` where there is none.
  public static func settingsRule(_ typed: String?, of route: Route) throws(MeshError) -> Int {
    let isForRequests = route.rules.contains { $0.layer == .http || $0.layer == .grpc }
    return try rule(typed, of: route) { rule in
      // A ServiceProfile's division of traffic is a rule of its own, without settings.
      (!isForRequests || rule.layer == .http || rule.layer == .grpc)
        && (route.dialect != .linkerd || rule.backends.isEmpty)
    }
  }

  /// The weights of a rule with those of an intent in place of them, and the indices that were named.
  ///
  /// Fails with `.usage` for a backend named twice and as ``backend(_:of:in:)`` does for one that is not there.
  static func weights(
    _ intent: WeightsIntent, for rule: Rule, of route: Route, absent: Int
  ) throws(MeshError) -> (weights: [Int], named: [Int]) {
    var weights = rule.backends.map { $0.weight ?? absent }
    var named: Set<Int> = []
    for entry in intent.weights {
      let index = try backend(entry.backend, of: rule, in: route)
      guard named.insert(index).inserted else {
        throw MeshError(.usage, "\(entry.backend) is given two weights", object: route.ref)
      }
      guard let weight = intent.weight(of: entry, in: route.dialect) else {
        throw MeshError(
          .refused, "weights of this API are whole numbers, and \(intent.text(of: entry)) is none", object: route.ref)
      }
      weights[index] = weight
    }
    return (weights, named.sorted())
  }

  /// The index of the backend meant: by its name, its subset, its host, or its host and subset.
  static func backend(_ typed: String, of rule: Rule, in route: Route) throws(MeshError) -> Int {
    let tests: [(Backend) -> Bool] = [
      { $0.name == typed }, { $0.subset == typed }, { $0.host == typed },
      { $0.host + "/" + ($0.subset ?? "") == typed }, { $0.host.prefix { $0 != "." } == typed[...] },
    ]
    for test in tests {
      let found = rule.backends.indices.filter { test(rule.backends[$0]) }
      if found.count == 1, let index = found.first { return index }
      if found.count > 1 {
        throw MeshError(
          .usage, "\(found.count) backends are named \(typed)", object: route.ref,
          remedy: "Backends: \(rule.backends.map(\.name).joined(separator: ", "))")
      }
    }
    throw MeshError(
      .refused, "there is no backend \(typed)", object: route.ref,
      remedy: "Backends of this rule: \(rule.backends.map(\.name).joined(separator: ", "))")
  }
}
