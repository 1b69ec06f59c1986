public import MeshModel

extension Prometheus {
  /// Why there is no data for a flow, from six counts; where callers' Envoys count by their own names, from two.
  public func reasonForNoData(of flow: FlowSelector, window: Double) async throws(MeshError) -> String {
    guard settings.vocabulary == .istio else { return try await reasonOfCallers(flow, window) }
    let requests = PromQL.selector(IstioMetric.requests, IstioQueries.matchers(flow))
    let tcp = PromQL.selector(IstioMetric.tcpSent, IstioQueries.matchers(flow))
    func query(_ id: String, _ text: String) -> IstioQueries.Query {
      .init(id: id, text: text, purpose: "counts series")
    }
    let queries = [
      query("all", "count(\(IstioMetric.requests))"),
      query("labelled", "count(\(IstioMetric.requests){destination_service_name!=\"\"})"),
      query("reporters", "count by (reporter) (\(requests))"),
      query("window", "count(count_over_time(\(requests)[\(PromQL.duration(window))]) >= 2)"),
      query("tcp", "count(\(tcp))"),
      query("age", "time() - max(max_over_time(timestamp(\(IstioMetric.requests))[1h:1m]))"),
    ]
    let outcomes = await ask(queries)
    var vectors: [String: [LabelledSample]] = [:]
    for query in queries {
      switch outcomes[query.id] {
      case .success(let outcome)?: vectors[query.id] = outcome.answer.vector
      case .failure(let error)?: throw error
      case nil: throw MeshError(.cancelled, "the queries were cancelled")
      }
    }
    func count(_ id: String) -> Int { vectors[id]?.first?.sample.number.flatMap { Int(exactly: $0.rounded()) } ?? 0 }
    let reporters = (vectors["reporters"] ?? []).map { ($0["reporter"], Int(exactly: $0.sample.number ?? 0) ?? 0) }
    return NoData.reason(
      NoData.Evidence(
        allSeries: count("all"), labelledSeries: count("labelled"),
        flowSeriesByReporter: Dictionary(reporters) { $0 + $1 }, flowSeriesInWindow: count("window"),
        tcpSeries: count("tcp"), newestAge: vectors["age"]?.first?.sample.number, window: window))
  }

  private func reasonOfCallers(_ flow: FlowSelector, _ window: Double) async throws(MeshError) -> String {
    let queries = IstioQueries(window: window, vocabulary: settings.vocabulary)
    let newest = try await single(queries.age().text).number
    guard let newest else {
      return settings.vocabulary == .consul
        ? "Prometheus has no counters of Consul's sidecars: it does not scrape them, or they called nothing"
        : "Prometheus has no counters of callers' Envoys: it does not scrape them, or they called nothing"
    }
    if newest > settings.staleAfter {
      return "the newest counters of any caller are \(PromQL.duration(newest.rounded())) old"
    }
    let rate = try await single(queries.history(of: flow, failuresOnly: false).text).number
    return rate == nil
      ? "no caller ever counted a request of this flow"
      : "callers counted no request of this flow in the last \(PromQL.duration(window))"
  }
}
