import CLibcurl

extension TransferOrder {
  /// What holds for every transfer: no signals, no redirects, no configuration of the user's, only HTTP.
  func configureSafety(_ options: inout EasyOptions) {
    options.set(CURLOPT_NOSIGNAL, true)
    options.set(CURLOPT_NOPROGRESS, true)
    options.set(CURLOPT_FOLLOWLOCATION, false)
    options.set(CURLOPT_NETRC, 0)
    options.set(CURLOPT_PROTOCOLS_STR, "http,https")
    options.set(CURLOPT_REDIR_PROTOCOLS_STR, "https")
    options.set(CURLOPT_HTTP09_ALLOWED, false)
    options.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, true)
    options.set(CURLOPT_DISALLOW_USERNAME_IN_URL, true)
    options.set(CURLOPT_PATH_AS_IS, true)
    // Removing a transfer must not wait for a name server.
    options.set(CURLOPT_QUICK_EXIT, true)
    options.set(CURLOPT_TCP_KEEPALIVE, true)
    options.set(CURLOPT_TCP_KEEPIDLE, 15)
    options.set(CURLOPT_TCP_KEEPINTVL, 15)
    options.set(CURLOPT_BUFFERSIZE, 65_536)
    let patience = request.deadlines.connect + request.deadlines.tls + .seconds(1)
    options.set(CURLOPT_CONNECTTIMEOUT_MS, max(1, patience.wholeMilliseconds))
    let http2 = request.needsHTTP2 || target.scheme == "https" && settings.http2
    let version =
      !http2
      ? CURL_HTTP_VERSION_1_1
      : target.scheme == "https" ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
    options.set(CURLOPT_HTTP_VERSION, Int(version))
    options.set(CURLOPT_PIPEWAIT, http2)
    if !settings.userAgent.isEmpty { options.set(CURLOPT_USERAGENT, settings.userAgent) }
  }

  /// Where the connection goes: directly, through a proxy or to a socket file.
  func configureRoute(_ options: inout EasyOptions) {
    options.set(CURLOPT_URL, wireURL)
    if let requestTarget { options.set(CURLOPT_REQUEST_TARGET, requestTarget) }
    options.set(CURLOPT_NOPROXY, "")
    if let path = settings.unixSocket { options.set(CURLOPT_UNIX_SOCKET_PATH, path) }
    guard let proxy else { return options.set(CURLOPT_PROXY, "") }
    options.set(CURLOPT_PROXY, "\(proxy.scheme)://\(proxy.authority)")
    if let user = proxy.user { options.set(CURLOPT_PROXYUSERNAME, user.reveal) }
    if let password = proxy.password { options.set(CURLOPT_PROXYPASSWORD, password.reveal) }
    // A proxy does not carry HTTP/2 of a plain request on: through a tunnel it does.
    options.set(CURLOPT_HTTPPROXYTUNNEL, target.scheme == "https" || request.needsHTTP2)
  }

  /// Whom to trust and as whom to appear.
  func configureTrust(_ options: inout EasyOptions) {
    options.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    let verify = !settings.tls.insecure
    options.set(CURLOPT_SSL_VERIFYPEER, verify)
    options.set(CURLOPT_SSL_VERIFYHOST, verify ? 2 : 0)
    if let authorities = settings.tls.authorities { options.set(CURLOPT_CAINFO_BLOB, blob: authorities) }
    if let identity = settings.tls.identity {
      options.set(CURLOPT_SSLCERTTYPE, "PEM")
      options.set(CURLOPT_SSLKEYTYPE, "PEM")
      options.set(CURLOPT_SSLCERT_BLOB, blob: identity.certificate)
      options.set(CURLOPT_SSLKEY_BLOB, blob: identity.key.revealBytes)
    }
    guard let signing = settings.awsSigning, !credentialsWithheld else { return }
    options.set(CURLOPT_AWS_SIGV4, "aws:amz:\(signing.region):\(signing.service)")
    options.set(CURLOPT_USERNAME, signing.accessKey)
    options.set(CURLOPT_PASSWORD, signing.secretKey.reveal)
  }

  /// The header lines as libcurl takes them: `Name:` removes one of its own, `Name;` sends an empty one.
  func headerLines() -> [String] {
    var lines = request.headers.fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
    if connectTo != nil, request.headers["Host"] == nil { lines.append("Host: \(target.authority)") }
    if request.headers["Accept"] == nil { lines.append("Accept: */*") }
    // What is removed here libcurl signs nonetheless, as empty, and botocore and AWS see no such field. A signed request
    // has a type wherever it has a body, and libcurl asks for leave to send only bodies of more than a mebibyte.
    let isSigned = settings.awsSigning != nil && !credentialsWithheld
    if request.headers["Content-Type"] == nil, !isSigned || request.body != nil { lines.append("Content-Type:") }
    if !isSigned || (request.body?.count ?? 0) > 1 << 20 { lines.append("Expect:") }
    return lines
  }

  /// The true place of a connection whose URL bears the certificate's name instead of the host.
  var connectTo: String? {
    guard let name = settings.tls.serverName, !name.isEmpty, target.scheme == "https", name != target.host else {
      return nil
    }
    let host = target.host.contains(":") ? "[\(target.host)]" : target.host
    return "\(name):\(target.port):\(host):\(target.port)"
  }
}

extension Duration {
  /// Milliseconds, rounded down, never outside 0...1 day.
  var wholeMilliseconds: Int {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    guard seconds < 86_400 else { return 86_400_000 }
    return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
  }
}
