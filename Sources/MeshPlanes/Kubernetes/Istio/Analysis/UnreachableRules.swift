import MeshModel

/// Rules that no request can reach, since an earlier rule of the same kind takes all they would match.
///
/// Sources: Istio, IST0130 and IST0131; the first rule that matches wins (Istio API, VirtualService.http).
enum UnreachableRules {
  static func check(_ route: Route, into found: inout [Finding]) {
    guard route.rules.count > 1 else { return }
    var earlier: [Rule.Layer: Earlier] = [:]
    for (number, rule) in route.rules.enumerated() {
      if let before = earlier[rule.layer] {
        let hidden = rule.matches.filter { before.takes($0) }
        if before.takesAll || (!rule.matches.isEmpty && hidden.count == rule.matches.count) {
          found.append(
            Finding(
              code: "MD1130", severity: .warning, object: route.ref, pointer: rule.pointer,
              message: "no request reaches rule \(rule.name.isEmpty ? rule.pointer.description : rule.name): "
                + (before.takesAll ? "an earlier rule matches everything" : "earlier rules match the same"),
              remedy: "Move it before the rule that takes its requests, or delete it", equivalents: ["IST0130"]))
        } else if !hidden.isEmpty {
          found.append(
            Finding(
              code: "MD1131", severity: .info, object: route.ref, pointer: rule.pointer.appending("match"),
              message: "\(hidden.count) of \(rule.matches.count) conditions match nothing that earlier rules leave",
              remedy: "Delete the conditions that an earlier rule takes", equivalents: ["IST0131"]))
        }
      }
      // Behind the last there is none to hide.
      if number + 1 < route.rules.count { earlier[rule.layer, default: Earlier()].add(rule) }
    }
  }

  /// What the rules so far take.
  private struct Earlier {
    private(set) var takesAll = false
    /// The first conditions, which are sooner compared than hashed; nearly always all there are.
    private var few: [RuleMatch] = []
    private var many: Set<RuleMatch> = []
    private var prefixes: [String] = []

    mutating func add(_ rule: Rule) {
      if rule.matches.isEmpty { takesAll = true }
      for match in rule.matches {
        let bare = Self.bare(match)
        if bare.isEmpty { takesAll = true }
        if let prefix = Self.prefixAlone(bare) {
          if prefix == "/" { takesAll = true }
          prefixes.append(prefix)
        }
        if few.count < 8 { few.append(bare) } else { many.insert(bare) }
      }
    }

    func takes(_ match: RuleMatch) -> Bool {
      if takesAll { return true }
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

    /// The path prefix of a condition that asks for nothing else.
    private static func prefixAlone(_ match: RuleMatch) -> String? {
      guard case .prefix(let prefix) = match.uri, !match.ignoreUriCase else { return nil }
      var rest = match
      rest.uri = nil
      return rest.isEmpty ? prefix : nil
    }
  }
}
