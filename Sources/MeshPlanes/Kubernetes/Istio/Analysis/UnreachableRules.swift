import MeshModel

/// Rules that no request can reach, since an earlier rule of the same kind takes all they would match.
///
/// Sources: Istio, IST0130 and IST0131; the first rule that matches wins (Istio API, VirtualService.http).
enum UnreachableRules {
  static func check(_ route: Route, into found: inout [Finding]) {
    guard let first = route.rules.first?.layer, route.rules.count > 1 else { return }
    if route.rules.allSatisfy({ $0.layer == first }) { return check(route, first, into: &found) }
    for layer in Rule.Layer.allCases { check(route, layer, into: &found) }
  }

  private static func check(_ route: Route, _ layer: Rule.Layer, into found: inout [Finding]) {
    var before = Earlier()
    let rules = route.rules
    for place in rules.indices where rules[place].layer == layer {
      let hidden = rules[place].matches.count { before.takes($0) }
      if before.takesAll || (hidden > 0 && hidden == rules[place].matches.count) {
        found.append(unreachable(rules[place], in: route, isAllTaken: before.takesAll))
      } else if hidden > 0 {
        found.append(
          Finding(
            code: "MD1131", severity: .info, object: route.ref, pointer: rules[place].pointer.appending("match"),
            message: "\(hidden) of \(rules[place].matches.count) conditions match nothing that earlier rules leave",
            remedy: "Delete the conditions that an earlier rule takes", equivalents: ["IST0131"]))
      }
      // Behind the last there is none to hide.
      if place + 1 < rules.count { before.add(rules[place].matches) }
    }
  }

  private static func unreachable(_ rule: Rule, in route: Route, isAllTaken: Bool) -> Finding {
    Finding(
      code: "MD1130", severity: .warning, object: route.ref, pointer: rule.pointer,
      message: "no request reaches rule \(rule.name.isEmpty ? rule.pointer.description : rule.name): "
        + (isAllTaken ? "an earlier rule matches everything" : "earlier rules match the same"),
      remedy: "Move it before the rule that takes its requests, or delete it", equivalents: ["IST0130"])
  }

  /// What the rules so far take.
  private struct Earlier {
    private(set) var takesAll = false
    /// The first conditions, which are sooner compared than hashed; nearly always all there are.
    private var few: [RuleMatch] = []
    private var many: Set<RuleMatch> = []
    private var prefixes: [String] = []

    mutating func add(_ matches: [RuleMatch]) {
      if matches.isEmpty { takesAll = true }
      for match in matches {
        let bare = Self.bare(match)
        if bare.isEmpty { takesAll = true }
        if let prefix = bare.prefixAlone {
          if prefix == "/" { takesAll = true }
          prefixes.append(prefix)
        }
        if few.isEmpty { few.reserveCapacity(8) }
        if few.count < 8 { few.append(bare) } else { many.insert(bare) }
      }
    }

    func takes(_ match: RuleMatch) -> Bool {
      if takesAll { return true }
      if few.isEmpty { return false }
      let bare = Self.bare(match)
      if few.contains(bare) || !many.isEmpty && many.contains(bare) { return true }
      guard !bare.ignoreUriCase else { return false }
      switch bare.uri {
      case .prefix(let text), .exact(let text): return prefixes.contains { text.hasPrefix($0) }
      default: return false
      }
    }

    private static func bare(_ match: RuleMatch) -> RuleMatch {
      if match.name.isEmpty { return match }
      var match = match
      match.name = ""
      return match
    }
  }
}
