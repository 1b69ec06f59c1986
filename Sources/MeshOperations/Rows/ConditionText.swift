public import MeshModel

/// The words for how a proxy fares.
public enum ConditionText {
  /// The process in one line; or why it is not known.
  public static func process(_ known: Known<ProxyCondition>) -> String {
    switch known {
    case .unknown(let reason): return "how it fares is unknown: \(reason)"
    case .known(let condition, _, _):
      let parts = [
        condition.state.isEmpty ? nil : condition.state,
        condition.isReady.map { $0 ? "ready" : "NOT ready" },
        condition.version.isEmpty ? nil : "version \(condition.version)",
        condition.uptime.map { "up for \(Figures.seconds($0.rounded(.down)))" },
        condition.hearsControlPlane.map { $0 ? "hears its control plane" : "does NOT hear its control plane" },
      ]
      return parts.compactMap(\.self).joined(separator: ", ")
    }
  }

  /// The updates it rejected since it started, one line each.
  public static func rejections(_ known: Known<ProxyCondition>) -> [String] {
    let all = known.value?.rejections ?? []
    return all.prefix(5) + (all.count > 5 ? ["and \(all.count - 5) more"] : [])
  }

  /// The upstreams worth a line, at most twenty: those in trouble and those that were called; and words for the others.
  public static func shown(_ upstreams: [UpstreamCondition]) -> (upstreams: [UpstreamCondition], others: String?) {
    let lively = upstreams.filter { $0.isInTrouble || ($0.rps ?? 0) > 0 || ($0.requests ?? 0) > 0 }
    let shown = Array(lively.prefix(20))
    let (more, idle) = (lively.count - shown.count, upstreams.count - lively.count)
    let words = [more > 0 ? "\(more) more" : nil, idle > 0 ? "\(idle) that it has not called" : nil].compactMap(\.self)
    return (shown, words.isEmpty ? nil : "and \(words.joined(separator: ", "))")
  }

  /// One upstream in one line.
  public static func upstream(_ one: UpstreamCondition) -> String {
    var parts = ["\(one.name): \(one.hosts - one.faults.count)/\(one.hosts) hosts"]
    if let rps = one.rps { parts.append(Figures.rate(rps)) }
    if let requests = one.requests, requests > 0 { parts.append("\(Figures.compact(requests)) requests") }
    if let errors = one.errorRate { parts.append("\(Figures.percent(errors)) failed") }
    let times = [50.0, 95, 99].compactMap { quantile in
      one.quantiles[quantile].map { "p\(Figures.number(quantile)) \(Figures.milliseconds($0))" }
    }
    parts += times
    if let limits = one.limits { parts.append("at most \(limits)") }
    return parts.joined(separator: ", ")
  }

  /// What is wrong with an upstream, one line each.
  public static func troubles(_ one: UpstreamCondition) -> [String] {
    [one.pressure].compactMap(\.self) + one.faults.prefix(5)
      + (one.faults.count > 5 ? ["and \(one.faults.count - 5) more hosts"] : [])
  }
}
