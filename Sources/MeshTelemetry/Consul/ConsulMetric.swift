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

  /// The labels that name the two ends of a call.
  static let edgeLabels = [
    "consul_source_service", "consul_source_namespace", "consul_destination_service",
    "consul_destination_service_subset", "consul_destination_namespace", "consul_destination_datacenter",
  ]

  /// The labels of a series as an assembly of edges takes them; `nil` for one that is of no call into the mesh.
  ///
  /// A subset is a workload of its own, named `service-subset`.
  static func labels(_ name: SeriesName) -> [String: String]? {
    let labels = name.labels
    guard let service = labels["consul_destination_service"] else { return nil }
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
