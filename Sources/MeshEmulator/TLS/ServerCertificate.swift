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
    guard let key = copenssl_new_key() else { throw TLSError.last("no key could be made") }
    defer { EVP_PKEY_free(key) }
    guard let certificate = X509_new() else { throw TLSError.last("no certificate could be made") }
    defer { X509_free(certificate) }
    try Self.fill(certificate, key)
    guard let context = SSL_CTX_new(TLS_server_method()) else { throw TLSError.last("TLS could not be set up") }
    self.context = context
    pem = try Self.text(certificate)
    guard copenssl_require_tls12(context) == 1, SSL_CTX_use_certificate(context, certificate) == 1,
      SSL_CTX_use_PrivateKey(context, key) == 1
    else { throw TLSError.last("the certificate is not taken") }
  }

  deinit { SSL_CTX_free(context) }

  private static func fill(_ certificate: OpaquePointer, _ key: OpaquePointer) throws {
    let name = X509_get_subject_name(certificate)
    let common = Array("meshdeck embedded mesh".utf8)
    // Version 3 is written as 2 (RFC 5280 4.1.2.1).
    guard X509_set_version(certificate, 2) == 1,
      ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), UInt64.random(in: 1...(.max >> 1))) == 1,
      X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != nil,
      X509_gmtime_adj(X509_getm_notAfter(certificate), 365 * 86_400) != nil,
      X509_set_pubkey(certificate, key) == 1,
      X509_NAME_add_entry_by_txt(name, "CN", Int32(copenssl_utf8), common, Int32(common.count), -1, 0) == 1,
      X509_set_issuer_name(certificate, name) == 1
    else { throw TLSError.last("the certificate could not be filled in") }
    for (extensionNumber, value) in [
      (copenssl_subject_alt_name, "IP:127.0.0.1,DNS:localhost"), (copenssl_basic_constraints, "critical,CA:TRUE"),
      (copenssl_extended_key_usage, "serverAuth"),
    ] {
      guard let part = X509V3_EXT_conf_nid(nil, nil, Int32(extensionNumber), value) else {
        throw TLSError.last("the certificate's \(value) could not be made")
      }
      defer { X509_EXTENSION_free(part) }
      guard X509_add_ext(certificate, part, -1) == 1 else { throw TLSError.last("the certificate takes no \(value)") }
    }
    guard X509_sign(certificate, key, EVP_sha256()) != 0 else { throw TLSError.last("the certificate is not signed") }
  }

  private static func text(_ certificate: OpaquePointer) throws -> String {
    guard let memory = BIO_new(BIO_s_mem()) else { throw TLSError.last("no memory") }
    defer { BIO_free(memory) }
    guard PEM_write_bio_X509(memory, certificate) == 1 else { throw TLSError.last("the certificate is not written") }
    return String(decoding: memory.drained(), as: UTF8.self)
  }
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
