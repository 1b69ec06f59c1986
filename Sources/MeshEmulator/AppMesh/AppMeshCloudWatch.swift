import MeshModel
import Synchronization

/// What App Mesh's proxies write to CloudWatch by their metrics extension, answered over its JSON protocol.
///
/// Counters are looked at whenever somebody asks, and what a period brought is drawn between these looks; before the first
/// look it is the rate since the beginning. Sources: Amazon CloudWatch API reference (`ListMetrics`, `GetMetricData`); App
/// Mesh user guide, "Exporting metrics".
struct AppMeshCloudWatch: Sendable {
  /// The metrics' namespace, as a CloudWatch agent would have been told.
  static let namespace = "appmesh/embedded"

  let estate: Estate
  let store: AppMeshStore
  private let looks = Looks()

  private final class Looks: Sendable {
    let all = Mutex<[Look]>([])
  }

  /// The counters at one time.
  private struct Look {
    var time: Double
    var counts: [Edge: Counts]
  }

  /// A caller and what it calls.
  private struct Edge: Hashable {
    var mesh: String
    var source: String
    var service: String
    var target: String
  }

  private struct Counts {
    var classes: [Character: Double] = [:]
    var bytes = 0.0
    var buckets: [Double] = []

    static func - (left: Counts, right: Counts) -> Counts {
      var result = left
      for (key, value) in right.classes { result.classes[key, default: 0] -= value }
      result.bytes -= right.bytes
      // A flow that was not there at one of the looks has no buckets then.
      if result.buckets.isEmpty { result.buckets = right.buckets.map { _ in 0 } }
      for index in right.buckets.indices { result.buckets[index] -= right.buckets[index] }
      return result
    }

    func scaled(_ factor: Double) -> Counts {
      Counts(classes: classes.mapValues { $0 * factor }, bytes: bytes * factor, buckets: buckets.map { $0 * factor })
    }

    static func + (left: Counts, right: Counts) -> Counts { left - right.scaled(-1) }
  }

  /// The answer to an action, by the last part of `X-Amz-Target`.
  func answer(_ target: String, _ body: JSONValue) throws(AppMeshFailure) -> JSONValue {
    look()
    switch target.split(separator: ".").last.map(String.init) {
    case "ListMetrics": return listed(body)
    case "GetMetricData": return try data(body)
    default: throw AppMeshFailure(400, "UnknownOperationException", "\(target) is not served here")
    }
  }

  private static let classes: [(metric: String, digit: Character)] = [
    ("HTTPCode_Target_2XX_Count", "2"), ("HTTPCode_Target_3XX_Count", "3"), ("HTTPCode_Target_4XX_Count", "4"),
    ("HTTPCode_Target_5XX_Count", "5"),
  ]
  private static let metrics =
    ["RequestCountPerTarget", "TargetProcessedBytes", "TargetResponseTime"] + classes.map(\.metric)

  private func listed(_ body: JSONValue) -> JSONValue {
    guard body["Namespace"]?.string == nil || body["Namespace"]?.string == Self.namespace else {
      return ["Metrics": []]
    }
    let wanted = body["MetricName"]?.string
    let names = Self.metrics.map { "envoy.appmesh." + $0 }.filter { wanted == nil || wanted == $0 }
    let edges = looks.all.withLock {
      $0.last?.counts.keys.sorted { ($0.mesh, $0.source, $0.target) < ($1.mesh, $1.source, $1.target) } ?? []
    }
    let metrics = edges.flatMap { edge in
      names.map { name -> JSONValue in
        ["Namespace": .string(Self.namespace), "MetricName": .string(name), "Dimensions": dimensions(edge)]
      }
    }
    return ["Metrics": .array(metrics)]
  }

  private func dimensions(_ edge: Edge) -> JSONValue {
    let isGateway = store.everything(.virtualGateway).contains {
      $0["meshName"]?.string == edge.mesh && $0["virtualGatewayName"]?.string == edge.source
    }
    return .array(
      [
        ("Mesh", edge.mesh), (isGateway ? "VirtualGateway" : "VirtualNode", edge.source),
        ("TargetVirtualService", edge.service), ("TargetVirtualNode", edge.target),
      ].map { ["Name": .string($0.0), "Value": .string($0.1)] })
  }

  private func data(_ body: JSONValue) throws(AppMeshFailure) -> JSONValue {
    guard let start = body["StartTime"]?.double, let end = body["EndTime"]?.double, start < end else {
      throw AppMeshFailure(400, "InvalidParameterCombination", "StartTime must be before EndTime")
    }
    let queries = body["MetricDataQueries"]?.array ?? []
    guard queries.count <= 500 else {
      throw AppMeshFailure(400, "InvalidParameterValue", "at most 500 queries are taken at once")
    }
    let results = queries.map { query -> JSONValue in
      let stat = query["MetricStat"]
      let period = Double(max(60, stat?["Period"]?.int ?? 60))
      var (times, values): ([JSONValue], [JSONValue]) = ([], [])
      if let edge = edge(stat?["Metric"]?["Dimensions"]), stat?["Metric"]?["Namespace"]?.string == Self.namespace {
        var at = start
        while at < end {
          let counts = brought(edge, from: at, to: min(at + period, end))
          if let value = value(of: stat?["Metric"]?["MetricName"]?.string ?? "", stat?["Stat"]?.string ?? "", counts) {
            times.append(.double(at))
            values.append(.double(value))
          }
          at += period
        }
      }
      return [
        "Id": query["Id"] ?? "", "Label": stat?["Metric"]?["MetricName"] ?? "", "StatusCode": "Complete",
        // CloudWatch gives the newest first.
        "Timestamps": .array(times.reversed()), "Values": .array(values.reversed()),
      ]
    }
    return ["MetricDataResults": .array(results), "Messages": []]
  }

  private func edge(_ dimensions: JSONValue?) -> Edge? {
    var named: [String: String] = [:]
    for dimension in dimensions?.array ?? [] { named[dimension["Name"]?.string ?? ""] = dimension["Value"]?.string }
    guard let mesh = named["Mesh"], let source = named["VirtualNode"] ?? named["VirtualGateway"],
      let service = named["TargetVirtualService"], let target = named["TargetVirtualNode"]
    else { return nil }
    return Edge(mesh: mesh, source: source, service: service, target: target)
  }

  /// A statistic of a metric; `nil` where there is no data point.
  private func value(of metric: String, _ statistic: String, _ counts: Counts) -> Double? {
    let all = counts.classes.values.reduce(0, +)
    let name = metric.hasPrefix("envoy.appmesh.") ? String(metric.dropFirst("envoy.appmesh.".count)) : ""
    guard all > 0 else { return nil }
    switch name {
    case "RequestCountPerTarget": return all.rounded()
    case "TargetProcessedBytes": return counts.bytes.rounded()
    case "TargetResponseTime":
      guard statistic.hasPrefix("p"), let percent = Double(statistic.dropFirst()) else { return nil }
      return Self.quantile(percent / 100, counts.buckets)
    default:
      guard let digit = Self.classes.first(where: { $0.metric == name })?.digit else { return nil }
      return counts.classes[digit].map { $0.rounded() }.flatMap { $0 > 0 ? $0 : nil }
    }
  }

  private static func quantile(_ share: Double, _ buckets: [Double]) -> Double? {
    guard let all = buckets.last, all > 0 else { return nil }
    guard let index = buckets.firstIndex(where: { $0 >= share * all }) else { return nil }
    let (low, below) = index == 0 ? (0, 0) : (Buckets.limits[index - 1], buckets[index - 1])
    let high = Buckets.limits[index]
    guard high.isFinite, buckets[index] > below else { return low }
    return low + (high - low) * (share * all - below) / (buckets[index] - below)
  }

  /// What an edge was counted in some time.
  private func brought(_ edge: Edge, from start: Double, to end: Double) -> Counts {
    let looks = looks.all.withLock { $0 }
    func total(_ time: Double) -> Counts {
      guard let first = looks.first, let last = looks.last else { return Counts() }
      func counts(_ look: Look) -> Counts { look.counts[edge] ?? Counts() }
      let began = estate.simulation.start
      if time <= first.time {
        // Before anybody looked the traffic was as it was on the average until then, and before the beginning too.
        return counts(first).scaled(first.time > began ? (time - began) / (first.time - began) : 0)
      }
      if time >= last.time { return counts(last) }
      let next = looks.firstIndex { $0.time >= time } ?? looks.count - 1
      let (before, after) = (looks[max(0, next - 1)], looks[next])
      let share = after.time > before.time ? (time - before.time) / (after.time - before.time) : 1
      return counts(before) + (counts(after) - counts(before)).scaled(share)
    }
    return total(end) - total(start)
  }

  /// Looks at the counters and keeps what was seen for an hour.
  private func look() {
    let now = estate.clock()
    let state = estate.state
    var counts: [Edge: Counts] = [:]
    let services = store.everything(.virtualService)
    for number in state.order {
      let counter = state.counters[number]
      guard counter.kind == .request, counter.count > 0, let edge = Self.edge(counter.labels, services) else {
        continue
      }
      let labels = FlowLabels.values(counter.labels)
      var own = counts[edge] ?? Counts()
      own.classes[labels["response_code"]?.first ?? "0", default: 0] += Double(counter.count)
      own.bytes += counter.requestBytes + counter.responseBytes
      if own.buckets.isEmpty {
        own.buckets = counter.buckets
      } else {
        for index in counter.buckets.indices { own.buckets[index] += counter.buckets[index] }
      }
      counts[edge] = own
    }
    // What is drawn back before the first look needs a few seconds to be drawn from.
    guard !counts.isEmpty, now - estate.simulation.start >= 5 else { return }
    let look = Look(time: now, counts: counts)
    looks.all.withLock { all in
      if let last = all.last, now - last.time < 1 { return }
      all.append(look)
      all.removeAll { $0.time < now - 3600 }
    }
  }

  private static func edge(_ text: String, _ services: [JSONValue]) -> Edge? {
    let labels = FlowLabels.values(text)
    guard labels["reporter"] == "source", let mesh = labels["source_workload_namespace"],
      let source = labels["source_workload"], let target = labels["destination_workload"], target != "unknown",
      let host = labels["destination_service_name"]
    else { return nil }
    let service = services.first {
      $0["meshName"]?.string == mesh && AppMeshTranslation.host($0["virtualServiceName"]?.string ?? "") == host
    }
    return Edge(
      mesh: mesh, source: source, service: service?["virtualServiceName"]?.string ?? host, target: target)
  }
}
