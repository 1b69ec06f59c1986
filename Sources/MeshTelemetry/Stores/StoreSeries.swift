/// What one series of a filter for stores counts.
///
/// Envoy takes the prefix of Redis' and MongoDB's filters up to its first dot for a label, and leaves the rest of it in the
/// name; of the other filters all of it stays in the name. Measured on Envoy 1.40; source of the names: Envoy's
/// documentation of each filter, and `well_known_names.cc`.
struct StoreSeries: Sendable, Hashable {
  enum Measure: Sendable, Hashable {
    case operation(String)
    case failure(String)
    /// The time of an operation.
    case time(String)
    case other(String)
  }

  var kind: StoreTraffic.Kind
  /// The filter's prefix as metrics spell it.
  var filter: String
  var measure: Measure

  /// Reads a metric's name (of a histogram with `_bucket`) and its labels; `nil` where no filter of a store has it.
  init?(_ metric: String, _ labels: (String) -> String) {
    guard metric.hasPrefix("envoy_"),
      let kind = StoreTraffic.Kind.allCases.first(where: { metric.hasPrefix("envoy_\($0.rawValue)_") })
    else { return nil }
    let rest = String(metric.dropFirst("envoy_\(kind.rawValue)_".count))
    let found: (prefix: String, measure: Measure)?
    switch kind {
    case .redis: found = Self.redis(rest)
    case .mongo: found = Self.mongo(rest, command: labels("envoy_mongo_cmd"))
    case .kafka: found = Self.kafka(rest)
    case .postgres: found = Self.counter(rest, Self.postgres)
    case .mysql: found = Self.counter(rest, Self.mysql)
    }
    guard let found else { return nil }
    self.kind = kind
    let tag = StoreTraffic.spelling(labels("envoy_\(kind.rawValue)_prefix"))
    filter = [tag, found.prefix].filter { !$0.isEmpty }.joined(separator: "_")
    measure = found.measure
  }

  private static func redis(_ rest: String) -> (String, Measure)? {
    for (ending, measure) in [
      ("_total", { Measure.operation($0) }), ("_error", { .failure($0) }), ("_latency_bucket", { .time($0) }),
    ] as [(String, (String) -> Measure)] where rest.hasSuffix(ending) {
      let places = rest.ranges(of: "command_")
      guard
        let range = places.last(where: {
          $0.lowerBound == rest.startIndex || rest[..<$0.lowerBound].hasSuffix("_")
        })
      else { continue }
      let command = rest[range.upperBound...].dropLast(ending.count)
      guard !command.isEmpty else { return nil }
      return (trimmed(rest[..<range.lowerBound]), measure(String(command)))
    }
    return counter(rest, [("downstream_rq_total", .other("requests"))])
  }

  private static func mongo(_ rest: String, command: String) -> (String, Measure)? {
    if rest.hasSuffix("cmd_reply_time_ms_bucket") {
      return (trimmed(rest.dropLast("cmd_reply_time_ms_bucket".count)), .time(command))
    }
    if rest.hasSuffix("cmd_total") { return (trimmed(rest.dropLast("cmd_total".count)), .operation(command)) }
    return counter(
      rest,
      [
        ("op_query", .operation("op_query")), ("op_insert", .operation("op_insert")),
        ("op_get_more", .operation("op_get_more")), ("op_reply_query_failure", .other("errors")),
      ])
  }

  private static func kafka(_ rest: String) -> (String, Measure)? {
    func split(_ word: String) -> (prefix: String, type: String)? {
      guard let range = rest.firstRange(of: "_\(word)_") else { return nil }
      return (String(rest[..<range.lowerBound]), String(rest[range.upperBound...]))
    }
    func short(_ type: String, _ ending: String) -> String {
      type.hasSuffix(ending) ? String(type.dropLast(ending.count)) : type
    }
    if rest.hasSuffix("_duration_bucket") {
      return split("response").map { found in
        (found.prefix, .time(short(short(found.type, "_duration_bucket"), "_response")))
      }
    }
    // What a client asked is counted once; answers are the same again.
    for (word, fault) in [("request", "unreadable requests"), ("response", "unreadable responses")] {
      guard let (prefix, type) = split(word) else { continue }
      if type == "failure" || type == "unknown" { return (prefix, .other(type == "failure" ? "errors" : fault)) }
      return word == "request" ? (prefix, .operation(short(type, "_request"))) : nil
    }
    return nil
  }

  private static let postgres: [(String, Measure)] =
    ["select", "insert", "update", "delete", "other"].map { ("statements_\($0)", .operation($0)) }
    + ["sessions", "errors", "transactions_commit", "transactions_rollback"].map { ($0, .other($0)) }

  private static let mysql: [(String, Measure)] = [
    ("queries_parsed", .operation("query")), ("queries_parse_error", .operation("query (not understood)")),
    ("login_failures", .other("errors")), ("sessions", .other("sessions")),
    ("protocol_errors", .other("protocol_errors")),
  ]

  /// The longest of some endings that fits, and what is before it.
  private static func counter(_ rest: String, _ endings: [(String, Measure)]) -> (String, Measure)? {
    let fitting = endings.filter { rest == $0.0 || rest.hasSuffix("_" + $0.0) }
    return fitting.max { $0.0.count < $1.0.count }.map { (trimmed(rest.dropLast($0.0.count)), $0.1) }
  }

  /// What is before a name, without the underscore that joins them.
  private static func trimmed(_ text: Substring) -> String { String(text.hasSuffix("_") ? text.dropLast() : text) }
}

/// Samples of stores' series as they add up.
struct StoreTable {
  private struct Key: Hashable {
    var kind: StoreTraffic.Kind
    var filter: String
    var namespace: String
    var workload: String
  }

  private struct Sums {
    var operations: [String: StoreTraffic.Operation] = [:]
    var others: [String: Double] = [:]
  }

  private var sums: [Key: Sums] = [:]

  /// Adds the rate of a series, or its quantile in milliseconds.
  mutating func add(_ sample: LabelledSample) {
    guard let number = sample.sample.number, number.isFinite,
      let series = StoreSeries(sample[StoreMetrics.nameLabel], { sample[$0] })
    else { return }
    // Whose proxies counted matters only where the filter does not say for whom: on the server's side.
    let isServer = series.filter.hasPrefix("inbound_")
    let key = Key(
      kind: series.kind, filter: series.filter, namespace: isServer ? sample["namespace"] : "",
      workload: isServer ? sample["app"] : "")
    var sum = sums[key] ?? Sums()
    func operation(_ name: String) -> StoreTraffic.Operation {
      sum.operations[name] ?? StoreTraffic.Operation(name: name, rate: 0)
    }
    switch series.measure {
    case .operation(let name):
      var found = operation(name)
      found.rate += number
      if series.kind == .redis { found.failures = found.failures ?? 0 }
      sum.operations[name] = found
    case .failure(let name):
      var found = operation(name)
      found.failures = (found.failures ?? 0) + number
      sum.operations[name] = found
    case .time(let name):
      var found = operation(name)
      // Of several proxies the slowest is shown: quantiles do not add up.
      found.p99ms = max(found.p99ms ?? number, number)
      sum.operations[name] = found
    case .other(let name): sum.others[name, default: 0] += number
    }
    sums[key] = sum
  }

  /// What the filters counted, the busiest first; those that counted nothing are left out.
  func stores(query: String) -> [StoreTraffic] {
    sums.map { key, sum in
      StoreTraffic(
        kind: key.kind, filter: key.filter, namespace: key.namespace, workload: key.workload,
        operations: sum.operations.values.filter { $0.rate > 0 }.sorted { (-$0.rate, $0.name) < (-$1.rate, $1.name) },
        others: sum.others.filter { $0.value > 0 }, query: query)
    }.filter { !$0.operations.isEmpty || !$0.others.isEmpty }
      .sorted { (-$0.rate, $0.filter, $0.workload) < (-$1.rate, $1.filter, $1.workload) }
  }
}
