import MeshModel
import MeshTransport

/// A service account's private key: it signs a statement that is exchanged for a token.
///
/// Source: RFC 7523; google-auth `oauth2/service_account.py`: signed by RS256, believed for an hour.
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

  /// The signed statement.
  func statement(at seconds: Int) throws(MeshError) -> String {
    let claims: JSONValue = [
      "iss": .string(email), "scope": .string(GoogleIdentity.scope), "aud": .string(tokenURL), "iat": .int(seconds),
      "exp": .int(seconds + 3600),
    ]
    let header = JSONObject(keyID.isEmpty ? [] : [.init(name: "kid", value: .string(keyID))])
    guard let statement = SignedStatement.text(header: header, claims: claims, key: key) else {
      throw MeshError(
        .unauthenticated, "the private key in \(path) is no RSA key in PEM", remedy: "make a new key for \(email)")
    }
    return statement
  }
}
