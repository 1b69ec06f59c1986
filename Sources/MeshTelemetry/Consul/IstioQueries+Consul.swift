/// The same questions of Envoy's metrics with Consul's labels; answers carry the labels that Istio's would.
extension IstioQueries {
  private static let isOfMesh = PromQL.Matcher("consul_destination_service", .notEqual, "")

  private func rates(_ metric: String, by more: [String], _ matchers: [PromQL.Matcher?] = []) -> String {
    let selector = PromQL.selector(metric, ([Self.isOfMesh] + matchers).compactMap(\.self))
    return PromQL.sumOfRates(of: selector, by: more + ConsulMetric.edgeLabels, window: window)
  }

  /// An expression with Consul's labels renamed to Istio's.
  private func translated(_ expression: String) -> String {
    func replaced(_ text: String, _ label: String, _ value: String, _ source: String, _ pattern: String) -> String {
      "label_replace(\(text), \"\(label)\", \"\(value)\", \"\(source)\", \"\(pattern)\")"
    }
    var text = expression
    for (label, source) in [
      ("source_workload", "consul_source_service"), ("source_workload_namespace", "consul_source_namespace"),
      ("destination_service_name", "consul_destination_service"),
      ("destination_service_namespace", "consul_destination_namespace"),
      ("destination_workload_namespace", "consul_destination_namespace"), ("response_code", "envoy_response_code"),
    ] { text = replaced(text, label, "$1", source, "(.+)") }
    text =
      "label_join(\(text), \"destination_workload\", \"-\", \"consul_destination_service\","
      + " \"consul_destination_service_subset\")"
    text = replaced(text, "destination_workload", "$1", "destination_workload", "(.*)-")
    for label in ["destination_service_name", "destination_workload"] {
      text = "label_join(\(text), \"\(label)\", \"@\", \"\(label)\", \"\(ConsulMetric.peerLabel)\")"
      text = replaced(text, label, "$1", label, "(.*)@")
    }
    text = replaced(text, "request_protocol", "http", "", "")
    return replaced(text, "reporter", "source", "", "")
  }

  var consulRequests: Query {
    Query(
      id: "requests", text: translated(rates(ConsulMetric.requests, by: ["envoy_response_code"]) + " > 0"),
      purpose: "requests a second by edge and outcome, as callers' sidecars count them; an error is, unless chosen "
        + "otherwise, 5xx; n is the rate times the window")
  }

  func consulLatency(_ quantile: IstioTraffic.Quantile) -> Query {
    let buckets = rates(ConsulMetric.durationMilliseconds + "_bucket", by: ["le"])
    return Query(
      id: "latency-\(quantile)", text: translated("histogram_quantile(\(quantile.rawValue), \(buckets)) >= 0"),
      purpose: "latency in milliseconds that a share of \(quantile.rawValue) of the requests did not exceed, by edge, "
        + "interpolated in the histogram's buckets")
  }

  /// Bytes and connections of destinations that no request is counted for: those of plain TCP.
  var consulFlows: Query {
    let labels = ConsulMetric.edgeLabels.joined(separator: ", ")
    let requests = PromQL.selector("envoy_cluster_upstream_rq_total", [Self.isOfMesh].compactMap(\.self))
    let terms = ConsulMetric.flows.map { measure, metric in
      "label_replace(\(rates(metric, by: [])) > 0 unless on (\(labels)) (\(requests) > 0),"
        + " \"\(IstioMetric.measureLabel)\", \"\(measure.rawValue)\", \"\", \"\")"
    }
    return Query(
      id: "flows", text: translated("(\(terms.joined(separator: " or ")))"),
      purpose: "TCP bytes and connections a second by edge, as callers' sidecars count them")
  }

  var consulAge: Query {
    Query(
      id: "age",
      text: "time() - max(timestamp(\(PromQL.selector(ConsulMetric.requests, [Self.isOfMesh].compactMap(\.self)))))",
      purpose: "seconds since the newest sample of any sidecar")
  }

  func consulHistory(of flow: FlowSelector, failuresOnly: Bool) -> Query {
    let failures = failuresOnly ? PromQL.Matcher("envoy_response_code", .matches, "5..") : nil
    let common = [
      flow.namespace.isEmpty ? nil : PromQL.Matcher("consul_destination_namespace", .equal, flow.namespace),
      flow.sourceWorkload.isEmpty ? nil : PromQL.Matcher("consul_source_service", .equal, flow.sourceWorkload),
      failures,
    ]
    let (service, peer) = ConsulMetric.parts(of: flow.workload.isEmpty ? flow.service : flow.workload)
    func term(_ matchers: [PromQL.Matcher?]) -> String {
      let isOfPeer = service.isEmpty ? nil : PromQL.Matcher(ConsulMetric.peerLabel, .equal, peer)
      let all = ([Self.isOfMesh] + common + matchers + [isOfPeer]).compactMap(\.self)
      return "sum(rate(\(PromQL.selector(ConsulMetric.requests, all))[\(PromQL.duration(window))]))"
    }
    let text: String
    if flow.workload.isEmpty || !peer.isEmpty {
      text = term([service.isEmpty ? nil : PromQL.Matcher("consul_destination_service", .equal, service)])
    } else {
      // A workload is `service-subset`, or a service without subsets; services have dashes in their names too.
      let ends = flow.workload.indices.filter { flow.workload[$0] == "-" }
      let splits = ends.map { (String(flow.workload[..<$0]), String(flow.workload[flow.workload.index(after: $0)...])) }
      text = ([(flow.workload, "")] + splits).map { service, subset in
        term([
          PromQL.Matcher("consul_destination_service", .equal, service),
          PromQL.Matcher("consul_destination_service_subset", .equal, subset),
        ])
      }.joined(separator: " or ")
    }
    return Query(
      id: failuresOnly ? "history-failures" : "history-requests", text: text,
      purpose: failuresOnly ? "failed requests a second over time: 5xx" : "requests a second over time")
  }
}
