import MeshModel

/// The counters of a Consul's sidecars: Envoy's own names, with the labels that Consul has its proxies add.
///
/// Source: hashicorp/consul, `command/connect/envoy/bootstrap_config.go`; Envoy, "Cluster manager statistics".
struct ConsulExposition {
  let state: Simulation.State
  let entries: ConsulEntries
  /// The peers that services are imported from, by service.
  let importers: [String: String]

  func bytes() -> [UInt8] {
    let counters = state.order.lazy.map { state.counters[$0] }.filter { $0.count > 0 }
      .compactMap { counter in Labels(counter.labels, entries, importers).map { (counter, $0) } }
    var text = Exposition.Text(capacity: 64 << 10)
    let requests = counters.filter { $0.0.kind == .request }
    text.family("envoy_cluster_upstream_rq", "counter")
    for (counter, labels) in requests {
      text.sample("envoy_cluster_upstream_rq", labels.edge + labels.code, Int(clamping: counter.count))
    }
    text.family("envoy_cluster_upstream_rq_total", "counter")
    for (edge, counters) in Self.grouped(requests) {
      text.sample("envoy_cluster_upstream_rq_total", edge, counters.reduce(0) { $0 + Int(clamping: $1.count) })
    }
    text.family("envoy_cluster_upstream_rq_time", "histogram")
    for (edge, counters) in Self.grouped(requests) {
      let all = counters.reduce(0) { $0 + Int(clamping: $1.count) }
      let last = Buckets.labels.count - 1
      for (index, label) in Buckets.labels.enumerated() {
        let below = counters.reduce(0.0) { $0 + ($1.buckets.indices.contains(index) ? $1.buckets[index] : 0) }
        text.bucket(
          "envoy_cluster_upstream_rq_time", edge, label,
          index == last ? all : min(all, ProxyView.whole(below.rounded())))
      }
      text.sample(
        "envoy_cluster_upstream_rq_time_sum", edge,
        ProxyView.whole(counters.reduce(0) { $0 + $1.latencySum }.rounded()))
      text.sample("envoy_cluster_upstream_rq_time_count", edge, all)
    }
    let bytes: [(String, (FlowCounter) -> Double)] = [
      ("envoy_cluster_upstream_cx_tx_bytes_total", { $0.requestBytes }),
      ("envoy_cluster_upstream_cx_rx_bytes_total", { $0.responseBytes }),
    ]
    let edges = Self.grouped(Array(counters))
    for (name, value) in bytes {
      text.family(name, "counter")
      for (edge, counters) in edges {
        text.sample(name, edge, ProxyView.whole(counters.reduce(0) { $0 + value($1) }.rounded()))
      }
    }
    text.family("envoy_cluster_upstream_cx_total", "counter")
    for (edge, counters) in edges {
      let opened = counters.reduce(0) { $0 + ($1.kind == .connection ? Int(clamping: $1.count) : 1) }
      text.sample("envoy_cluster_upstream_cx_total", edge, opened)
    }
    return text.bytes
  }

  private static func grouped(_ counters: some Sequence<(FlowCounter, Labels)>) -> [(String, [FlowCounter])] {
    Dictionary(grouping: counters) { $0.1.edge }.map { ($0.key, $0.value.map(\.0)) }.sorted { $0.0 < $1.0 }
  }

  /// The labels of what a caller's sidecar counts, of the labels that the simulation keeps flows under.
  private struct Labels {
    var edge: String
    var code: String

    init?(_ flow: String, _ entries: ConsulEntries, _ importers: [String: String]) {
      guard let name = SeriesLabels(flow), name["reporter"] == "source", let source = name["source_app"],
        let service = name["destination_service_name"]
      else { return nil }
      let version = name["destination_version"] ?? ""
      let subsets = entries["service-resolver", service]?["Subsets"]?.object?.members ?? []
      let subset =
        subsets.first { ConsulFilter($0.value["Filter"]?.string ?? "").matches(["version": version]) }?.name ?? ""
      // A cluster of a peer names the peer in the datacenter's place: `SERVICE.default.PEER.external`.
      let peer = importers[service] ?? ""
      let place = peer.isEmpty ? ConsulServer.datacenter : peer
      let target = "\(subset.isEmpty ? "" : "\(subset).")\(service).default.\(place)"
      let values = [
        ("local_cluster", source), ("consul_source_service", source), ("consul_source_namespace", "default"),
        ("consul_source_datacenter", ConsulServer.datacenter), ("consul_destination_service", service),
        ("consul_destination_service_subset", subset), ("consul_destination_namespace", "default"),
        ("consul_destination_datacenter", peer.isEmpty ? place : ""), ("consul_destination_peer", peer),
        ("consul_destination_routing_type", peer.isEmpty ? "internal" : "external"),
        ("consul_destination_target", target), ("envoy_cluster_name", service),
      ]
      edge = values.filter { !$0.1.isEmpty }.map { "\($0)=\"\(FlowLabels.escaped($1))\"" }.joined(separator: ",")
      code = name["response_code"].map { ",envoy_response_code=\"\($0)\"" } ?? ""
    }
  }

  /// Labels as the exposition format prints them, read back; `unknown` counts as none.
  private struct SeriesLabels {
    private var values: [String: String] = [:]

    init?(_ text: String) {
      // Names of the simulation hold neither quotes nor commas.
      for part in text.split(separator: ",") {
        guard let equals = part.firstIndex(of: "=") else { return nil }
        let value = part[part.index(after: equals)...].dropFirst().dropLast()
        if value != "unknown", !value.isEmpty { values[String(part[..<equals])] = String(value) }
      }
    }

    subscript(name: String) -> String? { values[name] }
  }
}
