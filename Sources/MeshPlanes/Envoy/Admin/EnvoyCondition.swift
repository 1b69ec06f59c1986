import MeshModel

/// How one Envoy fares: `/server_info`, `/ready`, `/clusters` twice, and the few counters and histograms that matter.
///
/// Rates are of the second between the two looks at `/clusters`, whose hosts count their requests.
/// Source: Envoy admin API; `admin/v3/clusters.proto`, `admin/v3/server_info.proto`.
struct EnvoyCondition {
  /// The answer of the proxy's administration interface to a path.
  let get: @Sendable (String) async throws(MeshError) -> [UInt8]

  /// The seconds between the two looks.
  static let pause = 1.0
  /// The most upstreams told of.
  static let most = 200

  /// The condition; fails where the proxy does not answer the first question.
  func read() async throws(MeshError) -> ProxyCondition {
    let first = try await json("/clusters?format=json")
    let begun = ContinuousClock.now
    var condition = ProxyCondition()
    if let info = try? await json("/server_info") {
      condition.state = info["state"]?.string ?? ""
      let parts = (info["version"]?.string ?? "").split(separator: "/")
      condition.version = parts.count > 1 ? String(parts[1]) : parts.first.map(String.init) ?? ""
      condition.uptime = info["uptime_current_epoch"]?.protoSeconds
    }
    condition.isReady = await isReady()
    let filter = EnvoyQuery.escaped(EnvoyStatistics.filter)
    let statistics = (try? await json("/stats?format=json&filter=\(filter)")).map { EnvoyStatistics($0) }
    condition.hearsControlPlane = statistics?.isConnected
    condition.rejections = (statistics?.updates ?? [:]).filter { $0.value.rejected > 0 }
      .map { $0.value.words($0.key) }.sorted()
    let times = EnvoyQuery.escaped(#"^cluster\..*\.upstream_rq_time$"#)
    let quantiles = (try? await json("/stats?format=json&usedonly&filter=\(times)")).map(Self.quantiles) ?? [:]
    try? await Task.sleep(for: .seconds(max(Self.pause - begun.duration(to: .now).seconds, 0)))
    let second = try? await json("/clusters?format=json")
    let taken = begun.duration(to: .now).seconds
    condition.upstreams = Self.upstreams(
      first, later: second, seconds: taken, pressure: statistics?.pressure ?? [:], quantiles: quantiles)
    return condition
  }

  private func json(_ path: String) async throws(MeshError) -> JSONValue {
    let bytes = try await get(path)
    do { return try JSONValue(parsing: bytes) } catch {
      throw MeshError(.malformed, "its \(path.prefix { $0 != "?" }) is no JSON: \(error)", underlying: error)
    }
  }

  /// `/ready` says so by its status: one that is not is a failure of the question.
  private func isReady() async -> Bool? {
    do throws(MeshError) {
      return String(decoding: try await get("/ready").prefix(16), as: UTF8.self).hasPrefix("LIVE")
    } catch {
      return error.message.contains("503") ? false : nil
    }
  }

  /// The cumulative quantiles of request times by the name the cluster's counters are filed under.
  static func quantiles(_ json: JSONValue) -> [String: [Double: Double]] {
    var result: [String: [Double: Double]] = [:]
    for item in json.list("stats") {
      guard let histograms = item["histograms"] else { continue }
      let supported = histograms.list("supported_quantiles").compactMap(\.double)
      for one in histograms.list("computed_quantiles") {
        guard let name = one["name"]?.string, name.hasPrefix("cluster."), name.hasSuffix(".upstream_rq_time") else {
          continue
        }
        let cluster = String(name.dropFirst("cluster.".count).dropLast(".upstream_rq_time".count))
        for (quantile, value) in zip(supported, one.list("values")) {
          if let milliseconds = value["cumulative"]?.double { result[cluster, default: [:]][quantile] = milliseconds }
        }
      }
    }
    return result
  }

  static func upstreams(
    _ first: JSONValue, later second: JSONValue?, seconds: Double, pressure: [String: String],
    quantiles: [String: [Double: Double]]
  ) -> [UpstreamCondition] {
    let later = Dictionary(
      (second?.list("cluster_statuses") ?? []).map { ($0["name"]?.string ?? "", $0) },
      uniquingKeysWith: { first, _ in first })
    let all = first.list("cluster_statuses").compactMap { item -> UpstreamCondition? in
      guard let name = item["name"]?.string else { return nil }
      let shown = item["observability_name"]?.string ?? name
      let hosts = EnvoyClusterReader.hosts(item)
      var one = UpstreamCondition(
        name: name, hosts: hosts.count,
        faults: hosts.filter { !$0.faults.isEmpty }.map { host in
          "\(host.port.map { "\(host.address):\($0)" } ?? host.address) \(host.faults.joined(separator: ", "))"
        }, limits: EnvoyClusterReader.breakers(item["circuit_breakers"]),
        pressure: pressure[shown] ?? pressure[name], quantiles: quantiles[shown] ?? quantiles[name] ?? [:])
      let (total, failed) = (counted(item, "rq_total"), counted(item, "rq_error"))
      one.requests = total
      one.errorRate = total > 0 ? failed / total : nil
      if let again = later[name], seconds > 0 {
        let (more, worse) = (counted(again, "rq_total") - total, counted(again, "rq_error") - failed)
        // Counters that go back belong to hosts that came or went.
        if more >= 0 {
          one.rps = more / seconds
          if more > 0, worse >= 0 { one.errorRate = worse / more }
        }
      }
      return one
    }
    let ordered = all.sorted {
      ($0.isInTrouble ? 0 : 1, -($0.rps ?? 0), -($0.requests ?? 0), $0.name)
        < ($1.isInTrouble ? 0 : 1, -($1.rps ?? 0), -($1.requests ?? 0), $1.name)
    }
    return Array(ordered.prefix(most))
  }

  private static func counted(_ cluster: JSONValue, _ name: String) -> Double {
    cluster.list("host_statuses").reduce(0) { sum, host in
      sum + Double(host.list("stats").first { $0["name"]?.string == name }?["value"]?.protoInt ?? 0)
    }
  }
}

extension Duration {
  /// The whole of it in seconds.
  fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

/// Values in the queries of administration interfaces.
enum EnvoyQuery {
  /// A text as a value in a query.
  static func escaped(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      let scalar = Unicode.Scalar(byte)
      if byte < 0x80, scalar.properties.isAlphabetic || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F {
        result.unicodeScalars.append(scalar)
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        result += "%" + (digits.count < 2 ? "0" : "") + digits
      }
    }
    return result
  }
}
