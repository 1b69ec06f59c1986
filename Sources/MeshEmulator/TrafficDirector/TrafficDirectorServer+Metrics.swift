import MeshModel

/// What the project's sidecars count of the backend services they call.
extension TrafficDirectorServer {
  /// Envoy's own counters by cluster, of all sidecars in one text.
  ///
  /// Source: Envoy, "Cluster manager statistics"; Traffic Director files a cluster's counters under the backend service's
  /// path (`alt_stat_name` in configuration dumps of its Envoys).
  func exposition() -> [UInt8]? {
    let state = estate.state
    let services = servicesOfWorkloads
    var calls: [String: Calls] = [:]
    for index in state.order {
      let counter = state.counters[index]
      guard counter.labels.hasPrefix("reporter=\"source\""),
        let service = Self.value("destination_workload", in: counter.labels).flatMap({ services[$0] })
      else { continue }
      calls[service, default: Calls()].add(counter, code: Self.value("response_code", in: counter.labels))
    }
    var text = Exposition.Text(capacity: calls.count * 4_096)
    let sorted = calls.sorted { $0.key < $1.key }.map { service, calls in
      (
        "envoy_cluster_name=\"/projects/\(Self.projectNumber)/global/backendServices/\(FlowLabels.escaped(service))\"",
        calls
      )
    }
    text.family("envoy_cluster_upstream_rq", "counter")
    for (label, calls) in sorted {
      for (code, count) in calls.codes.sorted(by: { $0.key < $1.key }) {
        text.sample("envoy_cluster_upstream_rq", "envoy_response_code=\"\(code)\",\(label)", count)
      }
    }
    text.family("envoy_cluster_upstream_rq_time", "histogram")
    for (label, calls) in sorted where calls.requests > 0 {
      let last = Buckets.labels.count - 1
      for (index, limit) in Buckets.labels.enumerated() where index < calls.buckets.count {
        let value =
          index == last ? calls.requests : min(calls.requests, ProxyView.whole(calls.buckets[index].rounded()))
        text.bucket("envoy_cluster_upstream_rq_time", label, limit, value)
      }
      text.sample("envoy_cluster_upstream_rq_time_sum", label, ProxyView.whole(calls.latency.rounded()))
      text.sample("envoy_cluster_upstream_rq_time_count", label, calls.requests)
    }
    for (name, value) in [
      ("envoy_cluster_upstream_cx_total", \Calls.connections),
      ("envoy_cluster_upstream_cx_tx_bytes_total", \Calls.sent),
      ("envoy_cluster_upstream_cx_rx_bytes_total", \Calls.received),
    ] {
      text.family(name, "counter")
      for (label, calls) in sorted where calls.connections > 0 { text.sample(name, label, calls[keyPath: value]) }
    }
    return text.bytes
  }

  /// What was counted of one backend service.
  private struct Calls {
    var codes: [String: Int] = [:]
    var requests = 0
    var buckets: [Double] = []
    var latency = 0.0
    var connections = 0
    var sent = 0
    var received = 0

    mutating func add(_ counter: FlowCounter, code: String?) {
      let count = ProxyView.whole(Double(counter.count))
      switch counter.kind {
      case .request:
        codes[code ?? "0", default: 0] += count
        requests += count
        latency += counter.latencySum
        if buckets.isEmpty { buckets = counter.buckets.map { _ in 0 } }
        for index in buckets.indices where index < counter.buckets.count { buckets[index] += counter.buckets[index] }
      case .connection:
        connections += count
        sent += ProxyView.whole(counter.requestBytes.rounded())
        received += ProxyView.whole(counter.responseBytes.rounded())
      case .linkerdResponse, .linkerdStream, .linkerdBackend, .linkerdBackendTime: break
      }
    }
  }

  /// The backend service that sends to each workload.
  private var servicesOfWorkloads: [String: String] {
    var services: [String: String] = [:]
    let instances = estate.state.registry.sortedInstances
    for document in estate.documents(TrafficDirectorResources.backendServices) {
      for backend in document.json["backends"]?.array ?? [] {
        let group = backend["group"]?.string?.split(separator: "/").last.map(String.init) ?? ""
        for instance in instances where TrafficDirectorTranslation.isMember(instance, of: group) {
          services[instance.workload] = document.name
        }
      }
    }
    return services
  }

  private static func value(_ label: String, in labels: String) -> String? {
    guard let start = labels.firstRange(of: "\(label)=\"") else { return nil }
    return labels[start.upperBound...].firstIndex(of: "\"").map { String(labels[start.upperBound..<$0]) }
  }
}
