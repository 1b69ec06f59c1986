/// The names of Istio's standard metrics, of the proxies' own telemetry and of Mixer before 1.8.
enum IstioMetric {
  static let requests = "istio_requests_total"
  static let durationMilliseconds = "istio_request_duration_milliseconds"
  static let durationSeconds = "istio_request_duration_seconds"
  static let requestBytes = "istio_request_bytes"
  static let responseBytes = "istio_response_bytes"
  static let requestMessages = "istio_request_messages_total"
  static let responseMessages = "istio_response_messages_total"
  static let tcpSent = "istio_tcp_sent_bytes_total"
  static let tcpReceived = "istio_tcp_received_bytes_total"
  static let tcpOpened = "istio_tcp_connections_opened_total"

  /// The labels that tell one edge from another, and who reported it.
  static let edgeLabels = [
    "reporter", "source_cluster", "source_workload_namespace", "source_workload", "source_canonical_revision",
    "source_version", "destination_cluster", "destination_service_namespace", "destination_service",
    "destination_service_name", "destination_workload_namespace", "destination_workload",
    "destination_canonical_revision", "destination_version",
  ]

  /// The labels of an edge of requests: the protocol too.
  static let requestEdgeLabels = edgeLabels + ["request_protocol"]

  /// The labels of requests: edge, protocol, outcome and protection.
  static let requestLabels =
    requestEdgeLabels + ["response_code", "grpc_response_status", "response_flags"] + protectionLabels

  /// The labels that tell whether a connection was protected: since Istio 1.1, and before.
  static let protectionLabels = ["connection_security_policy", "connection_mtls"]

  /// The labels of TCP flows.
  static let tcpLabels = edgeLabels + protectionLabels

  /// The label that tells the measures of one query apart: see ``FlowMeasure``.
  static let measureLabel = "measure"

  /// The label of samples whose protection the caller's proxy knows.
  static let trustLabel = "caller_knows_protection"
}

/// What a sample of bytes, connections or messages counts: the value of the label `measure` that the queries set.
public enum FlowMeasure: String, Sendable, Hashable, CaseIterable {
  /// TCP bytes from the source to the destination.
  case toDestination = "tcp-to-destination"
  /// TCP bytes from the destination back.
  case toSource = "tcp-to-source"
  /// TCP connections opened.
  case connections = "tcp-connections"
  /// Bytes of HTTP requests.
  case requestBytes = "request-bytes"
  /// Bytes of HTTP responses.
  case responseBytes = "response-bytes"
  /// Messages of gRPC requests.
  case requestMessages = "request-messages"
  /// Messages of gRPC responses.
  case responseMessages = "response-messages"

  /// The counter it is the rate of.
  ///
  /// Istio counts TCP bytes the other way round than its names say: `sent` is what the server sent (istio/istio#32399).
  var counter: String {
    switch self {
    case .toDestination: IstioMetric.tcpReceived
    case .toSource: IstioMetric.tcpSent
    case .connections: IstioMetric.tcpOpened
    case .requestBytes: IstioMetric.requestBytes + "_sum"
    case .responseBytes: IstioMetric.responseBytes + "_sum"
    case .requestMessages: IstioMetric.requestMessages
    case .responseMessages: IstioMetric.responseMessages
    }
  }

  /// Whether it is of TCP, which has no request protocol and is protected or not.
  var isTCP: Bool { self == .toDestination || self == .toSource || self == .connections }

  /// The labels it is grouped by.
  var labels: [String] { isTCP ? IstioMetric.tcpLabels : IstioMetric.requestEdgeLabels }
}
