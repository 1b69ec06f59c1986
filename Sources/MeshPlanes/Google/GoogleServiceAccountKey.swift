import MeshModel
import MeshTransport

#if GoogleServiceAccountKeys
import CryptoExtras
import Foundation
#endif

/// A service account's private key: it signs a statement that is exchanged for a token.
///
/// Source: RFC 7523; google-auth `oauth2/service_account.py`: signed by RS256, believed for an hour. The signature needs a
/// library that takes minutes to build, so it is behind the package trait `GoogleServiceAccountKeys`.
struct GoogleServiceAccountKey: Sendable {
  let email: String
  let keyID: String
  let key: Secret
  let tokenURL: String
  let path: String

  func token(_ endpoint: GoogleTokenEndpoint) async throws(MeshError) -> GoogleToken {
    let what = "use the service account key in \(path)"
    let now = endpoint.means.clock.wallSeconds()
    var result = try await exchange(at: now, endpoint, what)
    // A statement of another time is refused; the server's own time is then taken, once.
    if case .failure(let refused) = result, refused.refusal.code == "invalid_grant", let skew = refused.refusal.skew,
      abs(skew) > 30
    {
      result = try await exchange(at: now + skew, endpoint, what)
    }
    switch result {
    case .success(let issued):
      return GoogleToken(
        value: issued.value, expires: issued.expires, source: "service account key in \(path)", account: email)
    case .failure(let refused):
      var error = endpoint.error(refused.refusal, what)
      if refused.refusal.code == "invalid_grant", abs(refused.refusal.skew ?? 0) <= 300 {
        error.remedy = "the key was deleted or the account is disabled: make a new key, or better use workload identity"
      }
      throw error
    }
  }

  private func exchange(
    at seconds: Int, _ endpoint: GoogleTokenEndpoint, _ what: String
  ) async throws(MeshError) -> Result<GoogleTokenEndpoint.Issued, GoogleTokenEndpoint.Refused> {
    let assertion = try statement(at: seconds)
    return try await endpoint.ask(
      tokenURL, [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion)],
      secrets: [assertion], what: what)
  }

  /// The signed statement: header, claims and signature, each in Base64 for URLs.
  func statement(at seconds: Int) throws(MeshError) -> String {
    var header: JSONValue = ["alg": "RS256", "typ": "JWT"]
    if !keyID.isEmpty { header["kid"] = .string(keyID) }
    let claims: JSONValue = [
      "iss": .string(email), "scope": .string(GoogleIdentity.scope), "aud": .string(tokenURL), "iat": .int(seconds),
      "exp": .int(seconds + 3600),
    ]
    let text = Self.encoded(JSONWriter.bytes(header)) + "." + Self.encoded(JSONWriter.bytes(claims))
    return text + "." + Self.encoded(try signature(of: text))
  }

  private static func encoded(_ bytes: [UInt8]) -> String {
    Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  #if GoogleServiceAccountKeys
  private func signature(of text: String) throws(MeshError) -> [UInt8] {
    do {
      let key = try _RSA.Signing.PrivateKey(pemRepresentation: self.key.reveal)
      return Array(try key.signature(for: Data(text.utf8), padding: .insecurePKCS1v1_5).rawRepresentation)
    } catch {
      // What the library says could hold parts of the key.
      throw MeshError(
        .unauthenticated, "the private key in \(path) is no RSA key in PEM", remedy: "make a new key for \(email)")
    }
  }
  #else
  private func signature(of text: String) throws(MeshError) -> [UInt8] {
    throw MeshError(
      .unauthenticated, "\(path) is a service account key, and this build cannot sign with one",
      remedy:
        "build with `swift build --traits GoogleServiceAccountKeys`, or run `gcloud auth activate-service-account "
        + "--key-file=\(path)` and name no credentials file")
  }
  #endif
}
