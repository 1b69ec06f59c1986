import MeshKit

/// The numbers of the context bar: all planes together.
struct Summary: Sendable, Hashable {
  /// Requests a second between all pairs, each hop counted once; `nil` where no plane is measured.
  var rps: Double?
  /// The share of them that failed, 0–1.
  var errorRate: Double?
  /// The greatest 99th percentile of any flow: the percentile of all together is at most this.
  var p99ms: Double?
  /// The share of traffic that was mutually authenticated, 0–1.
  var mtlsShare: Double?
  /// When the oldest of the measurements was made.
  var measuredAt: Instant?
  /// Whether a measurement after that failed.
  var isMeasuringFailing: Bool
  /// The window of the measurements in seconds.
  var window: Double?
  /// The queries one round of measurement took, and their time in seconds.
  var queries = 0
  /// The seconds they took.
  var querySeconds = 0.0
  /// Why numbers are missing, the first reason.
  var gap: String?
  /// Requests a second by what takes them: a workload, and the service by ``key(ofHost:near:in:)``.
  var rates: [ObjectRef: Double] = [:]
  /// Bytes a second both ways of the flows without requests, by what takes them.
  var bytes: [ObjectRef: Double] = [:]
  /// The configuration problems and the disagreements of the three truths by severity.
  var findings: [Finding.Severity: Int] = [:]

  /// The numbers of a view.
  init(_ view: MeshView, findings list: [Finding]) {
    for finding in list { findings[finding.severity, default: 0] += 1 }
    isMeasuringFailing = !view.measuringFailures.isEmpty
    for (plane, traffic) in view.traffic.sorted(by: { $0.key < $1.key }) {
      gap = gap ?? view.trafficGap(on: plane).map { "\(plane): \($0)" }
      guard case .known(let report, _, let at) = traffic else { continue }
      measuredAt = measuredAt.map { min($0, at) } ?? at
      window = report.window
      queries += report.queries.count
      querySeconds += report.queries.map(\.seconds).reduce(0, +)
    }
    let hasFlows = view.traffic.values.contains { $0.value.map { !$0.edges.isEmpty || $0.gaps.isEmpty } ?? false }
    guard measuredAt != nil, hasFlows else { return }
    var total = 0.0
    var errors = 0.0
    var secured = SecuredShare()
    for link in view.links() {
      total += link.traffic.rps
      take(link.traffic, link.destination)
      if !link.service.isEmpty {
        let service = Self.key(ofHost: link.service, near: link.destination, in: view.snapshot)
        if service != link.destination { take(link.traffic, service) }
      }
      errors += link.traffic.errorsPerSecond
      if let p99 = link.traffic.p99ms { p99ms = max(p99ms ?? 0, p99) }
      secured.add(link.traffic)
    }
    rps = total
    if total > 0 { errorRate = errors / total }
    mtlsShare = secured.share
  }

  private mutating func take(_ traffic: TrafficSum, _ ref: ObjectRef) {
    rates[ref, default: 0] += traffic.rps
    if traffic.rps == 0, let flow = traffic.bytesPerSecond { bytes[ref, default: 0] += flow }
  }

  /// The service a host names, written short or in full, on the plane of what is called; else an identity of the host alone.
  static func key(ofHost host: String, near ref: ObjectRef, in snapshot: MeshSnapshot) -> ObjectRef {
    let parts = host.split(separator: ".", maxSplits: 2)
    if let name = parts.first, parts.count < 3 || parts[2] == "svc" || parts[2].hasPrefix("svc.") {
      let service = ObjectRef(
        plane: ref.plane, namespace: parts.count > 1 ? String(parts[1]) : ref.namespace, kind: "service",
        name: String(name))
      if snapshot.services[service] != nil { return service }
    }
    // A host with a domain is the same in every namespace.
    return ObjectRef(plane: ref.plane, namespace: parts.count > 1 ? "" : ref.namespace, kind: "host", name: host)
  }
}
