/// The metrics of Linkerd's proxies, by the names they have.
extension Exposition {
  /// Linkerd's families of counters.
  ///
  /// - Parameter prefix: What the labels of all of them begin with and the text is to be without.
  func renderLinkerd(
    _ counters: [(counter: FlowCounter, part: Part?)], dropping prefix: String = "", into text: inout Text
  ) {
    func of(_ kind: Flow.Kind) -> [(counter: FlowCounter, labels: String, part: Part?)] {
      counters.filter { $0.counter.kind == kind && $0.counter.count > 0 }.map {
        ($0.counter, String($0.counter.labels.dropFirst(prefix.count)), $0.part)
      }
    }
    func family(
      _ name: String, _ type: String, _ list: [(counter: FlowCounter, labels: String, part: Part?)],
      _ value: (FlowCounter) -> Double
    ) {
      guard !list.isEmpty else { return }
      text.family(name, type)
      for (counter, labels, part) in list { text.sample(name, labels, Self.share(value(counter), part)) }
    }
    let responses = of(.linkerdResponse)
    family("response_total", "counter", responses) { Double($0.count) }
    histogram("response_latency_ms", responses, .linkerd, unit: 1, into: &text)
    let streams = of(.linkerdStream)
    family("tcp_open_total", "counter", streams) { $0.opened }
    family("tcp_open_connections", "gauge", streams) { $0.open }
    func isOutbound(_ counter: FlowCounter) -> Bool { counter.labels.contains("direction=\"outbound\"") }
    // Towards the server a caller's proxy writes what the server's proxy reads from its side.
    family("tcp_write_bytes_total", "counter", streams) { isOutbound($0) ? $0.requestBytes : $0.responseBytes }
    family("tcp_read_bytes_total", "counter", streams) { isOutbound($0) ? $0.responseBytes : $0.requestBytes }
    for (layer, isGRPC) in [("http", false), ("grpc", true)] {
      let name = "outbound_\(layer)_route_backend_response"
      family("\(name)_statuses_total", "counter", of(.linkerdBackend(isGRPC: isGRPC))) { Double($0.count) }
      histogram(
        "\(name)_duration_seconds", of(.linkerdBackendTime(isGRPC: isGRPC)), .linkerdBackend, unit: 1000, into: &text)
    }
  }

  private func histogram(
    _ name: String, _ list: [(counter: FlowCounter, labels: String, part: Part?)], _ buckets: Buckets, unit: Double,
    into text: inout Text
  ) {
    guard !list.isEmpty else { return }
    text.family(name, "histogram")
    for (counter, labels, part) in list {
      let count = Double(counter.count)
      for (index, label) in buckets.labels.enumerated() where index < counter.buckets.count {
        let value = index == buckets.labels.count - 1 ? count : min(count, counter.buckets[index])
        text.bucket(name, labels, label, Self.share(value, part))
      }
      text.sample("\(name)_sum", labels, fraction: Double(Self.share(counter.latencySum, part)) / unit)
      text.sample("\(name)_count", labels, Self.share(count, part))
    }
  }
}
