/// Whose labels metrics carry.
public enum MetricVocabulary: Sendable, Hashable {
  /// Istio's standard metrics.
  case istio
  /// Envoy's own metrics with the labels that Consul has its proxies add.
  case consul
  /// Envoy's own metrics by cluster, with the mesh's services found again in the clusters' names.
  case envoy(EnvoyCounters)
}

/// Envoy's counters of calls, as Consul's sidecars label them.
///
/// Only the caller's proxy tells where a call goes, so that everything is reported by sources. Source: hashicorp/consul,
/// `command/connect/envoy/bootstrap_config.go`, the stats tags `consul.source.*` and `consul.destination.*`.
enum ConsulMetric {
  static let requests = "envoy_cluster_upstream_rq"
  static let durationMilliseconds = "envoy_cluster_upstream_rq_time"
  /// What connections carry, by what it measures.
  static let flows: [(measure: FlowMeasure, metric: String)] = [
    (.toDestination, "envoy_cluster_upstream_cx_tx_bytes_total"),
    (.toSource, "envoy_cluster_upstream_cx_rx_bytes_total"),
    (.connections, "envoy_cluster_upstream_cx_total"),
  ]

  /// The labels that name the two ends of a call.
  static let edgeLabels = [
    "consul_source_service", "consul_source_namespace", "consul_destination_service",
    "consul_destination_service_subset", "consul_destination_namespace", "consul_destination_datacenter", peerLabel,
  ]

  /// The label that names the peer that a call goes to; calls within the cluster have none.
  static let peerLabel = "consul_destination_peer"

  /// The labels that name the two ends, of the labels that ``labels(_:)`` gives.
  static func ends(_ labels: [String: String]) -> [String: String] {
    labels.filter { $0.key.hasPrefix("source_") || $0.key.hasPrefix("destination_") }
  }

  /// A service as edges name it, taken apart: that of a peer is `service@peer`.
  static func parts(of name: String) -> (service: String, peer: String) {
    guard let at = name.lastIndex(of: "@") else { return (name, "") }
    return (String(name[..<at]), String(name[name.index(after: at)...]))
  }

  /// The labels of a series as an assembly of edges takes them; `nil` for one that is of no call into the mesh.
  ///
  /// A subset is a workload of its own, named `service-subset`; a peer's service and its workload are `service@peer`.
  static func labels(_ name: SeriesName) -> [String: String]? {
    let labels = name.labels
    guard var service = labels["consul_destination_service"] else { return nil }
    if let peer = labels[peerLabel] { service += "@\(peer)" }
    let subset = labels["consul_destination_service_subset"] ?? ""
    let namespace = labels["consul_destination_namespace"] ?? "default"
    var result = [
      "reporter": "source", "source_workload": labels["consul_source_service"] ?? labels["local_cluster"] ?? "",
      "source_workload_namespace": labels["consul_source_namespace"] ?? "default",
      "destination_workload": subset.isEmpty ? service : "\(service)-\(subset)",
      "destination_workload_namespace": namespace, "destination_service_name": service,
      "destination_service_namespace": namespace, "request_protocol": "http",
    ]
    if let code = labels["envoy_response_code"] { result["response_code"] = code }
    return result
  }
}
