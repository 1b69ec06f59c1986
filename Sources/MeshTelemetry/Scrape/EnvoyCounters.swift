import MeshModel

/// How the counters of one proxy are read as flows: from the group of proxies it belongs to, to the clusters it calls.
///
/// Envoy counts requests by upstream cluster and answer, whatever configures it; this is what there is to measure where no
/// mesh adds labels of its own. Source: Envoy, "Cluster manager statistics".
public struct EnvoyCounters: Sendable, Hashable {
  /// The namespace of both ends: the proxy's group.
  public var namespace: String
  /// The workload that calls: the group of proxies.
  public var workload: String
  /// The workloads called, by the name a cluster's counters are filed under.
  public var clusters: [String: String]
  /// The clusters among them that carry plain TCP.
  public var tcp: Set<String>
  /// The services called, by the same names, where they are called otherwise than the workloads.
  public var services: [String: String]
  /// Whether they are a MOSN's, whose words are others.
  public var isMosn = false

  /// Creates a reading of counters.
  public init(
    namespace: String, workload: String, clusters: [String: String], tcp: Set<String> = [],
    services: [String: String] = [:]
  ) {
    self.services = services
    self.namespace = namespace
    self.workload = workload
    self.clusters = clusters
    self.tcp = tcp
  }

  /// The address of the counters of a proxy, by the address of its administration interface.
  ///
  /// The filter keeps what flows are made of, and nothing of what was never used: a proxy with a thousand clusters has a
  /// hundred thousand counters.
  public static func url(admin: String) -> String {
    let flows = #"cluster\..*\.upstream_(rq_[1-5][0-9][0-9]|rq_time|cx_[rt]x_bytes_total|cx_total)"#
    // A filter for Redis alone has hundreds of counters: those of commands are asked for, and little else.
    let redis = #"redis\..*(command\.[^.]*\.(total|error|latency)|downstream_rq_total)"#
    let filter = "^(\(flows)|\(redis)|(postgres|mysql|kafka)\\..*|mongo\\..*(op_[a-z_]+|cmd\\..*))$"
    return admin + "/stats?format=prometheus&usedonly&filter=" + encoded(filter)
  }

  /// The address of the counters of a MOSN, by the address of its administration interface.
  public static func url(mosn: String) -> String { mosn + "/api/v1/stats" }

  private static func encoded(_ text: String) -> String {
    text.utf8.map { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: String(UnicodeScalar(byte))
      default: "%" + String(byte >> 4, radix: 16, uppercase: true) + String(byte & 15, radix: 16, uppercase: true)
      }
    }.joined()
  }
}

/// The words of one endpoint's exposition text.
enum ScrapeVocabulary: Sendable, Hashable {
  /// A mesh's own metrics, Istio's and those of the other families; with the workload they are of, where they do not say.
  case mesh(ScrapedWorkload?)
  case consul
  case envoy(EnvoyNames)

  /// What lines of interest begin with.
  var prefixes: [String] {
    switch self {
    case .mesh: Self.metrics
    case .consul: ["envoy_cluster_"]
    case .envoy: ["envoy_cluster_"] + StoreMetrics.prefixes
    }
  }

  private static let metrics = ["istio_"] + MetricFamily.shapes.keys.sorted() + StoreMetrics.prefixes

  /// What an endpoint without a series of interest is said to lack.
  var lack: String {
    switch self {
    case .mesh: "has no metric of a mesh"
    case .consul: "has no metric of a Consul sidecar"
    case .envoy: "counted no request to any cluster yet"
    }
  }
}

/// Envoy's names of counters, with the clusters found again in them.
///
/// In exposition text a cluster's name is cut at its first dot: the head is the label `envoy_cluster_name`, the tail becomes
/// part of the metric's name. Source: Envoy, `well_known_names.cc`.
struct EnvoyNames: Sendable, Hashable {
  let counters: EnvoyCounters
  private let byParts: [String: String]

  init(_ counters: EnvoyCounters) {
    self.counters = counters
    var byParts: [String: String] = [:]
    for name in counters.clusters.keys.sorted() {
      let filed = Self.tag(name)
      byParts[filed + "\n"] = byParts[filed + "\n"] ?? name
      let head = filed.prefix { $0 != "." }
      let tail = filed.dropFirst(head.count + 1).map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
      if !tail.isEmpty { byParts[head + "\n" + String(tail)] = name }
    }
    self.byParts = byParts
  }

  /// The name that a cluster's counters are filed under: Envoy replaces colons.
  static func tag(_ name: String) -> String { String(name.map { $0 == ":" ? "_" : $0 }) }

  /// The cluster whose counters carry a tag whole.
  func cluster(tagged tag: String) -> String? { byParts[tag + "\n"] }

  /// What a series counts.
  enum Measure: String, CaseIterable {
    case requests = "_upstream_rq"
    case time = "_upstream_rq_time_bucket"
    case sent = "_upstream_cx_tx_bytes_total"
    case received = "_upstream_cx_rx_bytes_total"
    case connections = "_upstream_cx_total"
  }

  /// The measure and the cluster of a series; `nil` for one that no flow is made of.
  func reading(_ name: SeriesName) -> (measure: Measure, cluster: String)? {
    let head = "envoy_cluster"
    guard name.metric.hasPrefix(head), let tag = name.labels["envoy_cluster_name"],
      let measure = Measure.allCases.first(where: { name.metric.hasSuffix($0.rawValue) })
    else { return nil }
    let infix = name.metric.dropFirst(head.count).dropLast(measure.rawValue.count).drop { $0 == "_" }
    return byParts["\(tag)\n\(infix)"].map { (measure, $0) }
  }

  /// The labels of a flow as an assembly of edges takes them.
  func labels(_ cluster: String, code: String) -> [String: String] {
    let workload = counters.clusters[cluster] ?? cluster
    return [
      "reporter": "source", "source_workload": counters.workload, "source_workload_namespace": counters.namespace,
      "destination_workload": workload, "destination_workload_namespace": counters.namespace,
      "destination_service_name": counters.services[cluster] ?? workload,
      "destination_service_namespace": counters.namespace,
      "request_protocol": "http", "response_code": code,
    ]
  }
}
