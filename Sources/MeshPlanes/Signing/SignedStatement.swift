import COpenSSL
import MeshModel
import MeshTransport

/// A statement signed with a private key, which clouds take for a token: a JSON Web Token by RS256.
///
/// Sources: RFC 7519 (the token), RFC 7515 (its three parts), RFC 7518 3.3 (RS256: RSASSA-PKCS1-v1_5 with SHA-256). The
/// signature is made by the OpenSSL that libcurl brings along.
enum SignedStatement {
  /// The statement: header, claims and signature, each in Base64 for URLs; `nil` where the key is no RSA key in PEM.
  ///
  /// - Parameter header: Members beside `alg` and `typ`.
  static func text(header: JSONObject, claims: JSONValue, key: Secret) -> String? {
    let start = JSONObject([.init(name: "alg", value: "RS256"), .init(name: "typ", value: "JWT")] + header.members)
    let text = encoded(JSONWriter.bytes(.object(start))) + "." + encoded(JSONWriter.bytes(claims))
    return signature(of: Array(text.utf8), key: key).map { text + "." + encoded($0) }
  }

  /// Base64 for URLs, without padding (RFC 7515, section 2).
  static func encoded(_ bytes: [UInt8]) -> String {
    Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// The SHA-1 digest, with which certificates are named (RFC 7515 4.1.7); `nil` where OpenSSL has none.
  static func thumbprint(_ bytes: [UInt8]) -> [UInt8]? {
    var digest = [UInt8](repeating: 0, count: 20)
    var length = digest.count
    guard EVP_Q_digest(nil, "SHA1", nil, bytes, bytes.count, &digest, &length) == 1 else { return nil }
    return digest
  }

  private static func signature(of bytes: [UInt8], key: Secret) -> [UInt8]? {
    defer { ERR_clear_error() }
    let pem = Array(key.reveal.utf8)
    // What OpenSSL says of a fault could hold parts of the key.
    let read = pem.withUnsafeBytes { buffer -> OpaquePointer? in
      guard let bio = BIO_new_mem_buf(buffer.baseAddress, Int32(clamping: buffer.count)) else { return nil }
      defer { BIO_free(bio) }
      return copenssl_read_key(bio)
    }
    guard let read else { return nil }
    defer { EVP_PKEY_free(read) }
    guard EVP_PKEY_get_base_id(read) == Int32(copenssl_rsa), let context = EVP_MD_CTX_new() else { return nil }
    defer { EVP_MD_CTX_free(context) }
    var length = 0
    guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, read) == 1,
      EVP_DigestSign(context, nil, &length, bytes, bytes.count) == 1
    else { return nil }
    var signature = [UInt8](repeating: 0, count: length)
    guard EVP_DigestSign(context, &signature, &length, bytes, bytes.count) == 1 else { return nil }
    return Array(signature.prefix(length))
  }
}
