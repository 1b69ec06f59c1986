import MeshModel

/// What tells one edge from another, whoever reported it.
struct EdgeIdentity: Hashable {
  var source: EdgeEnd
  var destination: EdgeEnd
  var transport: String

  /// The identity that a sample's labels give. `unknown` is how Istio writes that it does not know.
  init(_ sample: LabelledSample, transport: String) {
    func known(_ label: String) -> String {
      let value = sample[label]
      return value == "unknown" ? "" : value
    }
    func first(_ values: String...) -> String { values.first { !$0.isEmpty } ?? "" }
    source = EdgeEnd(
      namespace: known("source_workload_namespace"), workload: known("source_workload"),
      version: first(known("source_canonical_revision"), known("source_version")), cluster: known("source_cluster"))
    let workload = known("destination_workload")
    var service = known("destination_service_name")
    var serviceNamespace = known("destination_service_namespace")
    if service.isEmpty || serviceNamespace.isEmpty {
      let host = known("destination_service")
      let parts = host.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      let isClusterHost = parts.count >= 3 && parts[2] == "svc"
      if service.isEmpty { service = isClusterHost ? parts[0] : host }
      if serviceNamespace.isEmpty, isClusterHost { serviceNamespace = parts[1] }
    }
    destination = EdgeEnd(
      namespace: workload.isEmpty
        ? serviceNamespace : first(known("destination_workload_namespace"), serviceNamespace),
      workload: workload,
      service: service,
      version: first(known("destination_canonical_revision"), known("destination_version")),
      cluster: known("destination_cluster"))
    self.transport = transport
  }

  /// The workload whose proxy reported a sample; `nil` where it is not named.
  static func reporter(_ sample: LabelledSample) -> EdgeEnd? {
    let end = sample["reporter"] == "source" ? "source" : "destination"
    let workload = sample["\(end)_workload"]
    guard !workload.isEmpty, workload != "unknown", sample["reporter"] == end else { return nil }
    return EdgeEnd(namespace: sample["\(end)_workload_namespace"], workload: workload)
  }

  /// The protocol of requests.
  static func transport(ofRequests sample: LabelledSample) -> String {
    sample["request_protocol"] == "grpc" ? "grpc" : "http"
  }
}
