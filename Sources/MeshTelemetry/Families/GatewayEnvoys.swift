import MeshModel

extension MetricFamily {
  /// Envoys that a Gateway API controller configured, whose cluster names tell what they lead to.
  ///
  /// Sources: Envoy Gateway names clusters `httproute/NAMESPACE/NAME/rule/N`, and with `/backend/N` where backends have
  /// clusters of their own; Contour names them `NAMESPACE/SERVICE/PORT/HASH`. Where a name tells no more than that, it is
  /// said; other clusters are left alone.
  static let gatewayEnvoys = MetricFamily(
    name: "Envoys of a Gateway API controller",
    series: [
      SeriesShape(
        metric: "envoy_cluster_upstream_rq", measure: .rate, matchers: GatewayEnvoyTraffic.matchers,
        labels: ["envoy_cluster_name", "envoy_response_code"],
        purpose: "requests a second to each cluster of a gateway's Envoys, by answer"),
      SeriesShape(
        metric: "envoy_cluster_upstream_rq_time", measure: .quantiles(milliseconds: 1),
        matchers: GatewayEnvoyTraffic.matchers, labels: ["envoy_cluster_name"],
        purpose: "latency of each cluster of a gateway's Envoys in milliseconds"),
    ], measures: GatewayEnvoyTraffic.measures)
}

/// What the counters of a gateway's Envoys add up to.
enum GatewayEnvoyTraffic {
  static let routeKinds = ["httproute", "grpcroute", "tcproute", "tlsroute"]

  /// The clusters asked for: those whose name has the form of one of the controllers.
  static let matchers = [
    PromQL.Matcher(
      "envoy_cluster_name", .matches,
      "(\(routeKinds.joined(separator: "|")))/[^/]+/[^/]+/rule/.+|[^/|]+/[^/|]+/[^/|]+/[0-9a-f]{10}")
  ].compactMap(\.self)

  /// What a cluster's name tells.
  enum Cluster: Equatable {
    /// A rule of a route, and the number of the backend where the cluster is of one alone.
    case rule(kind: String, namespace: String, route: String, rule: Int, backend: Int?)
    case service(namespace: String, name: String)

    init?(_ name: String) {
      let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard !parts.contains("") else { return nil }
      if parts.count >= 5, routeKinds.contains(parts[0]), parts[3] == "rule", let rule = Int(parts[4]) {
        if parts.count == 5 {
          self = .rule(kind: parts[0], namespace: parts[1], route: parts[2], rule: rule, backend: nil)
          return
        }
        guard parts.count == 7, parts[5] == "backend", let backend = Int(parts[6]) else { return nil }
        self = .rule(kind: parts[0], namespace: parts[1], route: parts[2], rule: rule, backend: backend)
        return
      }
      let isHash = parts.count == 4 && parts[3].utf8.count == 10 && parts[3].allSatisfy(\.isHexDigit)
      guard isHash, !routeKinds.contains(parts[0]) else { return nil }
      self = .service(namespace: parts[0], name: parts[1])
    }

    func flow(_ blank: Traffic) -> BackendFlow {
      switch self {
      case .rule(let kind, let namespace, let route, let rule, let backend):
        BackendFlow(
          routeKind: kind, namespace: namespace, route: route, rule: rule, backend: backend.map { "#\($0)" } ?? "",
          traffic: blank)
      case .service(let namespace, let name):
        BackendFlow(routeKind: "", namespace: namespace, route: "", backend: name, traffic: blank)
      }
    }
  }

  static func measures(_ samples: NativeSamples, _ context: MeasureContext) -> FamilyMeasures {
    var table = BackendTable(context, query: "envoy_cluster_upstream_rq")
    var result = FamilyMeasures()
    var untold: Set<String> = []
    for (sample, rate) in samples.positive("envoy_cluster_upstream_rq") {
      guard let cluster = Cluster(sample["envoy_cluster_name"]) else {
        if routeKinds.contains(where: { sample["envoy_cluster_name"].hasPrefix($0 + "/") }) {
          untold.insert(sample["envoy_cluster_name"])
        }
        continue
      }
      let outcome = ResponseOutcome.responseClass(code: sample["envoy_response_code"], grpcStatus: "") ?? .noResponse
      table.add(outcome, rate, to: cluster.flow(table.blank))
      guard case .service(let namespace, let name) = cluster else { continue }
      result.requests.append(
        LabelledSample(
          labels: labels(namespace, name).merging(["response_code": sample["envoy_response_code"]]) { $1 },
          sample: Sample(rate)))
    }
    for (quantile, found) in samples.quantiles["envoy_cluster_upstream_rq_time"] ?? [:] {
      for sample in found {
        guard let milliseconds = sample.sample.number, let cluster = Cluster(sample["envoy_cluster_name"]) else {
          continue
        }
        table.add(quantile, milliseconds, to: cluster.flow(table.blank))
        guard case .service(let namespace, let name) = cluster else { continue }
        result.latencies[quantile, default: []].append(
          LabelledSample(labels: labels(namespace, name), sample: sample.sample))
      }
    }
    result.backends = table.all
    for name in untold.sorted().prefix(3) {
      result.gaps.append("Envoy's cluster \(name) belongs to no route its name tells")
    }
    return result
  }

  /// The edge to a service in Istio's labels: which workload of it answered, the gateway does not count.
  private static func labels(_ namespace: String, _ name: String) -> [String: String] {
    [
      "reporter": "source", "destination_service_namespace": namespace, "destination_service_name": name,
      "destination_service": "\(name).\(namespace).svc.cluster.local", "request_protocol": "http",
    ]
  }
}
