import COpenSSL
import Foundation

/// A failure of serving TLS.
public struct TLSError: Error, CustomStringConvertible {
  /// What failed, and what OpenSSL says of it.
  public var description: String

  /// The failure of a step, with the first word of OpenSSL's queue of errors, which is emptied.
  static func last(_ step: String) -> TLSError {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0 else { return TLSError(description: step) }
    var text = [CChar](repeating: 0, count: 256)
    ERR_error_string_n(code, &text, text.count)
    let words = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return TLSError(description: "\(step): \(words)")
  }
}

/// A certificate of this run alone for `127.0.0.1` and `localhost`, signed by itself, with its key.
///
/// The key never leaves the process.
final class ServerCertificate: @unchecked Sendable {
  /// The certificate in PEM, which a client has to trust.
  let pem: String
  /// What sessions are made of; not changed after creation, which is what OpenSSL asks of one that threads share.
  let context: OpaquePointer

  /// Creates a certificate that is valid from an hour ago for a year.
  init() throws {
    let now = Int(Date().timeIntervalSince1970)
    let certificate = try IssuedCertificate(
      IssuedCertificate.Wish(
        subject: "meshdeck embedded mesh", begins: now - 3_600, ends: now + 365 * 86_400,
        extensions: [
          (Int32(copenssl_subject_alt_name), "IP:127.0.0.1,DNS:localhost"),
          (Int32(copenssl_basic_constraints), "critical,CA:TRUE"), (Int32(copenssl_extended_key_usage), "serverAuth"),
        ]))
    guard let context = SSL_CTX_new(TLS_server_method()) else { throw TLSError.last("TLS could not be set up") }
    self.context = context
    pem = certificate.pem
    guard copenssl_require_tls12(context) == 1, certificate.serve(context) else {
      throw TLSError.last("the certificate is not taken")
    }
  }

  deinit { SSL_CTX_free(context) }
}

extension OpaquePointer {
  /// What a memory BIO holds, which is taken out of it.
  func drained() -> [UInt8] {
    let count = BIO_ctrl_pending(self)
    guard count > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = 0
      _ = BIO_read_ex(self, buffer.baseAddress, count, &filled)
    }
  }
}
