public import MeshModel
public import MeshTransport
import Synchronization

/// A Prometheus, or any server that speaks its query API, as the source of Istio's measurements.
///
/// A refresh is six queries for the whole mesh, at most four at once, and two more once a minute. Every number can be traced to its query, and what
/// could not be measured is a gap in words, never a zero.
public final class Prometheus: TelemetrySource {
  /// The address, without credentials.
  public let description: String
  let api: PrometheusAPI
  let settings: PrometheusSettings
  private let known = Mutex<(there: WhatIsThere, at: Double)?>(nil)
  private let now: @Sendable () -> Instant

  /// A source at an address.
  ///
  /// - Parameters:
  ///   - settings: Address, trust, credentials and headers.
  ///   - options: The session's retries, rate and clock; its settings and credentials are replaced by those of `settings`.
  ///   - now: The time of day.
  public init(
    _ settings: PrometheusSettings, options: Session.Options = Session.Options(),
    now: @escaping @Sendable () -> Instant = { TimeOfDay.now() }
  ) throws(MeshError) {
    var options = options
    options.settings = settings.connection
    options.credentials = settings.authorization.source
    do throws(TransportError) {
      let session = try Session(base: settings.url, options: options)
      let base = session.origin + session.basePath
      api = PrometheusAPI(transport: session, base: base, headers: settings.headers, onlyReads: settings.onlyReads)
      description = "Prometheus \(base)"
    } catch {
      throw MeshError(
        .usage, "the address of Prometheus makes no sense: \(error.message)",
        remedy: "write it as https://host:port/path", underlying: error)
    }
    self.settings = settings
    self.now = now
  }

  /// The version of the server, where it tells; fails where it cannot answer a query.
  public func check() async throws(MeshError) -> String? {
    let version = try await api.version()
    guard try await single("vector(1)") == .value(1) else {
      throw MeshError(
        .malformed, "\(description) does not answer a plain query", remedy: "check the address and its path")
    }
    return version
  }

  /// The one sample of a query that gives one series: absent where it gives none, an error where it gives several.
  public func single(_ query: String) async throws(MeshError) -> Sample {
    let vector = try await api.query(query).vector
    guard vector.count <= 1 else {
      throw MeshError(
        .malformed, "ambiguous: the query gave \(vector.count) series where one was expected: \(query)",
        remedy: "sum them or name the one meant")
    }
    return vector.first?.sample ?? .absent
  }

  /// The traffic of the whole mesh. Fails where the requests cannot be asked for; what else fails is a gap.
  public func traffic(window: Double, plane: PlaneName) async throws(MeshError) -> TrafficReport {
    let queries = IstioQueries(window: window, vocabulary: settings.vocabulary)
    let there = await whatIsThere()
    let names = there.names
    let shapes = MetricFamily.all.flatMap(\.series).filter { names.contains($0.evidence) }
    let stores =
      StoreMetrics.isThere(names) ? [StoreMetrics.rates(window: window), StoreMetrics.latencies(window: window)] : []
    let age = queries.age(names.intersection(MetricFamily.all.compactMap(\.series.first?.evidence)))
    let wanted =
      [queries.requests] + IstioTraffic.Quantile.allCases.map { queries.latency($0) } + [queries.flows, age]
      + shapes.flatMap { $0.queries(window: window).map(\.query) } + stores
    let outcomes = await ask(wanted)
    guard case .success(let requests)? = outcomes[queries.requests.id] else {
      if case .failure(let error)? = outcomes[queries.requests.id] { throw error }
      throw MeshError(.cancelled, "the queries were cancelled")
    }
    var gaps = there.gap.map { [$0] } ?? []
    var records: [QueryRecord] = []
    for query in wanted {
      switch outcomes[query.id] {
      case .success(let outcome)?:
        gaps += outcome.answer.gaps.map { "\(query.id): \($0)" }
        records.append(outcome.record)
      case .failure(let error)?: gaps.append("\(query.id): \(error.message)")
      case nil: gaps.append("\(query.id): not asked")
      }
    }
    let clusters: EnvoyNames? = if case .envoy(let counters) = settings.vocabulary { EnvoyNames(counters) } else { nil }
    func vector(_ query: IstioQueries.Query) -> [LabelledSample] {
      let samples = (try? outcomes[query.id]?.get().answer.vector) ?? []
      guard let clusters, query != age else { return samples }
      return samples.compactMap(clusters.translated)
    }
    let latencies = IstioTraffic.Quantile.allCases.map { ($0, vector(queries.latency($0))) }
    let at = now()
    let istio = FamilyMeasures(
      requests: clusters == nil ? requests.answer.vector : vector(queries.requests),
      latencies: Dictionary(latencies) { $1 }, flows: vector(queries.flows),
      reporting: there.reporting)
    let families = MetricFamily.all.map { family in
      var samples = NativeSamples()
      for shape in family.series where shapes.contains(shape) {
        for (query, quantile) in shape.queries(window: window) {
          if let quantile {
            samples.quantiles[shape.metric, default: [:]][quantile] = vector(query)
          } else {
            samples.values[shape.metric] = vector(query)
          }
        }
      }
      return (family, samples)
    }
    let newest = vector(age).first?.sample.number.map { max(0, $0) }
    if newest == nil, case .success? = outcomes[age.id] {
      gaps.append("no proxy of the mesh reported in the last minutes: Prometheus does not scrape it, or it is idle")
    } else if let newest, newest > settings.staleAfter {
      gaps.append(
        "\(Sample.stale(age: newest).text): the newest sample is older than \(PromQL.duration(settings.staleAfter))")
    }
    var table = StoreTable()
    for query in stores { for sample in vector(query) { table.add(sample) } }
    var report = TrafficReport(
      istio: istio, families: families, context: MeasureContext(plane: plane, window: window, at: at),
      queries: records, gaps: gaps, sampleAge: newest, query: queries.requests.id)
    report.stores = table.stores(query: stores.first?.id ?? "")
    return report
  }

  /// What there is to ask for, whether or not it moves.
  private struct WhatIsThere {
    /// The names of metrics of other meshes.
    var names: Set<String> = []
    /// The workloads whose proxies have counters.
    var reporting: Set<EdgeEnd> = []
    /// Why the proxies are not known.
    var gap: String?
  }

  /// What is there; asked once a minute, and nothing where that fails: the queries that follow say why.
  private func whatIsThere() async -> WhatIsThere {
    guard settings.vocabulary == .istio else { return WhatIsThere() }
    let at = now().seconds
    if let known = known.withLock({ $0 }), at - known.at < 60, at >= known.at { return known.there }
    let wanted = MetricFamily.all.flatMap { $0.series.map(\.evidence) }.sorted() + [StoreMetrics.evidence]
    let text = "count by (__name__) ({__name__=~\"\(wanted.joined(separator: "|"))\"})"
    async let reporting = reporters()
    guard let answer = try? await api.query(text) else { return WhatIsThere() }
    var there = await reporting
    there.names = Set(answer.vector.map { $0["__name__"] }).subtracting([""])
    if there.gap == nil { known.withLock { [there] in $0 = (there, at) } }
    return there
  }

  /// The workloads whose proxies have counters, or why they are not known.
  private func reporters() async -> WhatIsThere {
    do throws(MeshError) {
      return WhatIsThere(
        reporting: Set(try await api.query(IstioQueries.proxies).vector.compactMap(EdgeIdentity.reporter)))
    } catch {
      return WhatIsThere(gap: "which proxies report could not be asked: \(error.message)")
    }
  }

  /// The course of a flow, at most 11,000 points.
  public func history(
    of flow: FlowSelector, span: Double, step: Double
  ) async throws(MeshError) -> TrafficHistory {
    let end = now().seconds
    let start = end - max(0, span)
    let widened = PrometheusAPI.step(from: start, to: end, wanted: step)
    // A rate needs two samples: the window is never shorter than a minute, nor than a step.
    let queries = IstioQueries(window: max(60, widened), vocabulary: settings.vocabulary)
    var records: [QueryRecord] = []
    var gaps: [String] = []
    var samples: [[Double: Sample]] = []
    for query in [queries.history(of: flow, failuresOnly: false), queries.history(of: flow, failuresOnly: true)] {
      let begun = ContinuousClock.now
      let (answer, _) = try await api.range(query.text, from: start, to: end, step: widened)
      guard answer.matrix.count <= 1 else {
        throw MeshError(.malformed, "ambiguous: \(answer.matrix.count) series where one was expected: \(query.text)")
      }
      gaps += answer.gaps
      records.append(record(query, since: begun, series: answer.matrix.count))
      let points = (answer.matrix.first?.points ?? []).map { ($0.at.seconds, $0.sample) }
      samples.append(Dictionary(points) { $1 })
    }
    let points = samples[0].keys.sorted().map { seconds in
      TrafficHistory.Point(
        at: Instant(seconds: seconds), requests: samples[0][seconds] ?? .absent,
        failures: samples[1][seconds] ?? .absent)
    }
    return TrafficHistory(points: points, step: widened, queries: records, gaps: gaps)
  }

  /// An answer with the record of its query.
  struct Outcome: Sendable {
    var answer: PrometheusAnswer
    var record: QueryRecord
  }

  /// Asks queries side by side, never more at once than the settings say.
  func ask(_ queries: [IstioQueries.Query]) async -> [String: Result<Outcome, MeshError>] {
    await withTaskGroup(of: (String, Result<Outcome, MeshError>).self) { group in
      var outcomes: [String: Result<Outcome, MeshError>] = [:]
      for (index, query) in queries.enumerated() {
        if index >= max(1, settings.concurrency), let (id, outcome) = await group.next() { outcomes[id] = outcome }
        group.addTask { (query.id, await self.outcome(of: query)) }
      }
      for await (id, outcome) in group { outcomes[id] = outcome }
      return outcomes
    }
  }

  private func outcome(of query: IstioQueries.Query) async -> Result<Outcome, MeshError> {
    let begun = ContinuousClock.now
    do throws(MeshError) {
      let answer = try await api.query(query.text)
      return .success(Outcome(answer: answer, record: record(query, since: begun, series: answer.vector.count)))
    } catch {
      return .failure(error)
    }
  }

  private func record(_ query: IstioQueries.Query, since begun: ContinuousClock.Instant, series: Int) -> QueryRecord {
    let (seconds, attoseconds) = begun.duration(to: .now).components
    return QueryRecord(
      id: query.id, text: query.text, purpose: query.purpose, seconds: Double(seconds) + Double(attoseconds) * 1e-18,
      series: series)
  }
}
