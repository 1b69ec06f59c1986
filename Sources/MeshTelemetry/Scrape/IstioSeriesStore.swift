import MeshModel

/// The recent readings of one endpoint's series, Istio's or a proxy's own, and what they add up to.
struct IstioSeriesStore: Sendable {
  /// The most readings kept of a series.
  static let capacity = 64

  /// What a series contributes to.
  private enum Role: Sendable, Hashable {
    case requests
    case flow(FlowMeasure)
    case bucket(upperBoundMilliseconds: Double)
    /// A series of another family, in its own labels.
    case native(SeriesShape.Measure)
    case nativeBucket(upperBoundMilliseconds: Double)
    case unused
  }

  private struct Track: Sendable {
    var role: Role
    var group: Int
    var readings: [CounterWindow.Reading] = []
  }

  private let vocabulary: ScrapeVocabulary
  private var table = SeriesTable()
  private var tracks: [Track] = []
  private var groups: [[String: String]] = []
  private var groupNumbers: [[String: String]: Int] = [:]
  /// The times of the scrapes, the newest last.
  private(set) var scrapes: [Double] = []

  init(_ vocabulary: ScrapeVocabulary = .mesh(nil)) { self.vocabulary = vocabulary }

  /// How many series are known that contribute.
  var series: Int { tracks.count { $0.role != .unused } }

  /// The time of the newest reading.
  private(set) var newest: Double?

  /// Begins a scrape at a time.
  mutating func beginScrape(at seconds: Double) {
    scrapes.append(seconds)
    if scrapes.count > Self.capacity { scrapes.removeFirst() }
  }

  /// Takes one line of the current scrape.
  mutating func take(_ line: ExpositionParser.Line) {
    let (number, isNew) = table.number(of: line.series)
    if isNew {
      tracks.append(makeTrack(line.series))
      // A proxy shows a counter once it is used: one that was not there at the scrape before was zero then.
      if case .envoy = vocabulary, scrapes.count > 1 {
        tracks[number].readings.append(CounterWindow.Reading(seconds: scrapes[scrapes.count - 2], value: 0))
      }
    }
    guard tracks[number].role != .unused, let scraped = scrapes.last else { return }
    let seconds = line.seconds ?? scraped
    if let last = tracks[number].readings.last, last.seconds >= seconds { return }
    tracks[number].readings.append(CounterWindow.Reading(seconds: seconds, value: line.value))
    if tracks[number].readings.count > Self.capacity { tracks[number].readings.removeFirst() }
    newest = max(newest ?? seconds, seconds)
  }

  /// Forgets what is older than a time; of each series the newest reading stays.
  mutating func forget(before seconds: Double) {
    scrapes.removeAll { $0 < seconds }
    for index in tracks.indices {
      let old = tracks[index].readings.prefix { $0.seconds < seconds }.count
      if old > 0 { tracks[index].readings.removeFirst(min(old, tracks[index].readings.count - 1)) }
    }
  }

  /// Adds this endpoint's rates to the sums over all endpoints.
  func addRates(to sums: inout IstioRates, window: Double, end: Double) {
    // Summed by the number of the labels first: labels are many and slow to compare.
    var requests = [Double?](repeating: nil, count: groups.count)
    var flows = requests
    var buckets = [[Double: Double]](repeating: [:], count: groups.count)
    for track in tracks where track.role != .unused {
      if case .native(.level) = track.role {
        if let last = track.readings.last, last.seconds >= end - window {
          flows[track.group] = (flows[track.group] ?? 0) + last.value
        }
        continue
      }
      guard case .value(let rate) = CounterWindow.rate(track.readings, window: window, end: end) else { continue }
      switch track.role {
      case .requests: requests[track.group] = (requests[track.group] ?? 0) + rate
      case .flow: flows[track.group] = (flows[track.group] ?? 0) + rate
      case .native: flows[track.group] = (flows[track.group] ?? 0) + rate
      case .bucket(let bound), .nativeBucket(let bound): buckets[track.group][bound, default: 0] += rate
      case .unused: break
      }
      sums.series += 1
    }
    // A Consul sidecar counts bytes and connections of every destination: they are those of TCP where it counts no request.
    var withRequests: Set<[String: String]> = []
    if case .consul = vocabulary {
      for group in groups.indices where requests[group] != nil { withRequests.insert(ConsulMetric.ends(groups[group])) }
    }
    for (group, labels) in groups.enumerated() {
      if !withRequests.isEmpty, flows[group] != nil, withRequests.contains(ConsulMetric.ends(labels)) { continue }
      if let rate = requests[group] { sums.requests[labels, default: 0] += rate }
      if let rate = flows[group] { sums.flows[labels, default: 0] += rate }
      if !buckets[group].isEmpty { sums.buckets[labels, default: [:]].merge(buckets[group], uniquingKeysWith: +) }
    }
  }

  private mutating func makeTrack(_ bytes: UnsafeBufferPointer<UInt8>) -> Track {
    guard let name = SeriesName(bytes) else { return Track(role: .unused, group: 0) }
    if let track = makeStoreTrack(name) { return track }
    switch vocabulary {
    case .mesh: if let shape = MetricFamily.shapes[name.metric] { return makeTrack(name, shape) }
    case .consul: return makeConsulTrack(name)
    case .envoy(let names): return makeTrack(name, names)
    }
    let role = Self.role(name)
    let wanted: [String]
    switch role {
    case .requests: wanted = IstioMetric.requestLabels
    case .flow(let measure): wanted = measure.labels
    case .bucket: wanted = IstioMetric.requestEdgeLabels
    case .unused, .native, .nativeBucket: return Track(role: .unused, group: 0)
    }
    var labels: [String: String] = [:]
    for label in wanted { labels[label] = name.labels[label] }
    if case .flow(let measure) = role { labels[IstioMetric.measureLabel] = measure.rawValue }
    return track(role, labels)
  }

  /// A track of a counter of a Consul sidecar: requests by answer, how long they took, and what connections carried.
  private mutating func makeConsulTrack(_ name: SeriesName) -> Track {
    guard var labels = ConsulMetric.labels(name) else { return Track(role: .unused, group: 0) }
    switch name.metric {
    case ConsulMetric.requests: return track(.requests, labels)
    case ConsulMetric.durationMilliseconds + "_bucket":
      labels["response_code"] = nil
      return track(Self.bucket(name, scale: 1), labels)
    default:
      guard let measure = ConsulMetric.flows.first(where: { $0.metric == name.metric })?.measure else {
        return Track(role: .unused, group: 0)
      }
      (labels["response_code"], labels["request_protocol"]) = (nil, nil)
      labels[IstioMetric.measureLabel] = measure.rawValue
      return track(.flow(measure), labels)
    }
  }

  /// A track of a filter for stores, under the name of its metric; `nil` for any other series.
  private mutating func makeStoreTrack(_ name: SeriesName) -> Track? {
    guard StoreMetrics.prefixes.contains(where: name.metric.hasPrefix) else { return nil }
    guard let series = StoreSeries(name.metric, { name.labels[$0] ?? "" }) else {
      return Track(role: .unused, group: 0)
    }
    var labels = [StoreMetrics.nameLabel: name.metric]
    for label in StoreMetrics.labels.dropFirst() { labels[label] = name.labels[label] }
    let workload: (namespace: String, name: String)? =
      switch vocabulary {
      case .mesh(let workload): workload.map { ($0.namespace, $0.name) }
      case .envoy(let names): (names.counters.namespace, names.counters.workload)
      case .consul: nil
      }
    if let workload, labels["app"] == nil { (labels["namespace"], labels["app"]) = (workload.namespace, workload.name) }
    guard case .time = series.measure else { return track(.native(.rate), labels) }
    guard case .bucket(let bound) = Self.bucket(name, scale: 1) else { return Track(role: .unused, group: 0) }
    return track(.nativeBucket(upperBoundMilliseconds: bound), labels)
  }

  /// A track of another family's series, in its own labels and under its name.
  private mutating func makeTrack(_ name: SeriesName, _ shape: SeriesShape) -> Track {
    guard shape.accepts(name.labels) else { return Track(role: .unused, group: 0) }
    var labels = [SeriesShape.nameLabel: shape.metric]
    for label in shape.labels { labels[label] = name.labels[label] }
    if case .mesh(let workload?) = vocabulary, shape.labels.contains("deployment"), labels["namespace"] == nil {
      labels["namespace"] = workload.namespace
      labels["deployment"] = workload.name
    }
    guard case .quantiles(let milliseconds) = shape.measure else { return track(.native(shape.measure), labels) }
    guard case .bucket(let bound) = Self.bucket(name, scale: milliseconds) else {
      return Track(role: .unused, group: 0)
    }
    return track(.nativeBucket(upperBoundMilliseconds: bound), labels)
  }

  /// A track of a proxy's own counter, in the labels an assembly of edges takes.
  private mutating func makeTrack(_ name: SeriesName, _ names: EnvoyNames) -> Track {
    guard let (measure, cluster) = names.reading(name) else { return Track(role: .unused, group: 0) }
    let isTCP = names.counters.tcp.contains(cluster)
    let role: Role =
      switch measure {
      case .requests: .requests
      case .time: Self.bucket(name, scale: 1)
      case .sent: .flow(isTCP ? .toDestination : .requestBytes)
      case .received: .flow(isTCP ? .toSource : .responseBytes)
      case .connections: isTCP ? .flow(.connections) : .unused
      }
    var labels = names.labels(cluster, code: name.labels["envoy_response_code"] ?? "")
    switch role {
    case .requests: break
    case .bucket: labels["response_code"] = nil
    case .flow(let measure):
      labels["response_code"] = nil
      if isTCP { labels["request_protocol"] = nil }
      labels[IstioMetric.measureLabel] = measure.rawValue
    case .unused, .native, .nativeBucket: return Track(role: .unused, group: 0)
    }
    return track(role, labels)
  }

  private mutating func track(_ role: Role, _ labels: [String: String]) -> Track {
    if let group = groupNumbers[labels] { return Track(role: role, group: group) }
    groups.append(labels)
    groupNumbers[labels] = groups.count - 1
    return Track(role: role, group: groups.count - 1)
  }

  private static func role(_ name: SeriesName) -> Role {
    switch name.metric {
    case IstioMetric.requests: return .requests
    case IstioMetric.durationMilliseconds + "_bucket": return bucket(name, scale: 1)
    case IstioMetric.durationSeconds + "_bucket": return bucket(name, scale: 1000)
    default: return FlowMeasure.allCases.first { $0.counter == name.metric }.map(Role.flow) ?? .unused
    }
  }

  private static func bucket(_ name: SeriesName, scale: Double) -> Role {
    switch Sample(parsing: name.labels["le"] ?? "") {
    case .value(let bound): .bucket(upperBoundMilliseconds: bound * scale)
    case .positiveInfinity: .bucket(upperBoundMilliseconds: .infinity)
    default: .unused
    }
  }
}

extension IstioSeriesStore {
  /// How many series of requests a flow has, by who reports them.
  func requestSeries(of flow: FlowSelector) -> [String: Int] {
    var counts: [String: Int] = [:]
    for track in tracks where track.role == .requests {
      let sample = LabelledSample(labels: groups[track.group], sample: .absent)
      let end = EdgeIdentity(sample, transport: "http")
      let destination = end.destination
      let matches =
        (flow.namespace.isEmpty || flow.namespace == destination.namespace)
        && (flow.service.isEmpty || flow.service == destination.service)
        && (flow.workload.isEmpty || flow.workload == destination.workload)
        && (flow.sourceWorkload.isEmpty || flow.sourceWorkload == end.source.workload)
      if matches { counts[sample["reporter"], default: 0] += 1 }
    }
    return counts
  }
}
