public import MeshModel
import MeshPlanes

extension MeshView {
  /// Where the three truths disagree, each with its evidence, the worst first: what proxies rejected or have not
  /// acknowledged, weights that proxies run otherwise than wanted, and requests that go otherwise than programmed.
  ///
  /// Nothing is said of what is not known: a proxy that was not asked agrees with nothing and disagrees with nothing.
  public func disagreements(plane: PlaneName? = nil, namespace: String? = nil) -> [Finding] {
    // Of routes without traffic, without a proxy that was asked and with all backends ready, nothing can disagree.
    disagreements(plane: plane, namespace: namespace, among: attentionSplits(calm: 0))
  }

  /// Where the three truths disagree, of weights among those worked out already.
  package func disagreements(
    plane: PlaneName? = nil, namespace: String? = nil, among splits: [Split]
  ) -> [Finding] {
    var findings: [Finding] = []
    for (name, report) in programmed where plane == nil || plane == name {
      guard let report = report.value else { continue }
      findings += ProxyDisagreements(report: report).all()
    }
    for (name, report) in distribution where plane == nil || plane == name {
      guard let report = report.value else { continue }
      findings += DistributionDisagreements(plane: name, report: report).all()
    }
    for split in splits where split.route.isIn(plane: plane, namespace: namespace) {
      findings += SplitDisagreements(split: split, view: self).all()
    }
    return findings.filter { namespace == nil || $0.object.namespace == namespace }
      .sorted { ($1.severity, $0.code, $0.object, $0.message) < ($0.severity, $1.code, $1.object, $1.message) }
  }
}

/// What the proxies of a plane did not take.
private struct ProxyDisagreements {
  let report: ProgrammedReport
  private let wanting: [ProxyState]

  init(report: ProgrammedReport) {
    self.report = report
    wanting = report.wantingProxies
  }

  func all() -> [Finding] { rejected() + behind() + disconnected() }

  /// Proxies in one sentence: three by name, the others by number.
  private func names(_ proxies: [ProxyState]) -> String {
    let shown = proxies.prefix(3).map(\.ref.shortName).joined(separator: ", ")
    return proxies.count > 3 ? "\(shown) and \(proxies.count - 3) more" : shown
  }

  /// Configuration that proxies refused, one entry a text: a thousand proxies with one fault are one entry.
  private func rejected() -> [Finding] {
    var byWords: [String: [ProxyState]] = [:]
    for proxy in wanting {
      for type in ProxyState.ConfigType.allCases {
        guard case .rejected(let words)? = proxy.sync[type] else { continue }
        byWords["\(type.rawValue.uppercased()): \(words)", default: []].append(proxy)
      }
    }
    return byWords.compactMap { words, proxies in
      guard let first = proxies.first else { return nil }
      return Finding(
        code: "MD3001", severity: .error, object: first.ref, pointer: JSONPointer(),
        message: "\(proxies.count) of \(report.proxies.count) proxies rejected \(words) (\(names(proxies)))",
        remedy: "they run the version before; correct what the words name")
    }
  }

  /// Configuration that was sent and not acknowledged, or never sent although every proxy needs it.
  private func behind() -> [Finding] {
    var findings: [Finding] = []
    for type in ProxyState.ConfigType.allCases {
      let stale = wanting.filter { $0.isConnected && $0.sync[type] == .stale }
      if let first = stale.first {
        findings.append(
          Finding(
            code: "MD3002", severity: .warning, object: first.ref, pointer: JSONPointer(),
            message: "\(stale.count) of \(report.proxies.count) proxies have not acknowledged the newest "
              + "\(type.rawValue.uppercased()) (\(names(stale)))",
            remedy: "if it lasts, look at their logs for a rejection, and at their connection to the control plane"))
      }
      // Only these two are sent to every proxy.
      guard type == .cds || type == .lds else { continue }
      let without = wanting.filter { $0.isConnected && $0.sync[type] == .notSent }
      guard let first = without.first else { continue }
      findings.append(
        Finding(
          code: "MD3003", severity: .warning, object: first.ref, pointer: JSONPointer(),
          message: "\(without.count) of \(report.proxies.count) connected proxies were never sent "
            + "\(type.rawValue.uppercased()) (\(names(without)))",
          remedy: "look at the control plane's push errors: `meshdeck planes check`"))
    }
    return findings
  }

  private func disconnected() -> [Finding] {
    let lost = wanting.filter { !$0.isConnected }
    guard let first = lost.first else { return [] }
    return [
      Finding(
        code: "MD3006", severity: .warning, object: first.ref, pointer: JSONPointer(),
        message:
          "\(lost.count) of \(report.proxies.count) proxies are cut off from their control plane (\(names(lost)))",
        remedy: "they keep what they have and take no changes until it is back")
    ]
  }
}

/// Where the weights of one split disagree.
private struct SplitDisagreements {
  let split: Split
  let view: MeshView

  func all() -> [Finding] { split.backends.flatMap { [programmed($0), observed($0)].compactMap(\.self) } }

  private var title: String { split.rule.isEmpty ? split.host : "\(split.host) rule \(split.rule)" }

  /// Desired ≠ programmed, or proxies that differ among themselves.
  private func programmed(_ backend: SplitBackend) -> Finding? {
    guard case .notProgrammed(let agreeing, let proxies) = backend.verdict, let programmed = backend.programmed.value
    else { return nil }
    let wanted =
      backend.desired.value.map { "wanted \(Figures.percent($0.share))" }
      ?? "most proxies run \(Figures.percent(programmed.share))"
    let found =
      programmed.spread.isEmpty
      ? "programmed \(Figures.percent(programmed.share))"
      : programmed.spread.sorted { $0.key < $1.key }.map { "\(Figures.percent($0.key)) on \($0.value)" }
        .joined(separator: ", ")
    return Finding(
      code: "MD3004", severity: .warning, object: split.route, pointer: JSONPointer(),
      message: "\(title), \(backend.name): \(wanted), \(found); \(agreeing) of \(proxies) proxies agree",
      remedy: "see `meshdeck get proxies` for who is stale or rejected it")
  }

  /// Programmed ≠ observed, where chance does not explain it.
  ///
  /// The bounds are 3.29 standard deviations (99.9 %), and a difference below one per cent point is not worth a word.
  private func observed(_ backend: SplitBackend) -> Finding? {
    guard let programmed = backend.programmed.value, programmed.spread.isEmpty,
      view.isMeasured(since: programmed, of: split.route) == true, let share = backend.share.value,
      let wide = Proportion(successes: share.share * share.n, of: share.n, deviations: 3.29),
      !wide.contains(programmed.share), abs(share.share - programmed.share) > 0.01
    else { return nil }
    return Finding(
      code: "MD3005", severity: .warning, object: split.route, pointer: JSONPointer(),
      message: "\(title), \(backend.name): proxies are programmed with \(Figures.percent(programmed.share)), "
        + "\(Figures.percent(share.share)) of \(Figures.compact(share.n)) requests went there "
        + "(99.9 % interval \(Figures.percent(wide.low)) to \(Figures.percent(wide.high)))",
      remedy:
        "look for callers that pass the proxies by, for retries, and for sticky sessions")
  }
}
