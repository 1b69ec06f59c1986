import MeshModel

/// What an Envoy that understands the protocol of a database, cache or broker counted of it.
///
/// Source: Envoy, "Redis proxy", "Postgres proxy", "MySQL proxy", "Mongo proxy" and "Kafka Broker" filters, statistics.
public struct StoreTraffic: Sendable, Hashable {
  /// A protocol that one of Envoy's filters understands.
  public enum Kind: String, Sendable, Hashable, CaseIterable { case redis, postgres, mysql, mongo, kafka }

  /// What was asked of the store.
  public struct Operation: Sendable, Hashable {
    /// The command, statement or type of request, in the filter's word: `get`, `select`, `produce`.
    public var name: String
    /// How many a second.
    public var rate: Double
    /// How many of them failed a second; `nil` where the filter does not tell by operation.
    public var failures: Double?
    /// The milliseconds that 99 of 100 did not exceed; `nil` where the filter does not tell.
    public var p99ms: Double?

    /// Creates an operation.
    public init(name: String, rate: Double, failures: Double? = nil, p99ms: Double? = nil) {
      self.name = name
      self.rate = rate
      self.failures = failures
      self.p99ms = p99ms
    }
  }

  /// The protocol.
  public var kind: Kind
  /// The filter's `stat_prefix`, with an underscore for everything but letters and digits: so Prometheus has it.
  public var filter: String
  /// The namespace of the proxies that counted; empty where it is not told or does not matter.
  public var namespace: String
  /// The workload of the proxies that counted, or its label `app`; empty where it is not told or does not matter.
  public var workload: String
  /// What was asked, the busiest first.
  public var operations: [Operation]
  /// What else is counted, a second: `sessions`, `errors`, `transactions_commit`, …
  public var others: [String: Double]
  /// The identifier of the query it came from.
  public var query: String

  /// Creates what was counted.
  public init(
    kind: Kind, filter: String, namespace: String = "", workload: String = "", operations: [Operation] = [],
    others: [String: Double] = [:], query: String = ""
  ) {
    self.kind = kind
    self.filter = filter
    self.namespace = namespace
    self.workload = workload
    self.operations = operations
    self.others = others
    self.query = query
  }

  /// A text as the names of metrics spell it: an underscore for everything but letters and digits.
  public static func spelling(_ text: String) -> String {
    String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
  }

  /// All operations a second.
  public var rate: Double { operations.reduce(0) { $0 + $1.rate } }

  /// The failures a second: those of operations, or what the filter counts as errors of the store.
  public var failures: Double? {
    let told = operations.compactMap(\.failures)
    return told.isEmpty ? others["errors"] : told.reduce(0, +)
  }
}

/// The series of Envoy's filters for stores, measured by the label that names their metric.
///
/// The names of metrics hold the filter's prefix and the command, so they are known by their pattern: `rate` takes the name
/// away, and the queries keep it under a label of their own. They are asked for only where one of the names exists.
enum StoreMetrics {
  /// The label under which samples keep the name of their metric.
  static let nameLabel = "store_metric"
  /// The labels kept: the filter, the command, and the proxies that counted.
  static let labels = [
    nameLabel, "envoy_redis_prefix", "envoy_mongo_prefix", "envoy_mongo_cmd", "namespace", "app",
  ]

  /// What tells that a filter is there; each is made with the filter.
  static let evidence =
    "envoy_redis_.*downstream_rq_total|envoy_postgres_.+_sessions|envoy_mysql_.+_sessions|envoy_mongo_.*op_query"
    + "|envoy_kafka_.+_request_.+"

  /// The counters measured.
  static let counters =
    "envoy_redis_.*(command_.+_(total|error)|downstream_rq_total)"
    + "|envoy_postgres_.+_(statements_[a-z]+|sessions|errors|transactions_(commit|rollback))"
    + "|envoy_mysql_.+_(queries_parsed|queries_parse_error|sessions|login_failures|protocol_errors)"
    + "|envoy_mongo_.*(op_(query|insert|get_more|reply_query_failure)|cmd_total)"
    + "|envoy_kafka_.+_(request|response)_[a-z_]+"

  /// The histograms measured.
  static let buckets =
    "envoy_redis_.*command_.+_latency_bucket|envoy_mongo_.*cmd_reply_time_ms_bucket"
    + "|envoy_kafka_.+_response_[a-z_]+_duration_bucket"

  /// What lines of exposition text begin with that are read.
  static let prefixes = StoreTraffic.Kind.allCases.map { "envoy_\($0.rawValue)_" }

  /// Whether the names that exist are of a filter.
  static func isThere(_ names: Set<String>) -> Bool {
    names.contains { name in prefixes.contains(where: name.hasPrefix) }
  }

  static func rates(window: Double) -> IstioQueries.Query {
    IstioQueries.Query(
      id: "stores",
      text: "sum by (\(labels.joined(separator: ", "))) (\(rate(counters, without: "bucket|sum|count", window))) > 0",
      purpose: "what Envoy's filters of Redis, Postgres, MySQL, MongoDB and Kafka counted a second")
  }

  static func latencies(window: Double) -> IstioQueries.Query {
    let all = (["le"] + labels).joined(separator: ", ")
    return IstioQueries.Query(
      id: "stores-p99", text: "histogram_quantile(0.99, sum by (\(all)) (\(rate(buckets, window)))) >= 0",
      purpose: "milliseconds that 99 of 100 commands of a store did not exceed, interpolated in its buckets")
  }

  /// The rates of all metrics whose names fit, each with its name under a label.
  private static func rate(_ pattern: String, without endings: String = "", _ window: Double) -> String {
    let step = PromQL.duration(max(5, (window / 6).rounded(.down)))
    let unwanted = endings.isEmpty ? "" : ", __name__!~\".+_(\(endings))\""
    let named =
      "label_replace({__name__=~\"\(pattern)\"\(unwanted)}, \"\(nameLabel)\", \"$1\", \"__name__\", \"(.+)\")"
    return "rate(\(named)[\(PromQL.duration(window)):\(step)])"
  }
}
