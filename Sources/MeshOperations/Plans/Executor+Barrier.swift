import MeshModel
import MeshPlanes

/// Waiting until the proxies that a step concerns acknowledged it.
///
/// The control plane's view before the write is compared with the one after it: a proxy is concerned where it was sent
/// something since. A control plane that sends only after a moment, and to one proxy after another, is given that moment.
extension Executor {
  /// What each proxy had been sent, and had rejected, before a write.
  struct Baseline {
    var sent: [ObjectRef: UInt64] = [:]
    var rejections: [ObjectRef: String] = [:]
  }

  /// The seconds between two looks.
  static let look = 0.5
  /// The seconds in which no further proxy must have been sent anything before all are taken to be known.
  static let settling = 1.0
  /// The seconds after which a write that no proxy was sent anything for concerns none.
  static let silence = 5.0

  /// The proxies as they are before a write.
  func baseline() async -> Baseline {
    var baseline = Baseline()
    for proxy in await control.programmed(for: [], in: MeshSnapshot()).proxies {
      baseline.sent[proxy.ref] = proxy.sent
      if proxy.sent != 0, let rejection = proxy.rejection { baseline.rejections[proxy.ref] = rejection }
    }
    return baseline
  }

  /// Waits until every proxy concerned acknowledged, or `seconds` are over; fails, with the proxy's own words, where one
  /// rejects what it was sent.
  func acknowledgement(
    of step: Int, since baseline: Baseline, within seconds: Double, in plan: Plan,
    _ progress: @Sendable (Progress) -> Void
  ) async throws(MeshError) -> Acknowledgement {
    let begun = clock().seconds
    var grown = begun
    var concerned = -1
    var last: Acknowledgement?
    while true {
      let report = await control.programmed(for: [], in: MeshSnapshot())
      guard !report.proxies.isEmpty else {
        // Whoever gave the wait up cut a reading short with it: what was known before it counts.
        if let last, Task.isCancelled { return last }
        return Acknowledgement(unknown: report.gaps.first ?? "the control plane tells of no proxy")
      }
      let proxies = report.proxies.filter { proxy in
        if let before = baseline.rejections[proxy.ref], before == proxy.rejection { return false }
        return proxy.sent == 0 || baseline.sent[proxy.ref] != proxy.sent
      }
      if let rejecting = proxies.first(where: { $0.rejection != nil }), let text = rejecting.rejection {
        let others = proxies.count { $0.rejection != nil } - 1
        throw MeshError(
          .refused,
          "proxy \(rejecting.ref.shortName) \(others > 0 ? "and \(others) more reject" : "rejects") the configuration: \(text)",
          object: plan.steps[step].object)
      }
      let late = proxies.filter { $0.sync.values.contains(.stale) }.map(\.ref)
      let now = clock().seconds
      if proxies.count != concerned { (concerned, grown) = (proxies.count, now) }
      progress(.waiting(step: step, acknowledged: proxies.count - late.count, proxies: proxies.count))
      let result = Acknowledgement(proxies: proxies.count, acknowledged: proxies.count - late.count, late: late)
      last = result
      let tells = report.proxies.contains { $0.sent != 0 }
      let isSettled = !tells || now - grown >= (proxies.isEmpty ? Self.silence : Self.settling)
      if late.isEmpty, isSettled { return result }
      if now - begun >= seconds || Task.isCancelled { return result }
      await pause(Self.look)
    }
  }

  /// Holds the next step back until the proxies acknowledged this one; what cannot be told does not hold it back.
  func hold(
    after step: Int, since baseline: Baseline, within seconds: Double, in plan: Plan,
    _ progress: @Sendable (Progress) -> Void
  ) async throws(MeshError) {
    let result = try await acknowledgement(of: step, since: baseline, within: seconds, in: plan, progress)
    guard !result.late.isEmpty, !Task.isCancelled else { return }
    throw MeshError(
      .unreachable,
      "\(result.acknowledged) of \(result.proxies) proxies acknowledged within \(Figures.duration(seconds))",
      object: plan.steps[step].object)
  }
}
