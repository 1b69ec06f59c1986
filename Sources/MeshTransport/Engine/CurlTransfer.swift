import CLibcurl

/// One transfer under way: an easy handle, what came so far, and the deadline it is under. Only the engine's thread
/// touches it.
final class CurlTransfer {
  let order: TransferOrder
  let easy: UnsafeMutableRawPointer
  var head: ResponseHead
  var body: [UInt8] = []
  var received = 0
  /// The reason this side ended the transfer; it takes precedence over what libcurl reports.
  var failure: TransportError?
  var connectStarted: ContinuousClock.Instant?
  var connected: ContinuousClock.Instant?
  /// The sockets opened for this transfer, each with its inode because a number is soon used again.
  var sockets: [(number: Int32, inode: UInt64)] = []
  var requestStarted: ContinuousClock.Instant?
  var lastByte: ContinuousClock.Instant?
  var isPaused = false
  /// Whether the body that is made while it is sent has nothing to send now.
  var isUploadPaused = false
  /// Whether what is written gathers until the round is over, so that the head of a call and its first message leave
  /// together. Written one after the other, a server that refuses the call answers in between and wants no message (RFC
  /// 9113, 8.1), and libcurl before 8.0 then loses that answer.
  var isGathering = false {
    didSet { for socket in sockets { SocketState.gather(socket.number, inode: socket.inode, isGathering) } }
  }
  weak var channel: ChunkChannel?
  /// Whether the reader of the channel is to be told of what came.
  var hasNews = false
  private var headSeen = false
  private var streamOpened = false
  private var lists: [UnsafeMutablePointer<curl_slist>] = []
  private let errorBuffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
  private let payload: UnsafeMutableBufferPointer<UInt8>

  init?(_ order: TransferOrder) {
    guard let easy = curl_easy_init() else { return nil }
    self.order = order
    self.easy = easy
    head = ResponseHead(limits: order.request.limits)
    errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    let body = order.request.body ?? []
    payload = .allocate(capacity: body.count)
    _ = payload.initialize(from: body)
  }

  deinit {
    curl_easy_cleanup(easy)
    for list in lists { curl_slist_free_all(list) }
    errorBuffer.deallocate()
    payload.deallocate()
  }

  /// The address by which callbacks find this object; valid while the engine holds it.
  var address: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  /// Sets every option; throws what libcurl refused.
  func configure() throws(TransportError) {
    var options = EasyOptions(easy)
    options.set(CURLOPT_ERRORBUFFER, pointer: UnsafeMutableRawPointer(errorBuffer))
    options.set(CURLOPT_PRIVATE, pointer: address)
    order.configureSafety(&options)
    order.configureRoute(&options)
    order.configureTrust(&options)
    configureCallbacks(&options)
    if case .certificate = order.reply {
      options.set(CURLOPT_CONNECT_ONLY, true)
      options.set(CURLOPT_CERTINFO, true)
    } else {
      configureMessage(&options)
    }
    guard options.refusal == CURLE_OK else {
      let text = String(cString: curl_easy_strerror(options.refusal))
      throw TransportError(
        options.refusal == CURLE_SSL_CERTPROBLEM || options.refusal == CURLE_NOT_BUILT_IN ? .tls : .malformed,
        "the request cannot be set up", origin: order.target.origin, underlying: text)
    }
  }

  private func configureMessage(_ options: inout EasyOptions) {
    let request = order.request
    options.set(CURLOPT_URL, order.wireURL)
    if request.upload != nil {
      options.set(CURLOPT_POST, true)
      options.note(clibcurl_set_sender(easy, CurlCallbacks.sendBody, address))
    }
    switch (request.method, request.body) {
    case _ where request.upload != nil: break
    case (.get, nil): options.set(CURLOPT_HTTPGET, true)
    case (.head, _): options.set(CURLOPT_NOBODY, true)
    case (_, nil) where request.method != .post && request.method != .put && request.method != .patch:
      options.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
    default:
      options.set(CURLOPT_POST, true)
      options.note(clibcurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(payload.count)))
      if let base = payload.baseAddress, payload.count > 0 {
        options.set(CURLOPT_POSTFIELDS, pointer: UnsafeMutableRawPointer(base))
      } else {
        options.set(CURLOPT_POSTFIELDS, "")
      }
      options.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
    }
    options.set(CURLOPT_HTTPHEADER, list: list(order.headerLines()))
    if request.headers["Accept-Encoding"] == nil { options.set(CURLOPT_ACCEPT_ENCODING, "gzip") }
    if let route = order.connectTo { options.set(CURLOPT_CONNECT_TO, list: list([route])) }
    // libcurl repeats any request whose reused connection turned out dead, writes too: give those a fresh one. A call has
    // its own, so that one whose answer nobody reads holds up no other.
    let isWrite = !request.idempotent && !request.method.isSafe
    if isWrite || request.needsHTTP2 { options.set(CURLOPT_FRESH_CONNECT, true) }
  }

  private func configureCallbacks(_ options: inout EasyOptions) {
    options.set(CURLOPT_WRITEFUNCTION, receiver: CurlCallbacks.receiveBody)
    options.set(CURLOPT_WRITEDATA, pointer: address)
    options.set(CURLOPT_HEADERFUNCTION, receiver: CurlCallbacks.receiveHeader)
    options.set(CURLOPT_HEADERDATA, pointer: address)
    options.note(clibcurl_set_prerequest(easy, CurlCallbacks.requestBegins, address))
    options.note(clibcurl_set_resolver_start(easy, CurlCallbacks.resolvingBegins, address))
    options.note(clibcurl_set_open_socket(easy, CurlCallbacks.connectingBegins, address))
  }

  private func list(_ lines: [String]) -> UnsafeMutablePointer<curl_slist>? {
    var list: UnsafeMutablePointer<curl_slist>?
    for line in lines { list = curl_slist_append(list, line) }
    if let list { lists.append(list) }
    return list
  }

  /// What libcurl wrote about the failure, or its general text for the code.
  func explanation(_ code: CURLcode) -> String {
    let detail = String(cString: errorBuffer)
    return detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
  }

  // MARK: What comes in

  /// Takes a header line; false ends the transfer.
  func take(header line: UnsafeRawBufferPointer) -> Bool {
    lastByte = ContinuousClock.now
    do {
      try head.take(line)
    } catch {
      return fail(error.code, error.message)
    }
    // What else was to be sent is of no use to a server that has ended its answer, and libcurl would wait for it.
    if head.isEndOfCall { order.request.upload?.finish() }
    guard head.isComplete, !headSeen else { return true }
    headSeen = true
    ClockSkew.note(head.headers, origin: order.target.origin)
    if (300...399).contains(head.status), head.status != 304 { return refuseRedirect() }
    if head.status == 407, order.proxy != nil {
      return fail(.proxy, "the proxy wants other credentials", remedy: "correct user and password of the proxy")
    }
    if case .stream(let continuation) = order.reply { deliverHead(continuation) }
    return true
  }

  private func deliverHead(_ continuation: CheckedContinuation<Result<HTTPStream, TransportError>, Never>) {
    let ticket = order.ticket
    let channel = ChunkChannel(
      resume: { CurlEngine.shared.post(.resume(ticket.number)) },
      cancel: {
        ticket.cancel()
        CurlEngine.shared.post(.cancel(ticket.number))
      })
    self.channel = channel
    streamOpened = true
    continuation.resume(
      returning: .success(
        HTTPStream(status: head.status, headers: head.headers, connection: connectionFacts, channel: channel)))
  }

  /// Takes a piece of the body: its length, 0 to end the transfer, or libcurl's word for "later".
  func take(body piece: UnsafeRawBufferPointer) -> Int {
    lastByte = ContinuousClock.now
    let limits = order.request.limits
    let sum = received + piece.count
    guard sum <= limits.bytes else {
      _ = fail(.tooLarge, "the answer exceeds \(limits.bytes) bytes")
      return 0
    }
    // What travelled is counted by libcurl after the piece it is handing over, hence the allowance of one buffer.
    let travelled = EasyFacts(easy: easy).offset(CURLINFO_SIZE_DOWNLOAD_T) + 16_384
    guard sum / max(limits.ratio, 1) <= travelled else {
      _ = fail(.tooLarge, "the answer unpacks to more than \(limits.ratio) times its size")
      return 0
    }
    if case .stream = order.reply {
      guard let channel else { return 0 }
      guard channel.offer({ Array(piece) }) else {
        isPaused = true
        return Int(CURL_WRITEFUNC_PAUSE)
      }
      hasNews = true
    } else {
      if body.isEmpty, let length = head.headers["Content-Length"].flatMap({ Int($0) }) {
        body.reserveCapacity(min(length, limits.bytes))
      }
      body.append(contentsOf: piece)
    }
    received = sum
    return piece.count
  }

  // MARK: What goes out

  /// Fills a buffer with the next part of the body; its length, 0 at the end, or libcurl's word for "later".
  func give(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
    switch order.request.upload?.read(into: buffer) {
    case .bytes(let count)?: return count
    case .later?:
      isUploadPaused = true
      return Int(CURL_READFUNC_PAUSE)
    case .end?, nil: return 0
    }
  }

  /// Tells libcurl which directions rest.
  func applyPauses() {
    curl_easy_pause(easy, (isPaused ? CURLPAUSE_RECV : 0) | (isUploadPaused ? CURLPAUSE_SEND : 0))
  }

  private func refuseRedirect() -> Bool {
    let target = head.headers["Location"].map { RedirectTarget.shown($0) } ?? "an unnamed place"
    return fail(
      .redirected, "answered \(head.status), a redirect to \(target), which is not followed",
      remedy: "use the address of the server itself")
  }

  @discardableResult
  func fail(_ code: TransportError.Code, _ message: String, remedy: String? = nil) -> Bool {
    if failure == nil {
      failure = TransportError(
        code, message, origin: order.target.origin, remedy: remedy, outcomeUnknown: isOutcomeUnknown)
    }
    return false
  }

  /// Whether a write's bytes left and no complete head came back.
  var isOutcomeUnknown: Bool {
    requestStarted != nil && !order.request.method.isSafe && !(head.isComplete && head.status >= 300)
  }

  // MARK: The end

  /// Hands the result to whoever waits.
  func finish(_ code: CURLcode) {
    order.request.upload?.abandon()
    var error = failure ?? (code == CURLE_OK ? nil : CurlFailure(self, code).error)
    // libcurl takes a connection that ends inside the headers for the end of an answer.
    if error == nil, !head.isComplete {
      error = TransportError(
        .truncated, "the connection ended inside the headers", origin: order.target.origin,
        outcomeUnknown: isOutcomeUnknown)
    }
    switch order.reply {
    case .whole(let continuation):
      continuation.resume(returning: error.map { .failure($0) } ?? .success(response()))
    case .stream(let continuation):
      guard streamOpened else {
        let missing = TransportError(.truncated, "no answer", origin: order.target.origin)
        return continuation.resume(returning: .failure(error ?? missing))
      }
      channel?.finish(error, trailers: head.trailers)
    case .certificate(let continuation):
      continuation.resume(returning: EasyFacts(easy: easy).certificate())
    }
  }

  private func response() -> HTTPResponse {
    HTTPResponse(status: head.status, headers: head.headers, body: body, connection: connectionFacts)
  }

  private var connectionFacts: ConnectionFacts {
    ConnectionFacts(protocolVersion: head.protocolVersion, credentialsWithheld: order.credentialsWithheld)
  }
}
