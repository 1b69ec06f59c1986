public import MeshModel
public import MeshTransport

/// The proxies' own exposition text as the source of measurements, for meshes without a Prometheus.
///
/// Each question for traffic scrapes every endpoint once and computes rates and quantiles from the readings of the
/// window, as PromQL does. Rates need two scrapes; until then a report says so.
public actor Scrape: TelemetrySource {
  /// The first address and how many more, without queries.
  public nonisolated let description: String
  /// The seconds until a second question can be answered, where the source keeps its own history.
  public nonisolated let warmUp: Double?
  private var endpoints: [Endpoint]
  private let settings: ScrapeSettings
  /// The seconds for which readings are kept.
  private var horizon = 0.0
  private let now: @Sendable () -> Instant

  private struct Endpoint {
    let url: String
    let transport: any HTTPTransport
    var vocabulary: ScrapeVocabulary
    var store: IstioSeriesStore
    var failure: MeshError?
    var faults: (count: Int, firstLine: Int)?
    var seconds = 0.0
    /// The seconds it took to read what came, waiting aside.
    var work = 0.0
    var isBusy = false
  }

  /// A source of endpoints; fails where an address makes no sense.
  public init(
    _ settings: ScrapeSettings, options: Session.Options = Session.Options(),
    now: @escaping @Sendable () -> Instant = { TimeOfDay.now() }
  ) throws(MeshError) {
    var options = options
    options.settings = settings.connection
    options.credentials = settings.authorization.source
    var endpoints: [Endpoint] = []
    var sessions: [String: Session] = [:]
    for url in settings.urls {
      do throws(TransportError) {
        let origin = try TargetURL(parsing: url).origin
        let session: Session
        if let known = sessions[origin] {
          session = known
        } else {
          session = try Session(base: origin, options: options)
        }
        sessions[origin] = session
        let mesh: ScrapeVocabulary = settings.vocabulary == .consul ? .consul : .mesh(settings.workloads[url])
        let vocabulary = settings.envoys[url].map { ScrapeVocabulary.envoy(EnvoyNames($0)) } ?? mesh
        endpoints.append(
          Endpoint(url: url, transport: session, vocabulary: vocabulary, store: IstioSeriesStore(vocabulary)))
      } catch {
        throw MeshError(
          .usage, "the address of metrics makes no sense: \(error.message)",
          remedy: "write it as http://host:port/stats/prometheus", underlying: error)
      }
    }
    guard !endpoints.isEmpty else {
      throw MeshError(.usage, "no address of metrics is given", remedy: "give at least one URL of exposition text")
    }
    self.endpoints = endpoints
    self.settings = settings
    warmUp = max(settings.minimumInterval, 1) + 0.5
    self.now = now
    let others = endpoints.count > 1 ? " and \(endpoints.count - 1) more" : ""
    description = "metrics of \(Self.withoutQuery(settings.urls[0]))\(others)"
  }

  /// Takes over the readings another source has of the same endpoints, where they are read the same way: for a fleet whose
  /// members come and go.
  public func inherit(from other: Scrape) async {
    let known = await other.readings()
    for index in endpoints.indices {
      guard let (vocabulary, store) = known[endpoints[index].url], vocabulary == endpoints[index].vocabulary else {
        continue
      }
      endpoints[index].store = store
    }
  }

  private func readings() -> [String: (ScrapeVocabulary, IstioSeriesStore)] {
    Dictionary(endpoints.map { ($0.url, ($0.vocabulary, $0.store)) }, uniquingKeysWith: { first, _ in first })
  }

  /// The traffic of all endpoints; every call scrapes those that are due. Fails where no endpoint answers.
  public func traffic(window: Double, plane: PlaneName) async throws(MeshError) -> TrafficReport {
    await scrapeAll()
    let at = now()
    let begun = ContinuousClock.now
    // The longest window asked for decides what is kept; a quarter more, since scrapes are not quite even.
    horizon = max(horizon, window * 1.25)
    for index in endpoints.indices where !endpoints[index].isBusy {
      endpoints[index].store.forget(before: at.seconds - horizon)
    }
    let failures = endpoints.compactMap(\.failure)
    if failures.count == endpoints.count, let failure = failures.first { throw failure }
    var rates = IstioRates()
    var covered = 0.0
    for endpoint in endpoints {
      // Where scraping began inside the window, that is the window: what came before is not known to be nothing.
      guard let first = endpoint.store.scrapes.first else { continue }
      let part = min(window, at.seconds - first)
      guard endpoint.store.scrapes.count >= 2, part > 0 else { continue }
      covered = max(covered, part)
      endpoint.store.addRates(to: &rates, window: part, end: at.seconds)
    }
    let newest = endpoints.compactMap(\.store.newest).max()
    var report = TrafficReport(
      istio: FamilyMeasures(requests: rates.requestSamples, latencies: rates.latencies, flows: rates.flowSamples),
      families: MetricFamily.all.map { ($0, rates.natives(of: $0)) },
      context: MeasureContext(plane: plane, window: covered > 0 ? covered : window, at: at), queries: records(),
      gaps: gaps(rates, covered: covered, window: window), sampleAge: newest.map { max(0, at.seconds - $0) },
      query: "scrape-0")
    report.stores = rates.stores(query: "scrape-0")
    report.work = endpoints.map(\.work).reduce(0, +) + Self.seconds(since: begun)
    return report
  }

  /// No points: readings are kept for one window only.
  public func history(of flow: FlowSelector, span: Double, step: Double) async throws(MeshError) -> TrafficHistory {
    TrafficHistory(
      points: [], step: step, queries: [],
      gaps: ["metrics scraped here have no history: connect a Prometheus for one"])
  }

  /// Why there is no data for a flow, from the series scraped so far.
  public func reasonForNoData(of flow: FlowSelector, window: Double) async throws(MeshError) -> String {
    let isFirst = endpoints.allSatisfy { $0.store.scrapes.count < 2 }
    return NoData.reason(
      NoData.Evidence(
        allSeries: endpoints.reduce(0) { $0 + $1.store.series }, scrapes: isFirst ? 1 : 2,
        flowSeriesByReporter: seriesByReporter(flow), window: window))
  }

  private func seriesByReporter(_ flow: FlowSelector) -> [String: Int] {
    var counts: [String: Int] = [:]
    for endpoint in endpoints {
      for (reporter, count) in endpoint.store.requestSeries(of: flow) { counts[reporter, default: 0] += count }
    }
    return counts
  }

  private func records() -> [QueryRecord] {
    endpoints.enumerated().map { index, endpoint in
      QueryRecord(
        id: "scrape-\(index)", text: "GET \(Self.withoutQuery(endpoint.url))",
        purpose:
          "every proxy counter of the endpoint; rates and quantiles are computed here as PromQL has them; an error "
          + "is, unless chosen otherwise, 5xx, a gRPC status other than 0, or code 0 (no response)",
        seconds: endpoint.seconds, series: endpoint.store.series)
    }
  }

  private func gaps(_ rates: IstioRates, covered: Double, window: Double) -> [String] {
    var gaps: [String] = []
    for endpoint in endpoints {
      if let failure = endpoint.failure { gaps.append(failure.message) }
      if let faults = endpoint.faults {
        gaps.append(
          "\(Self.withoutQuery(endpoint.url)): \(faults.count) lines are no samples, the first is line \(faults.firstLine)"
        )
      }
      if endpoint.failure == nil, endpoint.store.series == 0 {
        gaps.append("\(Self.withoutQuery(endpoint.url)) \(endpoint.vocabulary.lack)")
      }
    }
    if covered <= 0 {
      gaps.append("needs two samples: rates come with the next scrape")
    } else if covered < window * 0.9 {
      gaps.append(
        "measured over \(PromQL.duration(covered.rounded())) so far, of a window of \(PromQL.duration(window))")
    }
    return gaps
  }

  /// Scrapes every endpoint that is due, at most eight at once.
  private func scrapeAll() async {
    let due = endpoints.indices.filter { index in
      guard !endpoints[index].isBusy else { return false }
      guard let last = endpoints[index].store.scrapes.last, endpoints[index].failure == nil else { return true }
      return now().seconds - last >= settings.minimumInterval
    }
    for index in due { endpoints[index].isBusy = true }
    await withTaskGroup(of: Void.self) { group in
      for (order, index) in due.enumerated() {
        if order >= 8 { await group.next() }
        group.addTask { await self.scrape(index) }
      }
    }
  }

  private func scrape(_ index: Int) async {
    let begun = ContinuousClock.now
    endpoints[index].work = 0
    defer {
      endpoints[index].seconds = Self.seconds(since: begun)
      endpoints[index].isBusy = false
    }
    let place = Self.withoutQuery(endpoints[index].url)
    do throws(TransportError) {
      var request = HTTPRequest(
        .get, endpoints[index].url, deadlines: Deadlines(firstByte: .seconds(10), total: .seconds(30)),
        limits: BodyLimits(bytes: settings.limit))
      request.headers.set("Accept", "text/plain;version=0.0.4;q=1,application/openmetrics-text;q=0.5,*/*;q=0.1")
      for header in settings.headers { request.headers.set(header.name, header.value) }
      let stream = try await endpoints[index].transport.stream(request)
      guard stream.isSuccess else {
        stream.cancel()
        endpoints[index].failure = MeshError(
          stream.status == 403 ? .forbidden : .unreachable, "\(place) answered with \(stream.status)",
          remedy: stream.status == 404 ? "check the path of the address" : nil)
        return
      }
      var parser = ExpositionParser(prefixes: endpoints[index].vocabulary.prefixes)
      // The readings are those of the moment the proxy answered, not of the moment the text ended.
      endpoints[index].store.beginScrape(at: now().seconds)
      if case .envoy(let names) = endpoints[index].vocabulary, names.counters.isMosn {
        var body: [UInt8] = []
        for try await chunk in stream { body += chunk }
        guard let text = try? MosnCounters.exposition(body) else {
          endpoints[index].failure = MeshError(.malformed, "\(place) answered with no statistics of a MOSN")
          return
        }
        parser.feed(Array(text.utf8)) { endpoints[index].store.take($0) }
      } else {
        for try await chunk in stream {
          let begun = ContinuousClock.now
          parser.feed(chunk) { endpoints[index].store.take($0) }
          endpoints[index].work += Self.seconds(since: begun)
        }
      }
      parser.finish { endpoints[index].store.take($0) }
      endpoints[index].failure = nil
      endpoints[index].faults = parser.firstFault.map { (parser.faults, $0) }
    } catch {
      var failure = MeshError(telemetry: error)
      failure.message = "\(place): \(error.message)"
      endpoints[index].failure = failure
    }
  }

  private static func seconds(since begun: ContinuousClock.Instant) -> Double { begun.duration(to: .now) / .seconds(1) }

  /// An address without its query, which may hold a token.
  private static func withoutQuery(_ url: String) -> String { String(url.prefix { $0 != "?" && $0 != "#" }) }
}
