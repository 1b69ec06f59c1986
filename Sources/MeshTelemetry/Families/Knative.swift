import MeshModel

extension MetricFamily {
  /// The queue proxies of Knative Serving, before and since 1.19.
  ///
  /// Source: Knative, "Queue proxy metrics": `revision_request_count` and `revision_request_latencies` (milliseconds) of
  /// OpenCensus; `kn.serving.invocation.duration` (seconds) of OpenTelemetry, which Prometheus shows with underscores and the
  /// unit.
  static let knative = MetricFamily(
    name: "Knative",
    series: [
      SeriesShape(
        metric: "revision_request_count", measure: .rate, labels: KnativeLabels.older + ["response_code"],
        purpose: "requests a second that each revision of a Knative service answered"),
      SeriesShape(
        metric: "revision_request_latencies", measure: .quantiles(milliseconds: 1), labels: KnativeLabels.older,
        purpose: "latency of each revision of a Knative service in milliseconds"),
      SeriesShape(
        metric: "kn_serving_invocation_duration_seconds_count", measure: .rate,
        labels: KnativeLabels.newer + ["http_response_status_code"],
        purpose: "requests a second that each revision of a Knative service answered"),
      SeriesShape(
        metric: "kn_serving_invocation_duration_seconds", measure: .quantiles(milliseconds: 1000),
        labels: KnativeLabels.newer,
        purpose: "latency of each revision of a Knative service; seconds are converted to milliseconds"),
    ], measures: KnativeTraffic.measures)
}

/// The labels of Knative's series.
enum KnativeLabels {
  static let older = ["namespace_name", "namespace", "service_name", "revision_name", "configuration_name"]
  static let newer = [
    "k8s_namespace_name", "namespace", "kn_service_name", "kn_revision_name", "kn_configuration_name",
  ]
}

/// What Knative's samples add up to: flows of revisions, and edges that end at their deployments.
enum KnativeTraffic {
  static func measures(_ samples: NativeSamples, _ context: MeasureContext) -> FamilyMeasures {
    var result = FamilyMeasures()
    let counts = ["kn_serving_invocation_duration_seconds_count", "revision_request_count"]
    let durations = ["kn_serving_invocation_duration_seconds", "revision_request_latencies"]
    var table = BackendTable(context, query: counts.first { !samples.positive($0).isEmpty } ?? counts[0])
    for metric in counts {
      for (sample, rate) in samples.positive(metric) {
        let code = first(sample, "http_response_status_code", "response_code")
        guard let revision = Revision(sample) else { continue }
        let outcome = ResponseOutcome.responseClass(code: code, grpcStatus: "") ?? .noResponse
        if let key = revision.flow(table.blank) { table.add(outcome, rate, to: key) }
        var labels = revision.labels
        labels["response_code"] = code.isEmpty ? "0" : code
        result.requests.append(LabelledSample(labels: labels, sample: Sample(rate)))
      }
    }
    for metric in durations {
      for (quantile, found) in samples.quantiles[metric] ?? [:] {
        for sample in found {
          guard let milliseconds = sample.sample.number, let revision = Revision(sample) else { continue }
          if let key = revision.flow(table.blank) { table.add(quantile, milliseconds, to: key) }
          result.latencies[quantile, default: []].append(LabelledSample(labels: revision.labels, sample: sample.sample))
        }
      }
    }
    result.backends = table.all
    return result
  }

  fileprivate static func first(_ sample: LabelledSample, _ names: String...) -> String {
    names.map { sample[$0] }.first { !$0.isEmpty } ?? ""
  }
}

/// The revision a sample speaks of.
private struct Revision {
  let namespace: String
  let service: String
  let name: String

  init?(_ sample: LabelledSample) {
    namespace = KnativeTraffic.first(sample, "k8s_namespace_name", "namespace_name", "namespace")
    service = KnativeTraffic.first(
      sample, "kn_service_name", "service_name", "kn_configuration_name", "configuration_name")
    name = KnativeTraffic.first(sample, "kn_revision_name", "revision_name")
    guard !name.isEmpty, !namespace.isEmpty else { return nil }
  }

  func flow(_ blank: Traffic) -> BackendFlow? {
    guard !service.isEmpty else { return nil }
    return BackendFlow(
      routeKind: "service.serving.knative.dev", namespace: namespace, route: service, backend: name, traffic: blank)
  }

  /// The edge in Istio's labels: a revision's deployment has its name and a suffix, and who calls is not told.
  var labels: [String: String] {
    [
      "reporter": "destination", "destination_workload_namespace": namespace,
      "destination_workload": "\(name)-deployment", "destination_service_namespace": namespace,
      "destination_service_name": service, "request_protocol": "http",
    ].filter { !$0.value.isEmpty }
  }
}
