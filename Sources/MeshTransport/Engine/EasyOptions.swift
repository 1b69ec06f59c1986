import CLibcurl

/// Sets typed options of one easy handle and remembers the first refusal.
struct EasyOptions {
  let easy: UnsafeMutableRawPointer
  private(set) var refusal: CURLcode = CURLE_OK

  init(_ easy: UnsafeMutableRawPointer) { self.easy = easy }

  mutating func set(_ option: CURLoption, _ value: Int) { note(clibcurl_set_long(easy, option, value)) }

  mutating func set(_ option: CURLoption, _ value: Bool) { note(clibcurl_set_long(easy, option, value ? 1 : 0)) }

  mutating func set(_ option: CURLoption, _ value: String) { note(clibcurl_set_string(easy, option, value)) }

  mutating func set(_ option: CURLoption, list: UnsafeMutablePointer<curl_slist>?) {
    note(clibcurl_set_list(easy, option, list))
  }

  mutating func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer) {
    note(clibcurl_set_pointer(easy, option, pointer))
  }

  mutating func set(_ option: CURLoption, blob: [UInt8]) {
    note(blob.withUnsafeBytes { clibcurl_set_blob(easy, option, $0.baseAddress, $0.count) })
  }

  mutating func set(_ option: CURLoption, receiver: curl_write_callback) {
    note(clibcurl_set_receiver(easy, option, receiver))
  }

  mutating func note(_ code: CURLcode) {
    if refusal == CURLE_OK, code != CURLE_OK { refusal = code }
  }
}

/// Reads facts of one easy handle.
struct EasyFacts {
  let easy: UnsafeMutableRawPointer

  func long(_ info: CURLINFO) -> Int {
    var value = 0
    return clibcurl_get_long(easy, info, &value) == CURLE_OK ? value : 0
  }

  func offset(_ info: CURLINFO) -> Int {
    var value: curl_off_t = 0
    return clibcurl_get_offset(easy, info, &value) == CURLE_OK ? Int(value) : 0
  }

  /// The first certificate of the peer, where collecting them was asked for.
  func certificate() -> PeerCertificate? {
    var chain: UnsafeMutablePointer<curl_certinfo>?
    guard clibcurl_get_certificates(easy, &chain) == CURLE_OK, let chain, chain.pointee.num_of_certs > 0,
      let lists = chain.pointee.certinfo
    else { return nil }
    var certificate = PeerCertificate()
    var item = lists[0]
    while let current = item {
      let (name, value) = TargetURL.split(String(cString: current.pointee.data), at: ":")
      switch name {
      case "Subject": certificate.subject = value
      case "Start date": certificate.notBefore = value
      case "Expire date": certificate.notAfter = value
      default: break
      }
      item = current.pointee.next
    }
    return certificate
  }
}
