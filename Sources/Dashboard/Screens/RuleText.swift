import MeshKit

/// A rule in words.
enum RuleText {
  /// The conditions, any of which suffices.
  static func matches(_ rule: Rule) -> String {
    if rule.matches.isEmpty || rule.matches.contains(where: \.isEmpty) { return "everything" }
    return rule.matches.map(condition).joined(separator: " or ")
  }

  /// Where requests go.
  static func destinations(_ rule: Rule, in dialect: Dialect) -> String {
    if let action = rule.action { return action }
    if let delegate = rule.delegate { return "delegate \(delegate.namespace)/\(delegate.name)" }
    if rule.backends.count == 1, let only = rule.backends.first {
      return only.name == only.host ? only.host : "\(only.host) \(only.name)"
    }
    return rule.backends.map { backend in "\(backend.name) \(backend.weight.map(dialect.text(ofWeight:)) ?? "–")" }
      .joined(
        separator: ", ")
  }

  /// The settings that differ from none.
  static func settings(_ rule: Rule) -> [String] {
    var words: [String] = []
    if let timeout = rule.timeout { words.append("timeout \(Figures.seconds(timeout))") }
    if let retries = rule.retries { words.append("retries \(retries.attempts)") }
    if let fault = rule.fault {
      if let delay = fault.delay {
        words.append("delay \(Figures.seconds(delay)) on \(Figures.number(fault.delayPercent))%")
      }
      if let status = fault.abortStatus { words.append("abort \(status) on \(Figures.number(fault.abortPercent))%") }
    }
    for mirror in rule.mirrors {
      words.append("mirror \(mirror.subset ?? mirror.host) \(Figures.number(mirror.percent))%")
    }
    if let headers = rule.headers, !(headers.request.isEmpty && headers.response.isEmpty) { words.append("headers") }
    return words
  }

  /// One condition.
  static func condition(_ match: RuleMatch) -> String {
    var parts: [String] = []
    if let uri = match.uri { parts.append("path \(uri)") }
    if let method = match.method { parts.append("method \(method)") }
    if let authority = match.authority { parts.append("host \(authority)") }
    if let scheme = match.scheme { parts.append("scheme \(scheme)") }
    parts += match.headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    parts += match.withoutHeaders.sorted { $0.key < $1.key }.map { "not \($0.key): \($0.value)" }
    parts += match.queryParams.sorted { $0.key < $1.key }.map { "?\($0.key)=\($0.value)" }
    if let port = match.port { parts.append("port \(port)") }
    if !match.sniHosts.isEmpty { parts.append("sni \(match.sniHosts.joined(separator: ","))") }
    parts += match.sourceLabels.sorted { $0.key < $1.key }.map { "from \($0.key)=\($0.value)" }
    if !match.sourceNamespace.isEmpty { parts.append("from namespace \(match.sourceNamespace)") }
    if !match.gateways.isEmpty { parts.append("at \(match.gateways.joined(separator: ","))") }
    parts += match.others
    return parts.isEmpty ? "everything" : parts.joined(separator: " and ")
  }
}
