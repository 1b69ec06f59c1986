import MeshModel

/// What Envoy's filters for Redis, Postgres, MySQL, MongoDB and Kafka count of the calls that reach stores, at the callers.
///
/// Names and labels as Envoy 1.40 writes them for Istio's clusters: of Redis and MongoDB the prefix up to its first dot is a
/// label, of the others all of it is in the name. Source: Envoy's documentation of each filter.
struct StoreExposition {
  let simulation: Simulation
  let registry: Registry

  /// One store as its callers' proxies count it.
  private struct Store {
    var service: RegistryService
    var port: RegistryService.Port
    var count: UInt64 = 0
    var workload = ""

    /// The filter's prefix as Istio writes it.
    var prefix: String { "outbound|\(port.number)||\(service.host)" }
    var head: String { String(prefix.prefix { $0 != "." }) }
    var tail: String { StoreExposition.spelling(String(prefix.drop { $0 != "." }.dropFirst())) }
  }

  /// A text as the names of metrics spell it.
  private static func spelling(_ text: String) -> String {
    String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
  }

  /// Writes the families of the stores that connections of callers lead to.
  func render(_ counters: [(counter: FlowCounter, part: Exposition.Part?)], into text: inout Exposition.Text) {
    var stores: [String: Store] = [:]
    for (counter, part) in counters where counter.kind == .connection && counter.count > 0 {
      guard counter.labels.hasPrefix("reporter=\"source\""),
        let host = Self.label("destination_service", counter.labels),
        let service = registry.services[host], let port = service.ports.first
      else { continue }
      var store = stores[host] ?? Store(service: service, port: port)
      let parts = UInt64(part?.of ?? 1)
      store.count += (counter.count + parts - 1 - UInt64(part?.index ?? 0)) / max(1, parts)
      if let name = Self.label("destination_workload", counter.labels) {
        store.workload = "\(service.namespace)/\(name)"
      }
      stores[host] = store
    }
    for (_, store) in stores.sorted(by: { $0.key < $1.key }) { render(store, into: &text) }
  }

  /// The value of a label in labels as they are written.
  private static func label(_ name: String, _ labels: String) -> String? {
    guard let range = labels.firstRange(of: "\(name)=\"") else { return nil }
    let value = labels[range.upperBound...].prefix { $0 != "\"" }
    return value.isEmpty ? nil : String(value)
  }

  private func render(_ store: Store, into text: inout Exposition.Text) {
    let count = Int(clamping: store.count)
    func counter(_ name: String, _ labels: String, _ value: Int) {
      text.family(name, "counter")
      text.sample(name, labels, value)
    }
    // One in five asks for a change.
    let writes = count / 5
    let named = "envoy_\(kind(store))_\(Self.spelling(store.prefix))_"
    switch kind(store) {
    case "redis":
      let labels = "envoy_redis_prefix=\"\(store.head)\""
      let family = "envoy_redis_\(store.tail)_"
      counter(family + "downstream_rq_total", labels, count)
      for (command, value) in [("get", count - writes), ("set", writes)] {
        counter(family + "command_\(command)_total", labels, value)
        counter(family + "command_\(command)_success", labels, value)
        counter(family + "command_\(command)_error", labels, 0)
        histogram(family + "command_\(command)_latency", labels, value, store, into: &text)
      }
    case "mongo":
      let labels = "envoy_mongo_prefix=\"\(store.head)\""
      let family = "envoy_mongo_\(store.tail)_"
      counter(family + "op_query", labels, count - writes)
      counter(family + "op_insert", labels, writes)
      counter(family + "op_reply", labels, count)
      counter(family + "op_reply_query_failure", labels, 0)
    case "postgres":
      counter(named + "sessions", "", count / 20)
      counter(named + "statements", "", count)
      counter(named + "statements_select", "", count - writes)
      counter(named + "statements_insert", "", writes - writes / 2)
      counter(named + "statements_update", "", writes / 2)
      counter(named + "transactions", "", count)
      counter(named + "transactions_commit", "", count)
      counter(named + "transactions_rollback", "", 0)
      counter(named + "errors", "", 0)
    case "mysql":
      counter(named + "sessions", "", count / 20)
      counter(named + "queries_parsed", "", count)
      counter(named + "queries_parse_error", "", 0)
      counter(named + "login_failures", "", 0)
    case "kafka":
      for (type, value) in [("produce", count), ("metadata", count / 10)] {
        counter(named + "request_\(type)_request", "", value)
        counter(named + "response_\(type)_response", "", value)
        histogram(named + "response_\(type)_response_duration", "", value, store, into: &text)
      }
      counter(named + "request_failure", "", 0)
    default: break
    }
  }

  /// The protocol by the name of the port, or by the number that it is known by.
  private func kind(_ store: Store) -> String {
    if ["REDIS", "MYSQL", "MONGO"].contains(store.port.protocol) { return store.port.protocol.lowercased() }
    return [6379: "redis", 5432: "postgres", 3306: "mysql", 27017: "mongo", 9092: "kafka"][store.port.number] ?? ""
  }

  private func histogram(
    _ name: String, _ labels: String, _ count: Int, _ store: Store, into text: inout Exposition.Text
  ) {
    guard let behaviour = simulation.behaviours[store.workload]?.behaviour else { return }
    let latency = Latency(p50: behaviour.p50, p99: behaviour.p99)
    text.family(name, "histogram")
    for (index, bound) in Buckets.limits.enumerated() {
      let value = ProxyView.whole((Double(count) * latency.share(upTo: bound)).rounded())
      text.bucket(name, labels, Buckets.labels[index], bound.isFinite ? min(count, value) : count)
    }
    text.sample("\(name)_sum", labels, Double(count) * latency.mean)
    text.sample("\(name)_count", labels, count)
  }
}
