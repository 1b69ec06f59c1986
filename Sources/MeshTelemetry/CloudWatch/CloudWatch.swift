public import MeshModel
public import MeshTransport

/// CloudWatch as the source of App Mesh's measurements, as its metrics extension counts them at the callers' proxies.
///
/// CloudWatch keeps minutes and gets them late, so that a report is over the last five whole ones.
public struct CloudWatch: TelemetrySource {
  /// The metrics' namespace, in words.
  public let description: String
  private let metrics: CloudWatchMetrics
  private let now: @Sendable () -> Instant

  /// The shortest span that is asked for, in seconds.
  static let shortest = 300

  /// A source at an address; `namespace` is the one the CloudWatch agent was told to write to.
  public init(
    endpoint: String, namespace: String, credentials: any CredentialSource,
    options: Session.Options = Session.Options(),
    now: @escaping @Sendable () -> Instant = { TimeOfDay.now() }
  ) throws(MeshError) {
    var options = options
    options.credentials = credentials
    do throws(TransportError) {
      metrics = CloudWatchMetrics(session: try Session(base: endpoint, options: options), namespace: namespace)
    } catch {
      throw MeshError(.usage, "the address of CloudWatch makes no sense: \(error.message)", underlying: error)
    }
    description = "CloudWatch \(namespace)"
    self.now = now
  }

  private static let classes: [(Traffic.ResponseClass, String)] = [
    (.success, "HTTPCode_Target_2XX_Count"), (.redirect, "HTTPCode_Target_3XX_Count"),
    (.clientError, "HTTPCode_Target_4XX_Count"), (.serverError, "HTTPCode_Target_5XX_Count"),
  ]

  /// The traffic of every caller and target over whole minutes.
  public func traffic(window: Double, plane: PlaneName) async throws(MeshError) -> TrafficReport {
    let at = now()
    let begun = ContinuousClock.now
    let (start, end, span) = Self.span(window, at: at)
    let flows = try await metrics.flows()
    let statistics = ["p50", "p95", "p99"]
    let questions = flows.indices.flatMap { flow in
      Self.classes.map { CloudWatchMetrics.Question(flow: flow, metric: $0.1, statistic: "Sum") }
        + statistics.map { CloudWatchMetrics.Question(flow: flow, metric: "TargetResponseTime", statistic: $0) }
        + [CloudWatchMetrics.Question(flow: flow, metric: "TargetProcessedBytes", statistic: "Sum")]
    }
    let values = try await metrics.values(questions, of: flows, from: start, to: end, period: span)
    let width = Self.classes.count + statistics.count + 1
    let edges = flows.indices.map { index -> Edge in
      let flow = flows[index]
      func sum(_ offset: Int) -> Double? {
        values[index * width + offset].flatMap { $0.isEmpty ? nil : $0.map(\.value).reduce(0, +) }
      }
      func worst(_ offset: Int) -> Double? { values[index * width + offset]?.map(\.value).max() }
      var traffic = Traffic(window: Double(span), at: at, query: "cloudwatch-0")
      for (offset, (kind, _)) in Self.classes.enumerated() {
        guard let count = sum(offset) else { continue }
        traffic.rates[kind] = count / Double(span)
        traffic.n += count
      }
      traffic.p50ms = worst(Self.classes.count)
      traffic.p95ms = worst(Self.classes.count + 1)
      traffic.p99ms = worst(Self.classes.count + 2)
      traffic.bytesInPerSecond = sum(width - 1).map { $0 / Double(span) }
      return Edge(
        plane: plane, source: EdgeEnd(namespace: flow.mesh, workload: flow.source),
        destination: EdgeEnd(namespace: flow.mesh, workload: flow.target, service: flow.service), transport: "http",
        reporter: .source, traffic: traffic)
    }
    let spent = begun.duration(to: .now).components
    let record = QueryRecord(
      id: "cloudwatch-0", text: "ListMetrics and GetMetricData in \(metrics.namespace), \(span) s to the whole minute",
      purpose: "requests by class, latency and bytes of each caller and target, counted at the caller's proxy",
      seconds: Double(spent.seconds) + Double(spent.attoseconds) / 1e18, series: flows.count)
    let gaps = flows.isEmpty ? ["no proxy wrote to CloudWatch namespace \(metrics.namespace) in the last 3 hours"] : []
    return TrafficReport(
      edges: edges, queries: [record], gaps: gaps, sampleAge: at.seconds - Double(end), window: Double(span), at: at)
  }

  /// Requests and failures a second of a flow, minute by minute.
  public func history(of flow: FlowSelector, span: Double, step: Double) async throws(MeshError) -> TrafficHistory {
    let at = now()
    let (start, end, _) = Self.span(span, at: at)
    let period = max(60, Int(exactly: (step / 60).rounded(.up) * 60) ?? 60)
    let flows = try await metrics.flows().filter { Self.matches($0, flow) }
    let questions = flows.indices.flatMap { index in
      Self.classes.map { CloudWatchMetrics.Question(flow: index, metric: $0.1, statistic: "Sum") }
    }
    let values = try await metrics.values(questions, of: flows, from: start, to: end, period: period)
    var all: [Double: Double] = [:]
    var failed: [Double: Double] = [:]
    for (number, points) in values {
      for point in points {
        all[point.at, default: 0] += point.value / Double(period)
        if Self.classes[number % Self.classes.count].0 == .serverError {
          failed[point.at, default: 0] += point.value / Double(period)
        }
      }
    }
    let points = all.keys.sorted().map { time in
      TrafficHistory.Point(
        at: Instant(seconds: time), requests: Sample(all[time] ?? 0),
        failures: failed[time].map { Sample($0) } ?? .absent)
    }
    return TrafficHistory(points: points, step: Double(period), queries: [])
  }

  /// Why there is no data for a flow.
  public func reasonForNoData(of flow: FlowSelector, window: Double) async throws(MeshError) -> String {
    let flows = try await metrics.flows()
    if flows.isEmpty { return "no proxy wrote to CloudWatch namespace \(metrics.namespace) in the last 3 hours" }
    return flows.contains { Self.matches($0, flow) }
      ? "its proxies counted no request in the window" : "no proxy counts calls to it in \(metrics.namespace)"
  }

  private static func matches(_ flow: CloudWatchMetrics.Flow, _ wanted: FlowSelector) -> Bool {
    (wanted.namespace.isEmpty || wanted.namespace == flow.mesh)
      && (wanted.service.isEmpty || wanted.service == flow.service)
      && (wanted.workload.isEmpty || wanted.workload == flow.target)
      && (wanted.sourceWorkload.isEmpty || wanted.sourceWorkload == flow.source)
  }

  /// Whole minutes that end now: start, end, and the seconds between.
  static func span(_ window: Double, at: Instant) -> (start: Int, end: Int, seconds: Int) {
    let end = (Int(exactly: at.seconds.rounded(.down)) ?? 0) / 60 * 60
    let wanted = Int(exactly: (max(0, min(window, 86_400)) / 60).rounded(.up) * 60) ?? shortest
    let seconds = max(shortest, wanted)
    return (end - seconds, end, seconds)
  }
}
