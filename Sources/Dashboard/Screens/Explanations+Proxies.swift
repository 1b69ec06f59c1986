import MeshKit
import TerminalUI

extension Explanations {
  /// What is known of a proxy without asking it.
  static func proxy(_ row: ProxyRow, at now: Instant) -> TextSheet {
    var lines = state(row) + [text(""), heading("WEIGHTED ROUTES IT RUNS")]
    if row.routes.isEmpty {
      lines.append(
        text(row.wasAsked ? "  none" : "  only a sample of proxies is read every time: Enter asks this one", .muted))
    }
    for route in row.routes {
      let clusters = route.clusters.map { "\($0.subset ?? $0.host) \($0.weight)" }.joined(separator: ", ")
      lines.append(text("  \(route.domains.first ?? "\(route.place) \(route.name)")  \(clusters)"))
    }
    lines += [text("")] + certificates(row.certificates ?? .unknown("it was not asked yet"), at: now)
    return sheet("\(Cells.name(row.state.ref))", lines)
  }

  /// What a proxy answered, beside what is configured.
  static func inspection(_ inspection: ProxyInspection, _ row: ProxyRow, _ view: MeshView) -> TextSheet {
    var lines = state(row) + ConnectionText.lines(inspection.connection, at: view.at).map { text("  \($0)") }
    lines += inspection.registration.map(RegistrationText.instance)?.map { text("  \($0)") } ?? []
    lines += condition(inspection.condition)
    lines += [text(""), heading("WEIGHTED ROUTES: CONFIGURED, AND WHAT IT RUNS")]
    switch inspection.routes {
    case .unknown(let reason): lines.append(text("  unknown: \(reason)", .warn))
    case .known:
      let compared = ProxyComparison.weights(inspection, in: view)
      if compared.isEmpty { lines.append(text("  none of the weighted routes known here", .muted)) }
      var last = ""
      for (split, backend, runs) in compared {
        let name = "\(split.route.namespace)/\(split.route.name) rule \(split.rule)"
        if name != last { lines.append(text("  \(name)")) }
        last = name
        let agrees = backend.desired.value.map { abs($0.share - runs) < 0.005 } ?? true
        lines.append(
          text(
            "    \(SafeText(backend.name).padded(to: 16)) \(SafeText(Figures.percent(backend.desired.value?.share)).padded(to: 6, align: .right))  \(SafeText(Figures.percent(runs)).padded(to: 6, align: .right))\(agrees ? "" : "  differs")",
            agrees ? .text : .warn))
      }
    }
    lines += [text("")] + certificates(inspection.certificates, at: view.at)
    return sheet("\(Cells.name(row.state.ref)), asked now", lines)
  }

  private static func state(_ row: ProxyRow) -> [Line] {
    var lines: [Line] = []
    if let rejection = row.state.rejection { lines += [text("rejected: \(rejection)", .bad), text("")] }
    lines.append(heading("WHAT ITS CONTROL PLANE SAYS"))
    let version = row.state.version.isEmpty ? "version unknown" : "version \(row.state.version)"
    lines.append(text("  \(row.state.isConnected ? "connected" : "not connected"), \(version)"))
    for type in ProxyState.ConfigType.allCases {
      lines.append(
        text("  \(SafeText(type.rawValue.uppercased()).padded(to: 5)) \(row.state.sync[type]?.label ?? "unknown")"))
    }
    return lines
  }

  /// How the proxy fares and what it calls: what is in trouble, and the busiest.
  private static func condition(_ known: Known<ProxyCondition>) -> [Line] {
    var lines = [text(""), heading("PROCESS"), text("  \(ConditionText.process(known))")]
    lines += ConditionText.rejections(known).map { text("  \($0)", .warn) }
    guard let upstreams = known.value?.upstreams, !upstreams.isEmpty else { return lines }
    lines += [text(""), heading("UPSTREAMS")]
    let (shown, others) = ConditionText.shown(upstreams)
    for one in shown {
      lines.append(text("  \(ConditionText.upstream(one))", one.isInTrouble ? .warn : .text))
      lines += ConditionText.troubles(one).map { text("    \($0)", .bad) }
    }
    if let others { lines.append(text("  \(others)", .muted)) }
    return lines
  }

  private static func certificates(_ known: Known<ProxyCertificates>, at now: Instant) -> [Line] {
    var lines = [heading("CERTIFICATES")]
    switch known {
    case .unknown(let reason): lines.append(text("  unknown: \(reason)", .warn))
    case .known(let held, _, _):
      if held.own.isEmpty { lines.append(text("  it shows none", .muted)) }
      lines += held.missing.map { text("  waits for the secret \($0), which it was not sent", .warn) }
      for (verb, list) in [("shows", held.own), ("believes", held.roots)] {
        for one in list {
          let role: TerminalUI.Role =
            switch one.standing(at: now) {
            case .fresh: .text
            case .late: .warn
            case .expired: .bad
            }
          let names = CertificateText.names(one, isRoot: verb == "believes")
          lines.append(text("  \(verb) \(names)"))
          lines.append(text("    \(CertificateText.left(one, at: now)) left, serial \(one.serial)", role))
          if let issuer = one.issuer { lines.append(text("    issued by \(issuer)", .muted)) }
          if let fingerprint = one.fingerprint { lines.append(text("    SHA-256 \(fingerprint)", .muted)) }
          if let secret = one.secret { lines.append(text("    delivered as the secret \(secret)", .muted)) }
        }
      }
    }
    return lines
  }
}
