/// The same questions of Envoy's own counters by cluster; what answers carry is read as the counters of a proxy are.
///
/// Source: Envoy, "Cluster manager statistics".
extension IstioQueries {
  private static let cluster = "envoy_cluster_name"
  private static let requestsMetric = "envoy_cluster_upstream_rq"

  private func rates(_ metric: String, by more: [String] = []) -> String {
    PromQL.sumOfRates(of: Self.named(metric), by: [Self.cluster] + more, window: window)
  }

  /// A metric's series that are of a cluster.
  private static func named(_ metric: String, _ more: [PromQL.Matcher?] = []) -> String {
    PromQL.selector(metric, ([PromQL.Matcher(cluster, .notEqual, "")] + more).compactMap(\.self))
  }

  var envoyRequests: Query {
    Query(
      id: "requests", text: rates(Self.requestsMetric, by: ["envoy_response_code"]) + " > 0",
      purpose: "requests a second by cluster and code, as callers' Envoys count them; an error is, unless chosen "
        + "otherwise, 5xx; n is the rate times the window")
  }

  func envoyLatency(_ quantile: IstioTraffic.Quantile) -> Query {
    let buckets = rates("envoy_cluster_upstream_rq_time_bucket", by: ["le"])
    return Query(
      id: "latency-\(quantile)", text: "histogram_quantile(\(quantile.rawValue), \(buckets)) >= 0",
      purpose:
        "latency in milliseconds that a share of \(quantile.rawValue) of the requests did not exceed, by cluster, "
        + "interpolated in the histogram's buckets")
  }

  var envoyFlows: Query {
    let terms = [
      (FlowMeasure.toDestination, "envoy_cluster_upstream_cx_tx_bytes_total"),
      (.toSource, "envoy_cluster_upstream_cx_rx_bytes_total"), (.connections, "envoy_cluster_upstream_cx_total"),
    ].map { measure, metric in
      "label_replace(\(rates(metric)) > 0, \"\(IstioMetric.measureLabel)\", \"\(measure.rawValue)\", \"\", \"\")"
    }
    return Query(
      id: "flows", text: terms.joined(separator: " or "),
      purpose: "TCP bytes and connections a second by cluster, as callers' Envoys count them")
  }

  var envoyAge: Query {
    Query(
      id: "age", text: "time() - max(timestamp(\(Self.named(Self.requestsMetric))))",
      purpose: "seconds since the newest sample of any Envoy")
  }

  func envoyHistory(of flow: FlowSelector, _ names: EnvoyNames, failuresOnly: Bool) -> Query {
    let clusters = names.tags(of: flow).map(PromQL.literalPattern).joined(separator: "|")
    let matchers = [
      PromQL.Matcher(Self.cluster, .matches, clusters),
      failuresOnly ? PromQL.Matcher("envoy_response_code", .matches, "5..") : nil,
    ]
    return Query(
      id: failuresOnly ? "history-failures" : "history-requests",
      text: "sum(rate(\(Self.named(Self.requestsMetric, matchers))[\(PromQL.duration(window))]))",
      purpose: failuresOnly ? "failed requests a second over time: 5xx" : "requests a second over time")
  }
}

extension EnvoyNames {
  /// A sample by cluster as one between the two ends of a call; `nil` where the cluster is none of the mesh's, or where it
  /// tells of the bytes of one that carries requests.
  func translated(_ sample: LabelledSample) -> LabelledSample? {
    guard let cluster = cluster(tagged: sample["envoy_cluster_name"]) else { return nil }
    var labels = labels(cluster, code: sample["envoy_response_code"])
    if let measure = sample.labels[IstioMetric.measureLabel] {
      guard counters.tcp.contains(cluster) else { return nil }
      labels[IstioMetric.measureLabel] = measure
      labels["request_protocol"] = "tcp"
    }
    return LabelledSample(labels: labels, sample: sample.sample, at: sample.at)
  }

  /// The tags that the counters of a flow are filed under.
  func tags(of flow: FlowSelector) -> [String] {
    counters.clusters.keys.sorted().filter { name in
      let workload = counters.clusters[name] ?? name
      return (flow.workload.isEmpty || flow.workload == workload)
        && (flow.service.isEmpty || flow.service == counters.services[name] ?? workload)
    }.map(Self.tag)
  }
}
