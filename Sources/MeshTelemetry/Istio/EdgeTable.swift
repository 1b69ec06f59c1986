import MeshModel

/// The sums of labelled rates by edge and reporter, while an assembly is under way.
struct EdgeTable {
  struct Key: Hashable {
    var edge: EdgeIdentity
    var reporter: Edge.Reporter
  }

  private(set) var sums: [Key: EdgeSums] = [:]
  /// The workloads whose proxies have counters that did not move.
  private(set) var idle: Set<EdgeEnd> = []
  private var undefined = 0
  private var unreadable: String?
  private var unclassified = 0
  private var unknownReporters: Set<String> = []

  mutating func addRequests(_ sample: LabelledSample) {
    noteIdle(sample)
    guard let rate = rate(sample), let reporter = reporter(sample) else { return }
    let key = Key(
      edge: EdgeIdentity(sample, transport: EdgeIdentity.transport(ofRequests: sample)), reporter: reporter)
    guard
      let outcome = ResponseOutcome.responseClass(
        code: sample["response_code"], grpcStatus: sample["grpc_response_status"])
    else {
      unclassified += 1
      return
    }
    sums[key, default: EdgeSums()].rates[outcome, default: 0] += rate
    sums[key, default: EdgeSums()].add(policy: policy(sample, reporter), weight: rate)
    if reporter == .source, ResponseOutcome.neverReached(flags: sample["response_flags"]) {
      sums[key, default: EdgeSums()].unreached[outcome, default: 0] += rate
    }
  }

  mutating func addFlow(_ sample: LabelledSample) {
    guard let measure = FlowMeasure(rawValue: sample[IstioMetric.measureLabel]), let rate = rate(sample),
      let reporter = reporter(sample)
    else { return }
    let transport = measure.isTCP ? "tcp" : EdgeIdentity.transport(ofRequests: sample)
    let key = Key(edge: EdgeIdentity(sample, transport: transport), reporter: reporter)
    sums[key, default: EdgeSums()].flows[measure, default: 0] += rate
    if measure == .toDestination || measure == .toSource {
      sums[key, default: EdgeSums()].add(policy: policy(sample, reporter), weight: rate)
    }
  }

  private mutating func noteIdle(_ sample: LabelledSample) {
    guard sample.sample == .value(0), let end = EdgeIdentity.reporter(sample) else { return }
    idle.insert(end)
  }

  /// The protection a sample tells of: of Istio's callers none is believed, since they report `unknown`; other meshes' know.
  private func policy(_ sample: LabelledSample, _ reporter: Edge.Reporter) -> String {
    guard reporter != .source || !sample[IstioMetric.trustLabel].isEmpty else { return "" }
    let policy = sample["connection_security_policy"]
    if !policy.isEmpty { return policy }
    // Mixer of Istio 1.0, and so SOFAMesh, has a label of its own for it.
    return ["true": "mutual_tls", "false": "none"][sample["connection_mtls"]] ?? ""
  }

  mutating func addLatency(_ sample: LabelledSample, _ quantile: IstioTraffic.Quantile) {
    // An undefined quantile is usual: no request fell into the window. It is left out without a word.
    guard let milliseconds = sample.sample.number, let reporter = reporter(sample) else { return }
    let key = Key(
      edge: EdgeIdentity(sample, transport: EdgeIdentity.transport(ofRequests: sample)), reporter: reporter)
    sums[key]?.latencies[quantile] = milliseconds
  }

  /// Adds to what destinations, else waypoints, reported the failures that only the caller's proxy saw.
  mutating func absorbUnreached() {
    for (key, source) in sums where key.reporter == .source && !source.unreached.isEmpty {
      for reporter in [Edge.Reporter.destination, .waypoint] {
        let told = Key(edge: key.edge, reporter: reporter)
        guard sums[told] != nil else { continue }
        sums[told]?.rates.merge(source.unreached, uniquingKeysWith: +)
        break
      }
    }
  }

  /// What could not be used, in words.
  func gaps() -> [String] {
    var gaps: [String] = []
    if undefined > 0 { gaps.append("\(undefined) series had no defined value and were left out") }
    if let unreadable { gaps.append("the source sent a value that is no number: \(unreadable)") }
    if unclassified > 0 { gaps.append("\(unclassified) series have no response code: the label was dropped") }
    for reporter in unknownReporters.sorted() {
      gaps.append(
        reporter.isEmpty
          ? "series without a reporter were left out: the label was dropped" : "unknown reporter \(reporter)")
    }
    return gaps
  }

  private mutating func rate(_ sample: LabelledSample) -> Double? {
    switch sample.sample {
    case .value(let rate): return rate > 0 ? rate : nil
    case .unreadable(let text): unreadable = text
    case .absent, .stale: return nil
    case .nan, .positiveInfinity, .negativeInfinity: undefined += 1
    }
    return nil
  }

  private mutating func reporter(_ sample: LabelledSample) -> Edge.Reporter? {
    if let reporter = Edge.Reporter(rawValue: sample["reporter"]) { return reporter }
    unknownReporters.insert(sample["reporter"])
    return nil
  }
}

/// What one reporter said of one edge.
struct EdgeSums {
  var rates: [Traffic.ResponseClass: Double] = [:]
  /// The part of `rates` that no workload saw.
  var unreached: [Traffic.ResponseClass: Double] = [:]
  var flows: [FlowMeasure: Double] = [:]
  var latencies: [IstioTraffic.Quantile: Double] = [:]
  private var mutual = 0.0
  private var plain = 0.0

  mutating func add(policy: String, weight: Double) {
    switch policy {
    case "mutual_tls": mutual += weight
    case "none": plain += weight
    default: break
    }
  }

  var isIdle: Bool { rates.isEmpty && flows.isEmpty }

  func traffic(_ key: EdgeTable.Key, window: Double, at: Instant, query: String) -> Traffic {
    let total = rates.values.reduce(0, +)
    let isTCP = key.edge.transport == "tcp"
    let known = mutual + plain
    return Traffic(
      rates: rates, p50ms: latencies[.p50], p95ms: latencies[.p95], p99ms: latencies[.p99],
      bytesInPerSecond: flows[isTCP ? .toDestination : .requestBytes],
      bytesOutPerSecond: flows[isTCP ? .toSource : .responseBytes],
      messagesInPerSecond: flows[.requestMessages], messagesOutPerSecond: flows[.responseMessages],
      mtlsShare: known <= 0 ? nil : mutual / known,
      n: (isTCP ? flows[.connections] ?? 0 : total) * window, window: window, at: at, query: query)
  }
}
