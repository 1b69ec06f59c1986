import MeshModel

/// The few counters of a proxy that say how it fares, from `/stats?format=json` with a filter.
struct EnvoyStatistics: Sendable {
  /// The regular expression that picks them.
  static let filter =
    #"^server\.uptime$|^control_plane\.connected_state$|(^cluster_manager\.cds|^listener_manager\.lds|\.rds\..*)"#
    + #"\.update_(rejected|success)$|\.outlier_detection\.ejections_active$|\.circuit_breakers\.[a-z]+\."#
    + #"(cx|rq|rq_pending|rq_retry)_open$"#

  var uptime: Int?
  var isConnected: Bool?
  /// The updates it counted, by the name of what was updated.
  var updates: [String: EnvoyUpdates] = [:]
  /// Hosts ejected by the name the cluster's counters are filed under.
  var ejected: [String: Int] = [:]
  /// The circuit breakers open, by the same name.
  var open: [String: [String]] = [:]

  init(_ json: JSONValue) {
    for item in json.list("stats") {
      guard let name = item["name"]?.string, let value = item["value"]?.protoInt else { continue }
      if name == "server.uptime" { uptime = value }
      if name == "control_plane.connected_state" { isConnected = value > 0 }
      guard value > 0 else { continue }
      if let range = name.firstRange(of: ".update_rejected") {
        updates[String(name[..<range.lowerBound]), default: EnvoyUpdates()].rejected = value
      } else if let range = name.firstRange(of: ".update_success") {
        updates[String(name[..<range.lowerBound]), default: EnvoyUpdates()].accepted = value
      } else if let cluster = Self.cluster(name, ".outlier_detection.") {
        ejected[cluster] = value
      } else if let cluster = Self.cluster(name, ".circuit_breakers.") {
        let kind = name.split(separator: ".").last.map(String.init) ?? ""
        open[cluster, default: []].append(Self.limits[kind] ?? kind)
      }
    }
  }

  private static let limits = [
    "cx_open": "connections", "rq_open": "requests", "rq_pending_open": "pending", "rq_retry_open": "retries",
  ]

  private static func cluster(_ name: String, _ part: String) -> String? {
    guard name.hasPrefix("cluster."), let range = name.firstRange(of: part) else { return nil }
    return String(name[name.index(name.startIndex, offsetBy: 8)..<range.lowerBound])
  }

  /// What presses on the clusters, by the name their counters are filed under.
  var pressure: [String: String] {
    var result: [String: String] = [:]
    for (cluster, count) in ejected { result[cluster] = "\(count.counted("host")) ejected as outliers" }
    for (cluster, kinds) in open {
      let words = "circuit breaker open: \(kinds.sorted().joined(separator: ", "))"
      result[cluster] = result[cluster].map { "\($0); \(words)" } ?? words
    }
    return result
  }
}
