/// The queries of one refresh: six for a whole mesh, whatever its number of namespaces.
struct IstioQueries {
  /// One query with what it is for.
  struct Query: Sendable, Hashable {
    var id: String
    var text: String
    var purpose: String
  }

  /// The window in seconds.
  var window: Double
  /// Whose labels the metrics carry.
  var vocabulary = MetricVocabulary.istio

  var requests: Query {
    if vocabulary == .consul { return consulRequests }
    if case .envoy = vocabulary { return envoyRequests }
    let rates = PromQL.sumOfRates(of: IstioMetric.requests, by: IstioMetric.requestLabels, window: window)
    return Query(
      id: "requests", text: rates + " > 0",
      purpose: "requests a second by edge, outcome and protection; an error is, unless chosen otherwise, 5xx, a gRPC "
        + "status other than 0, or code 0 (no response); n is the rate times the window")
  }

  func latency(_ quantile: IstioTraffic.Quantile) -> Query {
    if vocabulary == .consul { return consulLatency(quantile) }
    if case .envoy = vocabulary { return envoyLatency(quantile) }
    func buckets(_ metric: String) -> String {
      let rates = PromQL.sumOfRates(
        of: metric + "_bucket", by: ["le"] + IstioMetric.requestEdgeLabels, window: window)
      return "histogram_quantile(\(quantile.rawValue), \(rates))"
    }
    return Query(
      id: "latency-\(quantile)",
      text: "(\(buckets(IstioMetric.durationMilliseconds)) or 1000 * \(buckets(IstioMetric.durationSeconds))) >= 0",
      purpose: "latency in milliseconds that a share of \(quantile.rawValue) of the requests did not exceed, by edge, "
        + "interpolated in the histogram's buckets; seconds of Mixer's metric are converted")
  }

  var flows: Query {
    if vocabulary == .consul { return consulFlows }
    if case .envoy = vocabulary { return envoyFlows }
    let terms = FlowMeasure.allCases.map { measure in
      let rates = PromQL.sumOfRates(of: measure.counter, by: measure.labels, window: window)
      return "label_replace(\(rates) > 0, \"\(IstioMetric.measureLabel)\", \"\(measure.rawValue)\", \"\", \"\")"
    }
    return Query(
      id: "flows", text: terms.joined(separator: " or "),
      purpose: "TCP bytes and connections, HTTP bytes and gRPC messages a second by edge; TCP bytes to the destination "
        + "are what Istio counts as received")
  }

  /// The workloads whose proxies have counters, moving or not: the rates asked for leave out those that do not move.
  static var proxies: String {
    ["destination", "source"].map { end in
      "count by (reporter, \(end)_workload_namespace, \(end)_workload) "
        + "({__name__=~\"\(IstioMetric.requests)|\(FlowMeasure.connections.counter)\", reporter=\"\(end)\"})"
    }.joined(separator: " or ")
  }

  /// The age of the newest sample of Istio's metrics and of others that are there.
  func age(_ others: Set<String> = []) -> Query {
    if vocabulary == .consul { return consulAge }
    if case .envoy = vocabulary { return envoyAge }
    let terms = ([IstioMetric.requests, IstioMetric.tcpSent] + others.sorted()).map { "timestamp(\($0))" }
    return Query(
      id: "age", text: "time() - max(\(terms.joined(separator: " or ")))",
      purpose: "seconds since the newest sample of any proxy")
  }

  /// The requests a second of one flow; failures only where asked for.
  func history(of flow: FlowSelector, failuresOnly: Bool) -> Query {
    if vocabulary == .consul { return consulHistory(of: flow, failuresOnly: failuresOnly) }
    if case .envoy(let counters) = vocabulary {
      return envoyHistory(of: flow, EnvoyNames(counters), failuresOnly: failuresOnly)
    }
    let matchers = Self.matchers(flow)
    // A flow's destination tells of it where it can; the caller's proxy tells of what never got there.
    func rates(_ reporter: String, _ more: [PromQL.Matcher?]) -> String {
      let all = [PromQL.Matcher("reporter", .equal, reporter)].compactMap(\.self) + matchers + more.compactMap(\.self)
      return "sum(rate(\(PromQL.selector(IstioMetric.requests, all))[\(PromQL.duration(window))]))"
    }
    func terms(_ more: [PromQL.Matcher?]) -> String {
      "(\(rates("destination", more)) or \(rates("waypoint", more)) or \(rates("source", more)))"
    }
    guard failuresOnly else {
      return Query(id: "history-requests", text: terms([]), purpose: "requests a second over time")
    }
    let byCode = terms([PromQL.Matcher("response_code", .matches, "0|5..")])
    let byStatus = terms([
      PromQL.Matcher("response_code", .matchesNot, "0|5.."),
      PromQL.Matcher("grpc_response_status", .matches, "[1-9]|1[0-6]"),
    ])
    return Query(
      id: "history-failures", text: "(\(byCode) + \(byStatus)) or \(byCode) or \(byStatus)",
      purpose: "failed requests a second over time: 5xx, code 0 (no response) or a gRPC status from 1 to 16")
  }

  /// The conditions that pick a flow.
  static func matchers(_ flow: FlowSelector) -> [PromQL.Matcher] {
    var matchers: [PromQL.Matcher?] = []
    if !flow.namespace.isEmpty {
      let label = flow.service.isEmpty ? "destination_workload_namespace" : "destination_service_namespace"
      matchers.append(PromQL.Matcher(label, .equal, flow.namespace))
    }
    if !flow.service.isEmpty { matchers.append(PromQL.Matcher("destination_service_name", .equal, flow.service)) }
    if !flow.workload.isEmpty { matchers.append(PromQL.Matcher("destination_workload", .equal, flow.workload)) }
    if !flow.sourceWorkload.isEmpty { matchers.append(PromQL.Matcher("source_workload", .equal, flow.sourceWorkload)) }
    return matchers.compactMap(\.self)
  }
}
