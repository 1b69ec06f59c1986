import COpenSSL

/// One connection's TLS, the server's side, over bytes in memory: whoever owns the socket carries them.
final class TLSSession {
  private let session: OpaquePointer
  private let received: OpaquePointer
  private let toSend: OpaquePointer

  /// Creates the state before the handshake.
  init(_ certificate: ServerCertificate) throws {
    guard let session = SSL_new(certificate.context) else { throw TLSError.last("no TLS session could be made") }
    guard let received = BIO_new(BIO_s_mem()), let toSend = BIO_new(BIO_s_mem()) else {
      SSL_free(session)
      throw TLSError.last("no memory")
    }
    // The session owns both from here on.
    SSL_set_bio(session, received, toSend)
    SSL_set_accept_state(session)
    (self.session, self.received, self.toSend) = (session, received, toSend)
  }

  deinit { SSL_free(session) }

  /// The bytes for the peer that were not taken yet.
  func outgoing() -> [UInt8] { toSend.drained() }

  /// Takes bytes of the peer.
  func receive(_ bytes: [UInt8]) throws {
    var written = 0
    guard bytes.isEmpty || BIO_write_ex(received, bytes, bytes.count, &written) == 1 else {
      throw TLSError.last("no memory")
    }
  }

  /// Goes on with the handshake.
  ///
  /// - Returns: Whether it is over; more bytes of the peer are needed where not.
  func handshake() throws -> Bool {
    ERR_clear_error()
    let result = SSL_do_handshake(session)
    return try result == 1 || !wantsMore(result, "handshake")
  }

  /// What the peer said, in clear; `nil` where more bytes of the peer are needed.
  func plaintext() throws -> [UInt8]? {
    ERR_clear_error()
    var result: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: 16 << 10) { buffer, filled in
      filled = 0
      result = SSL_read_ex(session, buffer.baseAddress, buffer.count, &filled)
    }
    if result == 1 { return bytes }
    _ = try wantsMore(result, "reading")
    return nil
  }

  /// Encrypts what is said to the peer into ``outgoing()``.
  func say(_ bytes: [UInt8]) throws {
    ERR_clear_error()
    var written = 0
    guard bytes.isEmpty || SSL_write_ex(session, bytes, bytes.count, &written) == 1 else {
      throw TLSError.last("writing")
    }
  }

  /// Says goodbye into ``outgoing()``, so that the peer knows that nothing was cut off.
  func close() {
    ERR_clear_error()
    _ = SSL_shutdown(session)
    ERR_clear_error()
  }

  private func wantsMore(_ result: Int32, _ step: String) throws -> Bool {
    guard SSL_get_error(session, result) == Int32(copenssl_want_read) else { throw TLSError.last("TLS ended: \(step)") }
    return true
  }
}
