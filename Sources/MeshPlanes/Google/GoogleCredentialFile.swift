import MeshModel
import MeshTransport

/// A file of Google credentials, read anew for every token.
///
/// Sources: google-auth `_default.py`, `oauth2/credentials.py`, `oauth2/service_account.py`, `external_account.py`,
/// `impersonated_credentials.py`.
struct GoogleCredentialFile: Sendable {
  let path: String

  /// The token that the file leads to.
  func token(_ identity: GoogleIdentity) async throws(MeshError) -> GoogleToken {
    let json = try read()
    let endpoint = GoogleTokenEndpoint(means: identity.means)
    var token = try await token(json, endpoint, identity)
    token.quotaProject = json["quota_project_id"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    return token
  }

  /// The file's content.
  func read() throws(MeshError) -> JSONValue {
    let bytes = try LocalFile.read(path, limit: 1 << 20)
    guard let json = try? JSONValue(parsing: bytes), json.object != nil else {
      throw MeshError(.usage, "\(path) holds no JSON object", remedy: "name a file of Google credentials")
    }
    if let universe = json["universe_domain"]?.string, universe != "googleapis.com" {
      throw MeshError(.usage, "\(path) is for \(universe), and only googleapis.com is spoken")
    }
    return json
  }

  private func token(
    _ json: JSONValue, _ endpoint: GoogleTokenEndpoint, _ identity: GoogleIdentity
  ) async throws(MeshError) -> GoogleToken {
    switch json["type"]?.string {
    case "authorized_user": return try await userToken(json, endpoint)
    case "external_account_authorized_user":
      return try await userToken(json, endpoint, url: try text("token_url", json))
    case "service_account":
      return try await GoogleServiceAccountKey(
        email: try text("client_email", json), keyID: json["private_key_id"]?.string ?? "",
        key: Secret(try text("private_key", json)), tokenURL: json["token_uri"]?.string ?? GoogleTokenEndpoint.usual,
        path: path
      ).token(endpoint)
    case "external_account": return try await GoogleWorkloadIdentity(json: json, path: path).token(identity, endpoint)
    case "impersonated_service_account":
      guard let source = json["source_credentials"], source.object != nil else { throw lacking("source_credentials") }
      let url = try text("service_account_impersonation_url", json)
      let base = try await token(source, endpoint, identity)
      let delegates = (json["delegates"]?.array ?? []).compactMap(\.string)
      return try await endpoint.impersonated(url, delegates: delegates, with: base)
    case let kind?:
      throw MeshError(
        .usage, "\(path) holds credentials of type \(kind), which is not spoken",
        remedy: "types are authorized_user, service_account, external_account and impersonated_service_account")
    case nil: throw lacking("type")
    }
  }

  private func userToken(
    _ json: JSONValue, _ endpoint: GoogleTokenEndpoint, url: String = GoogleTokenEndpoint.usual
  ) async throws(MeshError) -> GoogleToken {
    let refresh = try text("refresh_token", json)
    let issued = try await endpoint.issued(
      json["token_uri"]?.string ?? url,
      [
        ("grant_type", "refresh_token"), ("client_id", json["client_id"]?.string ?? ""),
        ("client_secret", json["client_secret"]?.string ?? ""), ("refresh_token", refresh),
      ], secrets: [refresh, json["client_secret"]?.string ?? ""], what: "renew the login in \(path)")
    return GoogleToken(
      value: issued.value, expires: issued.expires, source: "user login in \(path)",
      account: json["account"]?.string.flatMap { $0.isEmpty ? nil : $0 })
  }

  private func text(_ name: String, _ json: JSONValue) throws(MeshError) -> String {
    guard let text = json[name]?.string, !text.isEmpty else { throw lacking(name) }
    return text
  }

  private func lacking(_ name: String) -> MeshError {
    MeshError(.usage, "\(path) has no \(name)", remedy: "make the credentials file anew")
  }
}
