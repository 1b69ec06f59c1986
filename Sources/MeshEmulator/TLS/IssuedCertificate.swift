import COpenSSL

/// A certificate and its key, made here and good for this run alone.
final class IssuedCertificate: @unchecked Sendable {
  /// The certificate in PEM.
  let pem: String
  /// The certificate and the key, which nothing changes after creation.
  fileprivate let certificate: OpaquePointer
  fileprivate let key: OpaquePointer

  /// What a certificate is to say.
  struct Wish {
    /// Whom it is of, the common name.
    var subject: String
    /// When it begins and ends to hold, in seconds since 1970.
    var begins, ends: Int
    /// Its extensions: numbers and values as OpenSSL's configuration writes them.
    var extensions: [(number: Int32, value: String)]
  }

  /// Makes one, signed by its issuer, or by itself where there is none.
  init(_ wish: Wish, issuer: IssuedCertificate? = nil) throws {
    guard let key = copenssl_new_key() else { throw TLSError.last("no key could be made") }
    guard let certificate = X509_new() else {
      EVP_PKEY_free(key)
      throw TLSError.last("no certificate could be made")
    }
    self.key = key
    self.certificate = certificate
    let common = Array(wish.subject.utf8)
    let name = X509_get_subject_name(certificate)
    // Version 3 is written as 2 (RFC 5280 4.1.2.1).
    guard X509_set_version(certificate, 2) == 1,
      ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), UInt64.random(in: 1...(.max >> 1))) == 1,
      ASN1_TIME_set(X509_getm_notBefore(certificate), wish.begins) != nil,
      ASN1_TIME_set(X509_getm_notAfter(certificate), wish.ends) != nil, X509_set_pubkey(certificate, key) == 1,
      X509_NAME_add_entry_by_txt(name, "CN", Int32(copenssl_utf8), common, Int32(common.count), -1, 0) == 1,
      X509_set_issuer_name(certificate, X509_get_subject_name(issuer?.certificate ?? certificate)) == 1
    else { throw TLSError.last("the certificate could not be filled in") }
    for (number, value) in wish.extensions {
      guard let part = X509V3_EXT_conf_nid(nil, nil, number, value) else {
        throw TLSError.last("the certificate's \(value) could not be made")
      }
      defer { X509_EXTENSION_free(part) }
      guard X509_add_ext(certificate, part, -1) == 1 else { throw TLSError.last("the certificate takes no \(value)") }
    }
    guard X509_sign(certificate, issuer?.key ?? key, EVP_sha256()) != 0 else {
      throw TLSError.last("the certificate is not signed")
    }
    pem = try Self.text { PEM_write_bio_X509($0, certificate) }
  }

  deinit {
    X509_free(certificate)
    EVP_PKEY_free(key)
  }

  /// The private key in PEM.
  var keyPEM: String { get throws { try Self.text { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) } } }

  /// Has TLS sessions made with it.
  func serve(_ context: OpaquePointer) -> Bool {
    SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1
  }

  private static func text(_ write: (OpaquePointer) -> Int32) throws -> String {
    guard let memory = BIO_new(BIO_s_mem()) else { throw TLSError.last("no memory") }
    defer { BIO_free(memory) }
    guard write(memory) == 1 else { throw TLSError.last("it is not written") }
    return String(decoding: memory.drained(), as: UTF8.self)
  }
}
