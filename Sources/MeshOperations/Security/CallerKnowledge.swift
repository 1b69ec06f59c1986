public import MeshModel
import MeshPlanes
import MeshTelemetry

/// What is known of the callers of workloads that begin to refuse plaintext.
///
/// A metric that is absent proves nothing: only where telemetry is fresh, whole and speaks of a workload's own proxy can
/// it be told that nobody calls it in plaintext.
extension MeshView {
  /// The least number of seconds that must have been watched: who calls less often is not seen in a shorter time.
  static let leastWatched = 30.0
  /// The age in seconds from which a measurement says nothing of now.
  static let oldestMeasurement = 120.0

  /// The workloads with a proxy that would refuse plaintext on some port where they take it now.
  public func tightened(by changed: MeshSnapshot, plane: PlaneName) -> [ObjectRef] {
    Set(changedModes(by: changed, plane: plane).lazy.filter { $0.after == .strict }.map(\.workload)).sorted()
  }

  /// What a workload takes on some port, before and after.
  struct ModeChange: Hashable {
    var workload: ObjectRef
    var before: MTLSMode
    var after: MTLSMode
  }

  /// The workloads with a proxy that would take something else on some port, each with its changes.
  func changedModes(by changed: MeshSnapshot, plane: PlaneName) -> [ModeChange] {
    let isUnchanged =
      snapshot.mtlsPolicies == changed.mtlsPolicies && snapshot.accessPolicies == changed.accessPolicies
      && snapshot.namespaces == changed.namespaces && snapshot.workloads == changed.workloads
    guard !isUnchanged, let before = mtlsRules(plane: plane) else { return [] }
    var later = self
    later.snapshot = changed
    guard let after = later.mtlsRules(plane: plane) else { return [] }
    let policies = Array(snapshot.mtlsPolicies.values) + Array(changed.mtlsPolicies.values)
    let ports = Set(policies.lazy.filter { $0.ref.plane == plane }.flatMap(\.ports.keys))
      .union(before.exceptionalPorts).union(after.exceptionalPorts).sorted()
    var changes: Set<ModeChange> = []
    for workload in changed.workloads.values
    where workload.ref.plane == plane && changed.readiness[workload.ref]?.proxy != ProxyMode.none {
      for port in [nil] + ports.map(Int?.some) {
        let change = ModeChange(
          workload: workload.ref, before: before.accepted(by: workload, port: port).mode,
          after: after.accepted(by: workload, port: port).mode)
        if change.before != change.after { changes.insert(change) }
      }
    }
    return changes.sorted { ($0.workload, $0.after.rawValue) < ($1.workload, $1.after.rawValue) }
  }

  /// Why it cannot be told who calls workloads in plaintext, one reason an entry; empty where it can.
  public func unknownCallers(of workloads: [ObjectRef], plane: PlaneName) -> [String] {
    guard !workloads.isEmpty else { return [] }
    var reasons = flawsOfMeasurement(on: plane)
    guard traffic(on: plane).value?.edges.isEmpty == false else { return reasons }
    let without = workloads.filter { snapshot.readiness[$0] == nil && (snapshot.workloads[$0]?.desired ?? 0) > 0 }
    if !without.isEmpty {
      reasons.append("the instances are not known of \(Self.named(without.map(\.shortName)))")
    }
    let index = TrafficIndex(self, plane: plane)
    // Of calls into what has no proxy those of the callers tell.
    let silent = workloads.filter { workload in
      guard let readiness = snapshot.readiness[workload], readiness.proxy != ProxyMode.none else { return false }
      return !index.isReporting(workload)
    }
    if !silent.isEmpty {
      reasons.append("no metric comes from the proxies of \(Self.named(silent.map(\.shortName)))")
    }
    return reasons
  }

  /// Why it cannot be told whether any call breaks now, on a plane or on all, one reason an entry; empty where it can.
  public func unknownBreaks(plane: PlaneName? = nil) -> [String] {
    planes.map(\.plane.name).filter { (plane == nil || plane == $0) && mtlsRules(plane: $0) != nil }
      .flatMap { name in flawsOfMeasurement(on: name).map { "\(name): \($0)" } }
  }

  /// Why what was measured on a plane does not tell of every call.
  private func flawsOfMeasurement(on plane: PlaneName) -> [String] {
    guard let report = traffic(on: plane).value else {
      return ["callers are not known (\(traffic(on: plane).reason ?? "no telemetry source"))"]
    }
    var reasons: [String] = []
    let age = at.age(of: report.at) + (report.sampleAge ?? 0)
    if age > Self.oldestMeasurement {
      reasons.append("the newest measurement is \(Figures.duration(age.rounded())) old")
    }
    if report.window < Self.leastWatched {
      let watched = Figures.duration(report.window.rounded())
      reasons.append("only the last \(watched) were watched: a caller that calls less often is not seen")
    }
    let gaps = report.gaps.filter(Self.hidesCallers)
    if !gaps.isEmpty { reasons.append("telemetry is incomplete: \(Self.named(gaps, limit: 3))") }
    if report.edges.isEmpty { reasons.append("nothing at all was measured: absent is not the same as none") }
    return reasons
  }

  /// Whether a gap can hide a caller; missing latencies and a window still filling up hide none that is not told of anyway.
  private static func hidesCallers(_ gap: String) -> Bool {
    !gap.hasPrefix("latency") && !gap.hasPrefix("measured over") && !gap.contains("remark of the server")
      && !gap.contains("native histograms")
  }

  /// The first of some items, and how many more there are.
  static func named(_ items: [String], limit: Int = 5) -> String {
    let more = items.count > limit ? " and \(items.count - limit) more" : ""
    return items.prefix(limit).joined(separator: ", ") + more
  }
}
