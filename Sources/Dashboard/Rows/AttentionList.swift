import MeshKit

/// What an operator should look at first, the most urgent on top.
enum AttentionList {
  /// The things that need attention, and the canaries that do not.
  static func rows(
    _ view: MeshView, splits: [Split], findings: [Finding], receipts: [Receipt]
  ) -> [Attention] {
    let all =
      unfinished(receipts, at: view.at) + planes(view) + canaries(splits) + services(view) + proxies(view) + pairs(view)
      + problems(findings)
    return all.enumerated().sorted { left, right in
      left.element.weight == right.element.weight
        ? left.offset < right.offset : left.element.weight > right.element.weight
    }.map(\.element)
  }

  /// How long a plan that another process applies may be silent before it counts as left unfinished.
  static let silence = 120.0

  /// The plans whose end nobody wrote down, as after a crash: what they set may or may not be on the mesh.
  private static func unfinished(_ receipts: [Receipt], at now: Instant) -> [Attention] {
    receipts.filter { $0.result == .unknown && now.age(of: $0.at) > silence }.prefix(5).map { receipt in
      Attention(
        id: "plan:\(receipt.plan.id)", weight: .bad, subject: receipt.plan.id, state: "unfinished plan",
        why: "how it ended is not known (\(receipt.plan.summary)): undo reads back what arrived",
        plane: receipt.plan.intent.plane, native: receipt.plan.steps.first?.object, target: .journal,
        targetRow: receipt.plan.id)
    }
  }

  private static func planes(_ view: MeshView) -> [Attention] {
    view.planes.compactMap { status in
      let name = status.plane.name
      guard status.state == .down || status.state == .degraded else { return nil }
      return Attention(
        id: "plane:\(name)", weight: status.state == .down ? .bad : .watch, subject: name,
        state: "plane \(status.state.rawValue)", why: status.error ?? "no reason given", plane: name, target: .planes,
        targetRow: name)
    }
  }

  /// The splits to tell of, and the first fifty of those with which all is well.
  static func splits(_ view: MeshView) -> [Split] { view.attentionSplits(calm: 50) }

  private static func canaries(_ splits: [Split]) -> [Attention] {
    splits.flatMap { split -> [Attention] in
      let base = split.baseline?.name
      let worst = split.backends.enumerated().filter { $0.element.verdict.isBad }
      let shown =
        worst.isEmpty ? split.backends.enumerated().filter { $0.element.name != base }.prefix(1).map { $0 } : worst
      return shown.map { place, backend in
        let share = Figures.percent(backend.desired.value?.share)
        let why =
          if backend.verdict.isBad { backend.verdict.description } else if let seen = backend.share.value {
            "consistent: \(Figures.proportion(seen)) observed"
          } else { backend.verdict.description }
        return Attention(
          id: "split:\(split.route)#\(split.ruleIndex)#\(backend.name)", weight: backend.verdict.isBad ? .bad : .fine,
          subject: split.route.shortName, state: "\(backend.name) at \(share)",
          traffic: backend.traffic.value, why: why, plane: split.route.plane, native: split.route, target: .canaries,
          targetRow: "\(split.route)#\(split.ruleIndex)#\(place)")
      }
    }
  }

  private static func services(_ view: MeshView) -> [Attention] {
    view.serviceRows(onlyNeedingAttention: true)
      .sorted { ($0.traffic.value?.errorRate ?? 0) > ($1.traffic.value?.errorRate ?? 0) }.prefix(50)
      .map { row in
        var reasons: [String] = []
        if let rate = row.traffic.value?.errorRate, rate >= 0.01 {
          reasons.append("\(Figures.percent(rate)) of requests fail")
        }
        if row.lacksInstances { reasons.append("\(row.ready) of \(row.total) instances ready") }
        return Attention(
          id: "service:\(row.ref)", weight: row.lacksInstances && row.ready == 0 ? .bad : .watch,
          subject: row.ref.shortName, state: row.role?.rawValue ?? row.runtime.rawValue,
          traffic: row.traffic.value, why: reasons.joined(separator: ", "), plane: row.ref.plane, native: row.ref,
          target: .services, targetRow: row.ref.description)
      }
  }

  private static func proxies(_ view: MeshView) -> [Attention] {
    view.programmed.sorted { $0.key < $1.key }.compactMap { plane, known in
      guard let report = known.value else { return nil }
      let wanting = report.wantingProxies
      let rejected = wanting.filter { if case .rejected = $0.worstSync { true } else { false } }
      let stale = wanting.filter { $0.worstSync == .stale }
      guard let first = rejected.first ?? stale.first else { return nil }
      var parts: [String] = []
      if !rejected.isEmpty { parts.append("\(rejected.count) rejected it (NACK)") }
      if !stale.isEmpty { parts.append("\(stale.count) not acknowledged (STALE)") }
      return Attention(
        id: "proxies:\(plane)", weight: rejected.isEmpty ? .watch : .bad, subject: plane,
        state: "\(rejected.count + stale.count) of \(report.proxies.count) proxies",
        why: "newest configuration: " + parts.joined(separator: ", ") + ", first \(first.ref.name)", plane: plane,
        target: .proxies, targetRow: "\(first.ref)")
    }
  }

  private static func pairs(_ view: MeshView) -> [Attention] {
    view.mtlsMatrix().filter(\.needsAttention).prefix(50).map { pair in
      Attention(
        id: "pair:\(pair.client)>\(pair.server):\(pair.port)", weight: pair.policy.outcome == .breaks ? .bad : .watch,
        subject: pair.server.shortName, state: "mTLS :\(pair.port)",
        why: "\(pair.client.shortName): \(pair.verdict) (\(Figures.amount(pair.traffic)))",
        plane: pair.server.plane, native: pair.server, target: .mtls,
        targetRow: "\(pair.client)>\(pair.server):\(pair.port)")
    }
  }

  private static func problems(_ findings: [Finding]) -> [Attention] {
    findings.filter { $0.severity > .info }.prefix(100).map { finding in
      Attention(
        id: "finding:\(finding.object)\(finding.pointer)#\(finding.code)",
        weight: finding.severity == .error ? .bad : .watch,
        subject: finding.object.shortName, state: finding.code, why: finding.message,
        plane: finding.object.plane, native: finding.object, target: .findings,
        targetRow: "\(finding.object)\(finding.pointer)#\(finding.code)")
    }
  }
}
