import MeshModel

/// The metrics of the mesh in Prometheus' exposition format, series in order of their labels.
struct Exposition {
  let state: Simulation.State
  let simulation: Simulation

  /// The metrics of all proxies in one text, as a federating endpoint serves them.
  func bytes() -> [UInt8] {
    var text = Text(capacity: state.counters.count * 28_000 + 4_096)
    let all = state.order.map { (counter: state.counters[$0], part: Part?.none) }
    render(all, into: &text)
    renderLinkerd(all, into: &text)
    text.family("meshdeck_emulator_proxies", "gauge")
    text.sample("meshdeck_emulator_proxies", "", proxyCount)
    text.family("meshdeck_emulator_pushes_total", "counter")
    text.sample("meshdeck_emulator_pushes_total", "", (state.distribution.latest?.id ?? 0) + 1)
    text.family("pilot_xds", "gauge")
    text.sample("pilot_xds", "version=\"\(simulation.scenario.mesh.version)\"", proxyCount)
    return text.bytes
  }

  /// The metrics of all proxies as a string.
  func text() -> String { String(decoding: bytes(), as: UTF8.self) }

  /// The metrics of one proxy as a string.
  func text(of proxy: Instance) -> String { String(decoding: bytes(of: proxy), as: UTF8.self) }

  private var proxyCount: Int {
    state.registry.instances.values.reduce(0) { $0 + $1.values.filter(\.hasProxy).count }
  }

  /// The metrics of one proxy: its part of what its workload reports.
  func bytes(of proxy: Instance) -> [UInt8] {
    let peers = (state.registry.instances[proxy.namespace] ?? [:]).values
      .filter { $0.workload == proxy.workload && $0.isReady }.map(\.name).sorted()
    guard let index = peers.firstIndex(of: proxy.name) else { return [] }
    let caller =
      "reporter=\"source\",source_workload=\"\(proxy.workload)\","
    let callerNamespace = "source_workload_namespace=\"\(proxy.namespace)\","
    let server =
      "destination_workload=\"\(proxy.workload)\",destination_workload_namespace=\"\(proxy.namespace)\","
    let decided = "destination_service_namespace=\"\(proxy.namespace)\","
    let own = state.order.lazy.map { state.counters[$0] }.filter { counter in
      let labels = counter.labels
      if labels.hasPrefix("reporter=\"waypoint\"") { return proxy.isWaypoint && labels.contains(decided) }
      return labels.hasPrefix(caller)
        ? labels.contains(callerNamespace)
        : labels.hasPrefix("reporter=\"destination\"") && labels.contains(server)
    }
    var text = Text(capacity: own.count * 28_000)
    render(own.map { ($0, (index, peers.count)) }, into: &text)
    return text.bytes
  }

  /// The index of a proxy among those that share what is counted, and their number.
  typealias Part = (index: Int, of: Int)

  /// The counters of a proxy of Linkerd as it shows them itself: without what the scrape configuration adds.
  func bytesOfLinkerd(_ proxy: Instance) -> [UInt8] {
    let peers = (state.registry.instances[proxy.namespace] ?? [:]).values
      .filter { $0.workload == proxy.workload && $0.isReady }.map(\.name).sorted()
    guard let index = peers.firstIndex(of: proxy.name) else { return [] }
    let own = LinkerdLabels.own(namespace: proxy.namespace, workload: proxy.workload)
    let counters = state.order.lazy.map { state.counters[$0] }.filter { $0.labels.hasPrefix(own) }
    var text = Text(capacity: counters.count * 4_000)
    renderLinkerd(counters.map { ($0, (index, peers.count)) }, dropping: own, into: &text)
    return text.bytes
  }

  /// The part of a count that is a proxy's own.
  static func share(_ value: Double, _ part: Part?) -> Int {
    let whole = ProxyView.whole(value.rounded())
    guard let part, part.of > 0 else { return whole }
    return (whole + part.of - 1 - part.index) / part.of
  }

  /// The families of counters; `part` is the index of a proxy among those that share what is counted.
  private func render(_ counters: [(counter: FlowCounter, part: Part?)], into text: inout Text) {
    let requests = counters.filter { $0.counter.kind == .request && $0.counter.count > 0 }
    let connections = counters.filter { $0.counter.kind == .connection && $0.counter.count > 0 }
    func family(
      _ name: String, _ list: [(counter: FlowCounter, part: Part?)], _ value: (FlowCounter) -> Double
    ) {
      guard !list.isEmpty else { return }
      text.family(name, "counter")
      for (counter, part) in list { text.sample(name, counter.labels, Self.share(value(counter), part)) }
    }
    family("istio_requests_total", requests) { Double($0.count) }
    if !requests.isEmpty {
      if simulation.scenario.mesh.isSOFA {
        mixerHistogram("istio_request_duration_seconds", requests, into: &text)
      } else {
        histogram("istio_request_duration_milliseconds", requests, into: &text)
      }
      sums("istio_request_bytes", requests, into: &text) { $0.requestBytes }
      sums("istio_response_bytes", requests, into: &text) { $0.responseBytes }
    }
    let streams = requests.filter { $0.counter.messages > 0 }
    family("istio_request_messages_total", streams) { $0.messages }
    family("istio_response_messages_total", streams) { $0.messages }
    // What a client sends a server receives: the names are of the upstream's point of view (istio/istio#32399).
    family("istio_tcp_received_bytes_total", connections) { $0.requestBytes }
    family("istio_tcp_sent_bytes_total", connections) { $0.responseBytes }
    family("istio_tcp_connections_opened_total", connections) { Double($0.count) }
    family("istio_tcp_connections_closed_total", connections) { Double($0.count) }
    if !simulation.scenario.mesh.isSOFA {
      StoreExposition(simulation: simulation, registry: state.registry).render(connections, into: &text)
    }
  }

  private func histogram(
    _ name: String, _ counters: [(counter: FlowCounter, part: Part?)], into text: inout Text
  ) {
    text.family(name, "histogram")
    for (counter, part) in counters {
      let last = Buckets.labels.count - 1
      for (index, label) in Buckets.labels.enumerated() where index < counter.buckets.count {
        let value = index == last ? Double(counter.count) : min(Double(counter.count), counter.buckets[index])
        text.bucket(name, counter.labels, label, Self.share(value, part))
      }
      text.sample("\(name)_sum", counter.labels, Self.share(counter.latencySum, part))
      text.sample("\(name)_count", counter.labels, Self.share(Double(counter.count), part))
    }
  }

  /// The times of requests as Mixer counts them, in seconds.
  private func mixerHistogram(
    _ name: String, _ counters: [(counter: FlowCounter, part: Part?)], into text: inout Text
  ) {
    text.family(name, "histogram")
    for (counter, part) in counters {
      for bound in Buckets.ofMixer where bound.place < counter.buckets.count {
        let isLast = bound.place == Buckets.limits.count - 1
        let value = isLast ? Double(counter.count) : min(Double(counter.count), counter.buckets[bound.place])
        text.bucket(name, counter.labels, bound.label, Self.share(value, part))
      }
      text.sample("\(name)_sum", counter.labels, Double(Self.share(counter.latencySum, part)) / 1_000)
      text.sample("\(name)_count", counter.labels, Self.share(Double(counter.count), part))
    }
  }

  /// A histogram of sizes with the one bucket that is known, infinity.
  private func sums(
    _ name: String, _ counters: [(counter: FlowCounter, part: Part?)], into text: inout Text,
    _ sum: (FlowCounter) -> Double
  ) {
    text.family(name, "histogram")
    for (counter, part) in counters {
      text.bucket(name, counter.labels, "+Inf", Self.share(Double(counter.count), part))
      text.sample("\(name)_sum", counter.labels, Self.share(sum(counter), part))
      text.sample("\(name)_count", counter.labels, Self.share(Double(counter.count), part))
    }
  }

  /// Exposition text under way.
  struct Text {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func family(_ name: String, _ type: String) {
      bytes.append(contentsOf: "# TYPE ".utf8)
      bytes.append(contentsOf: name.utf8)
      bytes.append(0x20)
      bytes.append(contentsOf: type.utf8)
      bytes.append(0x0A)
    }

    mutating func sample(_ name: String, _ labels: String, _ value: Int) { sample(name, labels, String(value)) }

    mutating func sample(_ name: String, _ labels: String, _ value: Double) { sample(name, labels, String(value)) }

    private mutating func sample(_ name: String, _ labels: String, _ value: String) {
      bytes.append(contentsOf: name.utf8)
      if !labels.isEmpty {
        bytes.append(UInt8(ascii: "{"))
        bytes.append(contentsOf: labels.utf8)
        bytes.append(UInt8(ascii: "}"))
      }
      bytes.append(0x20)
      bytes.append(contentsOf: value.utf8)
      bytes.append(0x0A)
    }

    /// A sample that need not be whole.
    mutating func sample(_ name: String, _ labels: String, fraction value: Double) {
      bytes.append(contentsOf: "\(name){\(labels)} \(value)\n".utf8)
    }

    mutating func bucket(_ name: String, _ labels: String, _ limit: String, _ value: Int) {
      bytes.append(contentsOf: name.utf8)
      bytes.append(contentsOf: "_bucket{".utf8)
      bytes.append(contentsOf: labels.utf8)
      bytes.append(contentsOf: (labels.isEmpty ? "le=\"" : ",le=\"").utf8)
      bytes.append(contentsOf: limit.utf8)
      bytes.append(contentsOf: "\"} ".utf8)
      bytes.append(contentsOf: String(value).utf8)
      bytes.append(0x0A)
    }
  }
}
