import MeshModel

/// The server behind the Traffic Metrics API of SMI: what Istio's proxies see, as the API words it.
///
/// Source: SMI specification, Traffic Metrics v1alpha1. Its counts are what the present rates come to in its window.
struct TrafficMetricsServer {
  let state: Simulation.State
  let store: ObjectStore
  let time: Double

  private static let window = 30.0
  private static let root = "/apis/metrics.smi-spec.io/v1alpha1/"

  /// Requests between two workloads as one side's proxies report them.
  private struct Call {
    var source: String
    var destination: String
    var isOfClient: Bool
    var successes = 0.0
    var failures = 0.0
    /// The shares of times by bucket, each times its rate.
    var buckets = [Double](repeating: 0, count: Buckets.istio.limits.count)
  }

  /// The answer to a path; `nil` where it is none of the API's.
  func answer(_ path: String) -> PlainAnswer? {
    guard path.hasPrefix(Self.root) else { return nil }
    let parts = path.dropFirst(Self.root.count).split(separator: "/").map(String.init)
    let calls = self.calls
    switch (parts.count, parts.first, parts.dropFirst(2).first) {
    case (1, "namespaces", _):
      let names = Set(calls.map { Self.namespace($0.destination) }).subtracting([""]).sorted()
      return list(names.map { name in item("Namespace", "", name, served(calls) { Self.namespace($0) == name }) })
    case (3, "namespaces", "deployments"):
      let names = Set(calls.map(\.destination)).filter { Self.namespace($0) == parts[1] }.sorted()
      return list(names.map { name in item("Deployment", name, served(calls) { $0 == name }) })
    case (4, "namespaces", "deployments"):
      let name = "\(parts[1])/\(parts[3])"
      return .json(item("Deployment", name, served(calls) { $0 == name }))
    case (5, "namespaces", "deployments") where parts[4] == "edges":
      let name = "\(parts[1])/\(parts[3])"
      return list(
        calls.filter { $0.source == name || $0.destination == name }.map { edge($0, of: name) })
    case (3, "namespaces", "trafficsplits"): return list(splits(in: parts[1], calls))
    case (3, "namespaces", _): return list([])
    default: return .text("404 page not found\n", status: 404)
    }
  }

  private static func namespace(_ workload: String) -> String {
    workload.split(separator: "/").first.map(String.init) ?? ""
  }

  /// The requests of all pairs of workloads.
  private var calls: [Call] {
    var found: [String: Call] = [:]
    for flow in state.flows where flow.kind == .request {
      let labels = FlowLabels.values(flow.labels)
      func workload(_ end: String) -> String {
        let name = labels["\(end)_workload"] ?? "unknown"
        return name == "unknown" ? "" : "\(labels["\(end)_workload_namespace"] ?? "")/\(name)"
      }
      let (source, destination) = (workload("source"), workload("destination"))
      guard !destination.isEmpty else { continue }
      let isOfClient = labels["reporter"] == "source"
      var call =
        found["\(source)|\(destination)|\(isOfClient)"]
        ?? Call(source: source, destination: destination, isOfClient: isOfClient)
      let code = Int(labels["response_code"] ?? "") ?? 0
      let fails = code == 0 || code >= 500 || !["", "0"].contains(labels["grpc_response_status"] ?? "")
      if fails { call.failures += flow.rate } else { call.successes += flow.rate }
      for index in call.buckets.indices where index < flow.buckets.count {
        call.buckets[index] += flow.buckets[index] * flow.rate
      }
      found["\(source)|\(destination)|\(isOfClient)"] = call
    }
    return found.sorted { $0.key < $1.key }.map(\.value)
  }

  /// What the proxies of servers report, of the workloads that are meant.
  private func served(_ calls: [Call], _ isMeant: (String) -> Bool) -> Call {
    calls.filter { !$0.isOfClient && isMeant($0.destination) }.reduce(
      Call(source: "", destination: "", isOfClient: false)
    ) { sum, call in
      var sum = sum
      sum.successes += call.successes
      sum.failures += call.failures
      for index in sum.buckets.indices { sum.buckets[index] += call.buckets[index] }
      return sum
    }
  }

  /// The backends of splits: what the workloads that their services select served.
  private func splits(in namespace: String, _ calls: [Call]) -> [JSONValue] {
    store.list(ResourceID("trafficsplits", group: "split.smi-spec.io"), namespace: namespace).flatMap { split in
      (split.json["spec"]?["backends"]?.array ?? []).map { backend -> JSONValue in
        let name = backend["service"]?.string ?? ""
        let service = state.registry.services["\(name).\(namespace).svc.cluster.local"]
        let workloads = Set(service.map { state.registry.endpoints(of: $0).map(\.workloadID) } ?? [])
        var result = item("TrafficSplit", "\(namespace)/\(split.name)", served(calls) { workloads.contains($0) })
        result["backend"] = [
          "apex": split.json["spec"]?["service"] ?? "", "name": .string(name), "weight": backend["weight"] ?? 0,
        ]
        return result
      }
    }
  }

  private func edge(_ call: Call, of name: String) -> JSONValue {
    let isFrom = call.destination == name
    let other = isFrom ? call.source : call.destination
    var result = item("Deployment", name, call)
    result["edge"] = [
      "direction": isFrom ? "from" : "to", "side": call.isOfClient ? "client" : "server",
      "resource": other.isEmpty ? .null : reference("Deployment", other),
    ]
    return result
  }

  private func reference(_ kind: String, _ name: String) -> JSONValue {
    let parts = name.split(separator: "/").map(String.init)
    return ["kind": .string(kind), "namespace": .string(parts.first ?? ""), "name": .string(parts.last ?? "")]
  }

  /// An item of a thing named with its namespace.
  private func item(_ kind: String, _ name: String, _ call: Call) -> JSONValue {
    let parts = name.split(separator: "/").map(String.init)
    return item(kind, parts.first ?? "", parts.last ?? "", call)
  }

  private func item(_ kind: String, _ namespace: String, _ name: String, _ call: Call) -> JSONValue {
    var metrics = [99, 90, 50].map { percent -> JSONValue in
      [
        "name": .string("p\(percent)_response_latency"), "unit": "seconds",
        "value": .string("\(ProxyView.whole(quantile(Double(percent) / 100, call).rounded()))m"),
      ]
    }
    for (word, rate) in [("success_count", call.successes), ("failure_count", call.failures)] {
      metrics.append(["name": .string(word), "value": .string(String(ProxyView.whole((rate * Self.window).rounded())))])
    }
    return [
      "apiVersion": "metrics.smi-spec.io/v1alpha1", "kind": "TrafficMetrics",
      "metadata": ["name": .string(name), "namespace": .string(namespace)],
      "resource": ["kind": .string(kind), "namespace": .string(namespace), "name": .string(name)],
      "timestamp": .string(Timestamp.text(ProxyView.whole(time))), "window": "30s", "metrics": .array(metrics),
    ]
  }

  /// A quantile in milliseconds, interpolated in its bucket.
  private func quantile(_ share: Double, _ call: Call) -> Double {
    guard let total = call.buckets.last, total > 0 else { return 0 }
    let limits = Buckets.istio.limits
    guard let index = call.buckets.firstIndex(where: { $0 >= total * share }) else { return 0 }
    let (low, below) = index == 0 ? (0, 0) : (limits[index - 1], call.buckets[index - 1])
    guard limits[index].isFinite, call.buckets[index] > below else { return low }
    return low + (limits[index] - low) * (total * share - below) / (call.buckets[index] - below)
  }

  private func list(_ items: [JSONValue]) -> PlainAnswer {
    .json([
      "apiVersion": "metrics.smi-spec.io/v1alpha1", "kind": "TrafficMetricsList", "metadata": [:],
      "items": .array(items),
    ])
  }
}
