import CLibcurl

/// The meaning of a libcurl result for an operator.
struct CurlFailure {
  private let transfer: CurlTransfer
  private let code: CURLcode
  private let text: String

  init(_ transfer: CurlTransfer, _ code: CURLcode) {
    self.transfer = transfer
    self.code = code
    text = transfer.explanation(code)
  }

  private typealias Meaning = (code: TransportError.Code, message: String, remedy: String?)

  var error: TransportError {
    let meaning = meaning()
    return TransportError(
      meaning.code, meaning.message, origin: transfer.order.target.origin, remedy: meaning.remedy,
      underlying: "libcurl \(code.rawValue): \(text)", outcomeUnknown: transfer.isOutcomeUnknown)
  }

  private func meaning() -> Meaning {
    let host = transfer.order.target.host
    switch code {
    case CURLE_COULDNT_RESOLVE_HOST:
      return (.unreachable, "the name \(host) is not known", "check the address and the name service")
    case CURLE_COULDNT_RESOLVE_PROXY:
      return (.proxy, "the proxy's name is not known", "correct the proxy setting")
    case CURLE_COULDNT_CONNECT:
      if let proxy = transfer.order.proxy {
        return (.proxy, "the proxy \(proxy.shown) cannot be reached", "check the proxy setting")
      }
      return (.unreachable, "cannot connect", "check that the server runs and the address is right")
    case CURLE_OPERATION_TIMEDOUT:
      return (.timedOut(transfer.phase), "no answer in time while \(transfer.phase.rawValue)", nil)
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE,
      CURLE_SSL_CLIENTCERT, CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED, CURLE_SSL_ISSUER_ERROR,
      CURLE_SSL_INVALIDCERTSTATUS:
      return handshake()
    case CURLE_PROXY: return (.proxy, "the proxy failed", "check the proxy setting")
    case CURLE_PARTIAL_FILE: return (.truncated, "the connection ended inside the answer", nil)
    case CURLE_GOT_NOTHING: return (.connectionLost, "the server closed the connection without an answer", nil)
    case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM: return connectionEnded()
    case CURLE_BAD_CONTENT_ENCODING: return (.malformed, "the answer's compression is damaged", nil)
    case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_HTTP_RETURNED_ERROR:
      return (.malformed, "the answer is not HTTP", "check the port")
    case CURLE_FILESIZE_EXCEEDED: return (.tooLarge, "the answer exceeds a limit", nil)
    case CURLE_OUT_OF_MEMORY where !transfer.head.isComplete && transfer.requestStarted != nil:
      return (.tooLarge, "a header line exceeds what is accepted", nil)
    case CURLE_URL_MALFORMAT: return (.malformed, "the URL is malformed", nil)
    default: return (.connectionLost, "the transfer failed", nil)
    }
  }

  private func connectionEnded() -> Meaning {
    let connectCode = EasyFacts(easy: transfer.easy).long(CURLINFO_HTTP_CONNECTCODE)
    if connectCode == 407 {
      return (.proxy, "the proxy wants other credentials (407)", "correct user and password of the proxy")
    }
    if transfer.order.proxy != nil, transfer.requestStarted == nil, !(200...299).contains(connectCode) {
      return (.proxy, "the proxy refused the tunnel" + (connectCode > 0 ? " (\(connectCode))" : ""), nil)
    }
    if text.contains("alert") { return handshake() }
    if transfer.head.isComplete { return (.truncated, "the connection broke inside the answer", nil) }
    if transfer.requestStarted == nil, transfer.connected != nil {
      return (.tls, "the connection broke during the TLS handshake", nil)
    }
    return (.connectionLost, "the connection broke before an answer", nil)
  }

  /// OpenSSL's numbers for why a certificate was refused. Source: openssl/x509_vfy.h.
  private func handshake() -> Meaning {
    switch EasyFacts(easy: transfer.easy).long(CURLINFO_SSL_VERIFYRESULT) {
    case 10: return (.certificateExpired, "the server's certificate has expired", nil)
    case 9: return (.certificateExpired, "the server's certificate is not yet valid", nil)
    case 18: return (.tls, "the server's certificate is self-signed and not trusted", Self.authorityRemedy)
    case 2, 19, 20, 21:
      return (.tls, "the server's certificate is signed by an unknown authority", Self.authorityRemedy)
    case 66: return (.tls, "the server's key is too small", nil)
    case 67: return (.tls, "the key of the server's authority is too small", nil)
    case 68: return (.tls, "the server's certificate is signed with an outdated digest", nil)
    default: break
    }
    if code == CURLE_SSL_CERTPROBLEM {
      return text.contains("private key")
        ? (.tls, "the client key is unreadable or does not belong to the client certificate", Self.identityRemedy)
        : (.tls, "the client certificate cannot be used", Self.identityRemedy)
    }
    if code == CURLE_SSL_CACERT_BADFILE {
      return (.tls, "the certificate authorities given cannot be read", "they must be PEM")
    }
    for (mark, message) in Self.marks where text.contains(mark) { return (.tls, message, nil) }
    return (.tls, "the TLS handshake failed", nil)
  }

  private static let identityRemedy = "certificate and key must be PEM, the key without a passphrase"
  private static let authorityRemedy = "configure the authority that signed it"

  /// What OpenSSL and libcurl say, and what it means.
  private static let marks: [(String, String)] = [
    ("subject name", "the server's certificate is for another name"),
    ("certificate required", "the server wants a client certificate and none is configured"),
    ("alert certificate expired", "the server says the client certificate has expired"),
    ("alert bad certificate", "the server refused the client certificate or wants one"),
    ("alert unknown ca", "the server does not know the authority of the client certificate"),
    ("alert certificate", "the server refused the client certificate"),
    ("wrong version number", "the server does not speak TLS on this port"),
    ("packet length too long", "the server does not speak TLS on this port"),
    ("http request", "the server does not speak TLS on this port"),
    ("unsupported protocol", "the server speaks only versions of TLS before 1.2"),
    ("protocol version", "the server speaks no common version of TLS; 1.2 is the least accepted"),
    ("key values mismatch", "the client certificate and its key do not belong together"),
    ("handshake failure", "the server refused the TLS handshake, perhaps for want of a client certificate"),
    ("unexpected eof", "the server closed the connection during the TLS handshake"),
  ]
}
