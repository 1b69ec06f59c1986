import MeshModel

extension MetricFamily {
  /// Linkerd's proxies, with the labels that Linkerd's own scrape configuration adds.
  ///
  /// Source: Linkerd, "Proxy Metrics", and the queries of its viz extension. Callers' proxies know most: the workload called,
  /// the identity it proved, and why a connection is not protected. A server's proxy is asked only for callers without one.
  static let linkerd = MetricFamily(
    name: "Linkerd",
    series: [
      SeriesShape(
        metric: "response_total", measure: .rate, labels: LinkerdLabels.responses,
        purpose: "Linkerd's responses a second by edge, outcome and protection"),
      SeriesShape(
        metric: "response_latency_ms", measure: .quantiles(milliseconds: 1), labels: LinkerdLabels.edge,
        purpose: "Linkerd's latency in milliseconds by edge, interpolated in the histogram's buckets"),
      SeriesShape(
        metric: "tcp_open_total", measure: .rate, labels: LinkerdLabels.streams,
        purpose: "connections a second that Linkerd's proxies opened or took, by edge"),
      SeriesShape(
        metric: "tcp_read_bytes_total", measure: .rate, labels: LinkerdLabels.streams,
        purpose: "bytes a second that Linkerd's proxies read from either side, by edge"),
      SeriesShape(
        metric: "tcp_write_bytes_total", measure: .rate, labels: LinkerdLabels.streams,
        purpose: "bytes a second that Linkerd's proxies wrote to either side, by edge"),
      SeriesShape(
        metric: "tcp_open_connections", measure: .level,
        matchers: [PromQL.Matcher("direction", .equal, "outbound")].compactMap(\.self),
        labels: LinkerdLabels.streams + ["server_id", "no_tls_reason"],
        purpose: "open connections by edge, with the identity the server proved or why there is none"),
    ]
      + ["http", "grpc"].flatMap { layer in
        [
          SeriesShape(
            metric: "outbound_\(layer)_route_backend_response_statuses_total", measure: .rate,
            labels: LinkerdLabels.backend + ["http_status", "grpc_status", "error"],
            purpose: "responses a second that each backend of a route gave"),
          SeriesShape(
            metric: "outbound_\(layer)_route_backend_response_duration_seconds",
            measure: .quantiles(milliseconds: 1000), labels: LinkerdLabels.backend,
            purpose: "latency of each backend of a route; seconds are converted to milliseconds"),
        ]
      }, measures: { LinkerdTraffic($0, $1).measures })
}

/// The labels of Linkerd's series.
enum LinkerdLabels {
  /// The kinds of workloads, as the proxies' labels name them, the one that owns first.
  static let kinds = ["deployment", "statefulset", "daemonset", "cronjob", "k8s_job", "replicaset"]
  /// The labels of an edge.
  static let edge =
    [
      "direction", "tls", "client_id", "authority", "namespace", "dst_namespace", "dst_service",
      "dst_external_workload",
    ]
    + kinds + kinds.map { "dst_" + $0 }
  /// The labels of responses.
  static let responses = edge + ["status_code", "grpc_status", "classification"]
  /// The labels of transports.
  static let streams = edge + ["peer"]
  /// The labels of a backend of a route.
  static let backend = [
    "route_group", "route_kind", "route_namespace", "route_name", "backend_kind", "backend_namespace", "backend_name",
    "backend_port",
  ]
}

/// What Linkerd's samples add up to.
struct LinkerdTraffic {
  private let samples: NativeSamples
  private let context: MeasureContext
  /// The workloads that some caller's proxy reports requests or connections to.
  private var called: Set<EdgeEnd> = []
  /// Whether the requests of an edge are gRPC.
  private var grpc: Set<EdgeEnds> = []
  /// The edges that requests are counted of: their transport is no flow of its own.
  private var requesting: Set<EdgeEnds> = []

  init(_ samples: NativeSamples, _ context: MeasureContext) {
    self.samples = samples
    self.context = context
    for (sample, _) in samples.positive("response_total") + samples.positive("tcp_open_total")
    where sample["direction"] == "outbound" {
      let ends = Self.ends(sample)
      called.insert(EdgeEnd(namespace: ends.destinationNamespace, workload: ends.destination))
    }
    for (sample, _) in samples.positive("response_total") {
      requesting.insert(Self.ends(sample))
      if !sample["grpc_status"].isEmpty { grpc.insert(Self.ends(sample)) }
    }
  }

  var measures: FamilyMeasures {
    var result = FamilyMeasures()
    for (sample, rate) in samples.positive("response_total") {
      result.reporting.insert(Self.reporter(sample))
      guard var labels = labels(sample) else { continue }
      let failedUnanswered = sample["status_code"].isEmpty && sample["grpc_status"].isEmpty
      labels["response_code"] = failedUnanswered ? "0" : sample["status_code"].isEmpty ? "200" : sample["status_code"]
      labels["grpc_response_status"] = sample["grpc_status"]
      result.requests.append(LabelledSample(labels: labels, sample: Sample(rate)))
    }
    for (quantile, found) in samples.quantiles["response_latency_ms"] ?? [:] {
      result.latencies[quantile] = found.compactMap { sample in
        labels(sample).map { LabelledSample(labels: $0, sample: sample.sample) }
      }
    }
    addStreams(&result)
    addSecurity(&result)
    addBackends(&result)
    return result
  }

  /// The labels in Istio's words; `nil` for what another proxy reports too.
  private func labels(_ sample: LabelledSample) -> [String: String]? {
    let ends = Self.ends(sample)
    let isOutbound = sample["direction"] == "outbound"
    if !isOutbound {
      // A meshed caller's own proxy reports the flow, with the caller's name; unless it is not measured here.
      let server = EdgeEnd(namespace: ends.destinationNamespace, workload: ends.destination)
      if sample["tls"] == "true", called.contains(server) { return nil }
    }
    let host = String(sample["authority"].prefix { $0 != ":" })
    let parts = host.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let isClusterHost = parts.count >= 3 && parts[2] == "svc"
    var labels = [
      "reporter": isOutbound ? "source" : "alone", "source_workload_namespace": ends.sourceNamespace,
      "source_workload": ends.source, "destination_workload_namespace": ends.destinationNamespace,
      "destination_workload": ends.destination, "destination_service": host,
      "destination_service_name": sample["dst_service"].isEmpty
        ? (isClusterHost ? parts[0] : host) : sample["dst_service"],
      "destination_service_namespace": isClusterHost ? parts[1] : ends.destinationNamespace,
      "request_protocol": grpc.contains(ends) ? "grpc" : "http",
      "connection_security_policy": sample["tls"] == "true" ? "mutual_tls" : "none",
    ]
    labels[IstioMetric.trustLabel] = "true"
    return labels.filter { !$0.value.isEmpty }
  }

  /// The workload whose proxy reported a sample.
  private static func reporter(_ sample: LabelledSample) -> EdgeEnd {
    EdgeEnd(namespace: sample["namespace"], workload: workload(sample, ""))
  }

  private static func workload(_ sample: LabelledSample, _ prefix: String) -> String {
    for kind in LinkerdLabels.kinds where !sample[prefix + kind].isEmpty { return sample[prefix + kind] }
    return prefix.isEmpty ? "" : sample["dst_external_workload"]
  }

  private static func ends(_ sample: LabelledSample) -> EdgeEnds {
    if sample["direction"] == "outbound" {
      return EdgeEnds(
        sourceNamespace: sample["namespace"], source: workload(sample, ""),
        destinationNamespace: sample["dst_namespace"],
        destination: workload(sample, "dst_"))
    }
    // `account.namespace.serviceaccount.identity…`: the account is no workload, its namespace is the caller's.
    let parts = sample["client_id"].split(separator: ".")
    return EdgeEnds(
      sourceNamespace: parts.count > 2 && parts[2] == "serviceaccount" ? String(parts[1]) : "", source: "",
      destinationNamespace: sample["namespace"], destination: workload(sample, ""))
  }

  /// Bytes and connections: of edges with requests the bytes of these, else flows of TCP.
  private func addStreams(_ result: inout FamilyMeasures) {
    for (metric, source, destination) in [
      ("tcp_write_bytes_total", FlowMeasure.toSource, FlowMeasure.toDestination),
      ("tcp_read_bytes_total", .toDestination, .toSource), ("tcp_open_total", .connections, .connections),
    ] {
      for (sample, rate) in samples.positive(metric) {
        let isOutbound = sample["direction"] == "outbound"
        // Of the two sides of a proxy the far one counts: a caller's has the server's name.
        guard sample["peer"] == (isOutbound ? "dst" : "src") else { continue }
        result.reporting.insert(Self.reporter(sample))
        guard var labels = labels(sample) else { continue }
        var measure = isOutbound ? destination : source
        if requesting.contains(Self.ends(sample)) {
          guard measure != .connections else { continue }
          measure = measure == .toDestination ? .requestBytes : .responseBytes
        } else {
          labels["request_protocol"] = nil
        }
        labels[IstioMetric.measureLabel] = measure.rawValue
        result.flows.append(LabelledSample(labels: labels, sample: Sample(rate)))
      }
    }
  }

  private func addSecurity(_ result: inout FamilyMeasures) {
    for (sample, connections) in samples.positive("tcp_open_connections") {
      let ends = Self.ends(sample)
      guard !ends.destination.isEmpty else { continue }
      var security = result.security[ends] ?? EdgeSecurity(serverIdentities: [], plain: [:])
      let identity = sample["server_id"]
      if !identity.isEmpty {
        if !security.serverIdentities.contains(identity) {
          security.serverIdentities = (security.serverIdentities + [identity]).sorted()
        }
      } else if sample["tls"] != "true" {
        let reason = sample["no_tls_reason"]
        security.plain[reason.isEmpty ? "not told" : reason, default: 0] += connections
      }
      result.security[ends] = security
    }
  }

  private func addBackends(_ result: inout FamilyMeasures) {
    var table = BackendTable(context, query: "outbound_http_route_backend_response_statuses_total")
    for layer in ["http", "grpc"] {
      let metric = "outbound_\(layer)_route_backend_response_statuses_total"
      for (sample, rate) in samples.positive(metric) {
        guard let key = Self.backend(sample, table.blank) else { continue }
        table.add(Self.outcome(sample), rate, to: key)
      }
      let durations = "outbound_\(layer)_route_backend_response_duration_seconds"
      for (quantile, found) in samples.quantiles[durations] ?? [:] {
        for sample in found {
          guard let milliseconds = sample.sample.number, let key = Self.backend(sample, table.blank) else { continue }
          table.add(quantile, milliseconds, to: key)
        }
      }
    }
    result.backends = table.all
  }

  /// The backend of a route; `nil` for the routes a proxy makes up itself.
  private static func backend(_ sample: LabelledSample, _ blank: Traffic) -> BackendFlow? {
    let (kind, name) = (sample["route_kind"].lowercased(), sample["route_name"])
    guard !kind.isEmpty, kind != "default", !name.isEmpty, !sample["backend_name"].isEmpty else { return nil }
    let isOwn = sample["route_group"] == "policy.linkerd.io"
    return BackendFlow(
      routeKind: isOwn ? "\(kind).policy.linkerd.io" : kind, namespace: sample["route_namespace"], route: name,
      backend: sample["backend_name"], backendNamespace: sample["backend_namespace"], port: Int(sample["backend_port"]),
      traffic: blank)
  }

  /// The class of an answer: an HTTP status, a gRPC status by name or number, or an error without either.
  private static func outcome(_ sample: LabelledSample) -> Traffic.ResponseClass {
    let status = sample["grpc_status"]
    if !status.isEmpty { return ["OK", "0"].contains(status.uppercased()) ? .success : .grpcError }
    return ResponseOutcome.responseClass(code: sample["http_status"], grpcStatus: "") ?? .noResponse
  }
}
