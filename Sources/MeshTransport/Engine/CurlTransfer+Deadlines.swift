extension CurlTransfer {
  /// The phase this transfer is in.
  var phase: TransportError.Phase {
    if lastByte != nil { return .idle }
    if requestStarted != nil { return .firstByte }
    if connected != nil { return .tls }
    return connectStarted != nil ? .connect : .queued
  }

  /// The next moment at which this transfer is too late, and in which phase; nil for never.
  func deadline() -> (at: ContinuousClock.Instant, phase: TransportError.Phase)? {
    let limits = order.request.deadlines
    noteConnection()
    var candidate: (ContinuousClock.Instant, TransportError.Phase)?
    switch phase {
    case .queued, .total: break
    case .connect: candidate = connectStarted.map { ($0 + limits.connect, .connect) }
    case .tls: candidate = connected.map { ($0 + limits.tls, .tls) }
    case .firstByte: candidate = requestStarted.map { ($0 + limits.firstByte, .firstByte) }
    case .idle:
      if let idle = limits.idle, !isPaused { candidate = lastByte.map { ($0 + idle, .idle) } }
    }
    guard let total = limits.total else { return candidate }
    let end = order.submitted + total
    guard let candidate, candidate.0 < end else { return (end, .total) }
    return candidate
  }

  /// Fails this transfer for being late.
  func expire(_ phase: TransportError.Phase) {
    let limits = order.request.deadlines
    let limit: Duration? =
      switch phase {
      case .connect: limits.connect
      case .tls: limits.tls
      case .firstByte: limits.firstByte
      case .idle: limits.idle
      case .queued, .total: limits.total
      }
    let shown = limit.map { "\($0.wholeMilliseconds) ms" } ?? "no time"
    let message =
      phase == .total
      ? "not finished within \(shown), at the end \(self.phase.rawValue)" : "timed out \(phase.rawValue) after \(shown)"
    fail(.timedOut(phase), message)
  }

  /// libcurl tells of the connection only after the TLS handshake, so the sockets themselves are asked.
  private func noteConnection() {
    guard connected == nil, requestStarted == nil, connectStarted != nil else { return }
    if sockets.contains(where: { SocketState.isConnected($0.number, inode: $0.inode) }) { connected = .now }
  }
}
