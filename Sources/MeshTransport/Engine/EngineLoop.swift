import CLibcurl

/// The state of the engine's thread: transfers under way and orders that wait for a connection.
struct EngineLoop {
  /// Connections a host for requests over HTTP/1.1. Streams do not count, nor questions that a server was asked to answer
  /// late: each holds its own as long as it lasts.
  static let perHost = 6
  /// Concurrent requests to a host known to speak HTTP/2.
  static let perHostMultiplexed = 100

  private let multi: UnsafeMutableRawPointer
  private var transfers: [UInt64: CurlTransfer] = [:]
  private var waiting: [TransferOrder] = []
  private var busy: [String: Int] = [:]
  private var multiplexed: Set<String> = []

  init(multi: UnsafeMutableRawPointer) { self.multi = multi }

  /// One round: messages, work that is ready, results, deadlines; then waits for the next of any of them.
  mutating func turn(_ messages: [CurlEngine.Message]) {
    for message in messages { handle(message) }
    startWaiting()
    var running: Int32 = 0
    curl_multi_perform(multi, &running)
    for transfer in transfers.values where transfer.isGathering { transfer.isGathering = false }
    announceNews()
    finishAnswered()
    collectResults()
    let pause = expireLate()
    startWaiting()
    var events: Int32 = 0
    curl_multi_poll(multi, nil, 0, pause, &events)
  }

  private mutating func handle(_ message: CurlEngine.Message) {
    switch message {
    case .start(let order): waiting.append(order)
    case .cancel(let number):
      if let index = waiting.firstIndex(where: { $0.ticket.number == number }) {
        let order = waiting.remove(at: index)
        order.refuse(TransportError(.cancelled, "cancelled", origin: order.target.origin))
      } else if let transfer = transfers[number] {
        transfer.fail(.cancelled, "cancelled")
        end(transfer, CURLE_ABORTED_BY_CALLBACK)
      }
    case .resume(let number):
      guard let transfer = transfers[number], transfer.isPaused else { return }
      transfer.isPaused = false
      transfer.lastByte = .now
      transfer.applyPauses()
    case .resumeUpload(let number):
      guard let transfer = transfers[number], transfer.isUploadPaused else { return }
      transfer.isUploadPaused = false
      transfer.applyPauses()
    }
  }

  private mutating func startWaiting() {
    var kept: [TransferOrder] = []
    for order in waiting {
      if order.ticket.isCancelled {
        order.refuse(TransportError(.cancelled, "cancelled", origin: order.target.origin))
      } else if hasRoom(order) {
        start(order)
      } else {
        kept.append(order)
      }
    }
    waiting = kept
  }

  private func hasRoom(_ order: TransferOrder) -> Bool {
    guard order.takesTurn else { return true }
    let origin = order.target.origin
    return busy[origin, default: 0] < (multiplexed.contains(origin) ? Self.perHostMultiplexed : Self.perHost)
  }

  private mutating func start(_ order: TransferOrder) {
    guard let transfer = CurlTransfer(order) else {
      return order.refuse(TransportError(.unreachable, "no memory for a transfer", origin: order.target.origin))
    }
    do {
      try transfer.configure()
    } catch {
      return order.refuse(error)
    }
    guard curl_multi_add_handle(multi, transfer.easy) == CURLM_OK else {
      return order.refuse(TransportError(.unreachable, "libcurl took no transfer", origin: order.target.origin))
    }
    transfers[order.ticket.number] = transfer
    if order.takesTurn { busy[order.target.origin, default: 0] += 1 }
  }

  /// Tells readers of what came: once of all that one look at the network brought, since each telling wakes a thread.
  private func announceNews() {
    for transfer in transfers.values where transfer.hasNews {
      transfer.hasNews = false
      transfer.channel?.announce()
    }
  }

  /// Ends the sending half of transfers whose server ended the answer. libcurl waits for a body to be sent whole, and this
  /// one has no end while its maker waits for the answer.
  private func finishAnswered() {
    for transfer in transfers.values where transfer.isUploadPaused && !transfer.isPaused {
      // Such a transfer has a connection of its own.
      guard !transfer.sockets.contains(where: { clibcurl_multi_reads(multi, $0.number) != 0 }) else { continue }
      transfer.order.request.upload?.finish()
    }
  }

  private mutating func collectResults() {
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
      let code = clibcurl_message_result(message)
      if let transfer = transfers.values.first(where: { $0.easy == easy }) { end(transfer, code) }
    }
  }

  private mutating func end(_ transfer: CurlTransfer, _ code: CURLcode) {
    let order = transfer.order
    transfers[order.ticket.number] = nil
    if order.takesTurn {
      let left = busy[order.target.origin, default: 1] - 1
      busy[order.target.origin] = left > 0 ? left : nil
    }
    if transfer.head.isComplete {
      if transfer.head.protocolVersion.hasPrefix("HTTP/2") {
        multiplexed.insert(order.target.origin)
      } else {
        multiplexed.remove(order.target.origin)
      }
    }
    transfer.finish(code)
    curl_multi_remove_handle(multi, transfer.easy)
  }

  /// Ends what is too late and returns the milliseconds until the next deadline, at most a minute.
  private mutating func expireLate() -> Int32 {
    let now = ContinuousClock.now
    var next = now + .seconds(60)
    for transfer in transfers.values {
      if transfer.phase == .connect { next = min(next, now + .milliseconds(100)) }
      guard let deadline = transfer.deadline() else { continue }
      if deadline.at <= now {
        transfer.expire(deadline.phase)
        end(transfer, CURLE_OPERATION_TIMEDOUT)
      } else {
        next = min(next, deadline.at)
      }
    }
    var kept: [TransferOrder] = []
    for order in waiting {
      guard let total = order.request.deadlines.total else {
        kept.append(order)
        continue
      }
      if order.submitted + total <= now {
        order.refuse(
          TransportError(
            .timedOut(.queued), "no free connection within \(total.wholeMilliseconds) ms",
            origin: order.target.origin))
      } else {
        next = min(next, order.submitted + total)
        kept.append(order)
      }
    }
    waiting = kept
    return Int32(clamping: now.duration(to: next).wholeMilliseconds + 1)
  }
}
