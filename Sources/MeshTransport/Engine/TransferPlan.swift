/// A request checked and prepared for the wire: what may not be sent is refused or removed here.
struct TransferPlan: Sendable {
  var request: HTTPRequest
  let target: TargetURL
  let wireURL: String
  /// The target as it goes out, where the URL's path is the one to sign; nil where they are the same.
  let requestTarget: String?
  let settings: ConnectionSettings
  let proxy: ProxyRoute?
  let credentialsWithheld: Bool

  init(
    _ request: HTTPRequest, settings: ConnectionSettings, environment: [String: String]
  ) throws(TransportError) {
    let target = try TargetURL(parsing: request.url)
    var request = request
    for field in request.headers.fields {
      guard !field.name.isEmpty, field.name.utf8.allSatisfy(ASCII.isTokenByte) else {
        throw TransportError(.malformed, "a header's name is malformed", origin: target.origin)
      }
      guard !field.value.utf8.contains(where: { $0 < 32 && $0 != 9 || $0 == 127 }) else {
        throw TransportError(.malformed, "the header \(field.name) holds a control byte", origin: target.origin)
      }
    }
    let isPrivate =
      target.scheme == "https" || target.isLoopback || settings.unixSocket != nil
      || HostRules.isOwnMetadata(target.host)
    var withheld = false
    if !isPrivate {
      for name in SensitiveFields.present(in: request.headers) {
        request.headers.remove(name)
        withheld = true
      }
      if settings.awsSigning != nil { withheld = true }
    }
    var query = target.query
    var path = target.path
    if let signing = settings.awsSigning, isPrivate {
      query = query.map { PercentCoding.canonicalQuery($0) }
      // AWS signs the path encoded once more than it is sent, S3 alone excepted; libcurl signs the URL's path as it is.
      // Source: AWS General Reference, "Create a canonical request"; botocore `auth.py`.
      if signing.service != "s3" { path = PercentCoding.encodePath(target.path) }
      if let token = signing.sessionToken { request.headers["X-Amz-Security-Token"] = token.reveal }
    }
    self.request = request
    self.target = target
    self.settings = settings
    credentialsWithheld = withheld
    proxy =
      settings.unixSocket == nil
      ? try ProxyRoute.route(to: target, setting: settings.proxy, environment: environment) : nil
    var authority = target.authority
    if let name = settings.tls.serverName, !name.isEmpty, target.scheme == "https" {
      authority = "\(name):\(target.port)"
    }
    let tail = query.map { "?\($0)" } ?? ""
    wireURL = "\(target.scheme)://\(authority)\(path)" + tail
    requestTarget = path == target.path ? nil : target.path + tail
  }

  func order(
    _ ticket: TransferTicket, _ reply: TransferOrder.Reply, submitted: ContinuousClock.Instant
  ) -> TransferOrder {
    TransferOrder(
      ticket: ticket, request: request, target: target, wireURL: wireURL, requestTarget: requestTarget,
      settings: settings, proxy: proxy,
      credentialsWithheld: credentialsWithheld, submitted: submitted, reply: reply)
  }

  /// The error, with the dates of the server's certificate where they are the reason. They are read in a second
  /// handshake that sends no request and no client certificate.
  func explained(_ error: TransportError) async -> TransportError {
    guard error.code == .certificateExpired else { return error }
    var probe = self
    probe.request = HTTPRequest(.get, request.url, deadlines: Deadlines(total: .seconds(10)))
    var open = settings
    open.tls.insecure = true
    open.tls.identity = nil
    open.awsSigning = nil
    let order = probe
    let settings = open
    let certificate = await withCheckedContinuation { continuation in
      var order = order.order(TransferTicket(), .certificate(continuation), submitted: .now)
      order.settings = settings
      CurlEngine.shared.post(.start(order))
    }
    var explained = error
    if error.message.contains("not yet"), let from = certificate?.notBefore {
      explained.message = "the server's certificate is not valid before \(from)"
    } else if let until = certificate?.notAfter {
      explained.message = "the server's certificate expired on \(until)"
    }
    explained.remedy =
      ClockSkew.hint(for: target.origin)
      ?? "renew the certificate; if it is valid, this machine's clock, \(WallClock.shown()), is wrong"
    return explained
  }
}
