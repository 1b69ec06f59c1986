import MeshModel

/// How one MOSN fares: its stage, and what its counters say of the clusters it calls.
///
/// Source: MOSN, `pkg/metrics/sink/console`: `/api/v1/stats` is values as text by type, labels and key; labels of upstreams
/// are `cluster.NAME` or `cluster.NAME.host.ADDRESS`. Rates are of the second between two looks.
struct MosnCondition {
  let admin: EnvoyAdmin

  /// The condition; fails where the proxy does not answer.
  func read() async throws(MeshError) -> ProxyCondition {
    var condition = ProxyCondition()
    let first = try await admin.json("/api/v1/stats")
    let begun = ContinuousClock.now
    condition.state = MosnReader.state(
      String(decoding: try await admin.get("/api/v1/states").prefix(200), as: UTF8.self))
    condition.isReady = condition.state == "LIVE"
    condition.version = MosnReader.version(
      String(decoding: ((try? await admin.get("/api/v1/version")) ?? []).prefix(200), as: UTF8.self))
    let hosts = MosnConfiguration.clusters(try await admin.json("/api/v1/config_dump"))
    try? await Task.sleep(for: .seconds(EnvoyCondition.pause))
    let second = try? await admin.json("/api/v1/stats")
    let passed = begun.duration(to: .now).components
    let seconds = Double(passed.seconds) + Double(passed.attoseconds) / 1e18
    condition.upstreams = Self.upstreams(first, later: second, seconds: seconds, clusters: hosts)
    return condition
  }

  static func upstreams(
    _ first: JSONValue, later: JSONValue?, seconds: Double, clusters: [String: EnvoyCluster]
  ) -> [UpstreamCondition] {
    let (before, after) = (counters(first), later.map(counters) ?? [:])
    let all = clusters.values.map { cluster -> UpstreamCondition in
      var one = UpstreamCondition(name: cluster.name, hosts: cluster.hosts.count, limits: cluster.circuitBreakers)
      guard let counted = before[cluster.name] else { return one }
      one.requests = counted.requests
      one.errorRate = counted.requests > 0 ? counted.failed / counted.requests : nil
      one.quantiles = counted.quantiles
      if let again = after[cluster.name], seconds > 0, again.requests >= counted.requests {
        let more = again.requests - counted.requests
        one.rps = more / seconds
        if more > 0 { one.errorRate = max(again.failed - counted.failed, 0) / more }
      }
      return one
    }
    return all.sorted {
      (-($0.rps ?? 0), -($0.requests ?? 0), $0.name) < (-($1.rps ?? 0), -($1.requests ?? 0), $1.name)
    }
  }

  struct Counters {
    var requests = 0.0
    var failed = 0.0
    var quantiles: [Double: Double] = [:]
  }

  /// The counters of upstreams by cluster.
  static func counters(_ json: JSONValue) -> [String: Counters] {
    var result: [String: Counters] = [:]
    for member in json["upstream"]?.object?.members ?? [] where member.name.hasPrefix("cluster.") {
      // One host's counters are in its cluster's.
      guard !member.name.contains(".host.") else { continue }
      var counters = Counters()
      for value in member.value.object?.members ?? [] {
        guard let number = value.value.string.flatMap({ Double($0) }) ?? value.value.double else { continue }
        switch value.name {
        case "request_total": counters.requests = number
        case "response_failed", "request_failed": counters.failed = max(counters.failed, number)
        default:
          guard let range = value.name.firstRange(of: "request_duration_time."), value.name.hasSuffix("%"),
            let quantile = Double(value.name[range.upperBound...].dropLast())
          else { continue }
          counters.quantiles[quantile] = number
        }
      }
      result[String(member.name.dropFirst("cluster.".count))] = counters
    }
    return result
  }
}
