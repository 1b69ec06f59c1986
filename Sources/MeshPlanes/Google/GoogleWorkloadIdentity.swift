import MeshModel
import MeshTransport

/// Workload identity federation: a token of another identity provider exchanged for Google's.
///
/// Source: google-auth `external_account.py`, `identity_pool.py`, `pluggable.py`: the subject token comes from a file, an
/// address or a program; it is exchanged at the Security Token Service, and a service account may be acted as with the
/// result.
struct GoogleWorkloadIdentity: Sendable {
  let json: JSONValue
  let path: String

  func token(_ identity: GoogleIdentity, _ endpoint: GoogleTokenEndpoint) async throws(MeshError) -> GoogleToken {
    guard let audience = json["audience"]?.string, let kind = json["subject_token_type"]?.string else {
      throw MeshError(.usage, "\(path) has no audience or no subject_token_type", remedy: "make the file anew")
    }
    let subject = try await subjectToken(identity, audience: audience, kind: kind)
    var fields = [
      ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("audience", audience),
      ("scope", GoogleIdentity.scope), ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
      ("subject_token", subject), ("subject_token_type", kind),
    ]
    var headers: HTTPHeaders = [:]
    if let client = json["client_id"]?.string, let secret = json["client_secret"]?.string {
      headers["Authorization"] = "Basic " + Base64.encode(Array("\(client):\(secret)".utf8))
    } else if let project = json["workforce_pool_user_project"]?.string {
      fields.append(("options", JSONWriter.text(["userProject": .string(project)])))
    }
    let issued = try await endpoint.issued(
      json["token_url"]?.string ?? "https://sts.googleapis.com/v1/token", fields,
      secrets: [subject, json["client_secret"]?.string ?? ""], what: "exchange the token of workload identity",
      headers: headers)
    let token = GoogleToken(
      value: issued.value, expires: issued.expires, source: "workload identity of \(path)", account: audience)
    guard let url = json["service_account_impersonation_url"]?.string, !url.isEmpty else { return token }
    return try await endpoint.impersonated(url, delegates: [], with: token)
  }

  private func subjectToken(
    _ identity: GoogleIdentity, audience: String, kind: String
  ) async throws(MeshError) -> String {
    let source = json["credential_source"] ?? .null
    if let file = source["file"]?.string {
      return try extract(String(decoding: LocalFile.read(file, limit: 1 << 20), as: UTF8.self), source, from: file)
    }
    if let command = source["executable"]?["command"]?.string {
      return try await programToken(command, source, identity, audience: audience, kind: kind)
    }
    if source["environment_id"] != nil {
      throw refused("takes its subject token from AWS's own signatures, which is not spoken")
    }
    if source["certificate"] != nil { throw refused("takes its subject token from a certificate, which is not spoken") }
    if let url = source["url"]?.string { return try await addressToken(url, source, identity) }
    throw MeshError(.usage, "\(path) has a credential_source without file, url or executable")
  }

  private func refused(_ words: String) -> MeshError {
    MeshError(
      .usage, "\(path) \(words)",
      remedy: "use file, url or executable as credential_source, or log in with the gcloud command")
  }

  private func addressToken(
    _ url: String, _ source: JSONValue, _ identity: GoogleIdentity
  ) async throws(MeshError) -> String {
    let what = "ask \((try? TargetURL(parsing: url))?.origin ?? "the subject token's address") for the subject token"
    var headers: HTTPHeaders = [:]
    for member in source["headers"]?.object?.members ?? [] { headers[member.name] = member.value.string ?? "" }
    var request = HTTPRequest(.get, url, headers: headers)
    request.isForCredentials = true
    let response: HTTPResponse
    do throws(TransportError) {
      response = try await identity.means.transport(ConnectionSettings()).send(request)
    } catch {
      var failure = MeshError(error, what, plane: "")
      failure.plane = nil
      throw failure
    }
    guard response.isSuccess else {
      throw MeshError(.unauthenticated, "\(what): it answers \(response.status)", remedy: "check \(path)")
    }
    return try extract(String(decoding: response.body, as: UTF8.self), source, from: "the answer")
  }

  /// The token in a text: the whole of it, or a member of its JSON.
  private func extract(_ text: String, _ source: JSONValue, from place: String) throws(MeshError) -> String {
    var token = text
    if source["format"]?["type"]?.string == "json" {
      let member = source["format"]?["subject_token_field_name"]?.string ?? ""
      guard let json = try? JSONValue(parsing: text), let value = json[member]?.string else {
        throw MeshError(.unauthenticated, "\(place) has no subject token in \(member)", remedy: "check \(path)")
      }
      token = value
    }
    token = String(token.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    guard !token.isEmpty else {
      throw MeshError(.unauthenticated, "the subject token in \(place) is empty", remedy: "check \(path)")
    }
    return token
  }

  private func programToken(
    _ command: String, _ source: JSONValue, _ identity: GoogleIdentity, audience: String, kind: String
  ) async throws(MeshError) -> String {
    guard identity.variables["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"] == "1" else {
      throw MeshError(
        .unauthenticated, "\(path) names a program for its subject token, and programs are not allowed",
        remedy: "set GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1 where you trust the file")
    }
    let what = "the program of \(path)"
    let now = identity.means.clock.wallSeconds()
    let kept = source["executable"]?["output_file"]?.string
    if let kept, let bytes = try? LocalFile.read(kept, limit: 1 << 20), let json = try? JSONValue(parsing: bytes),
      let expires = json["expiration_time"]?.double, expires > Double(now), let token = Self.printed(json)
    {
      return token
    }
    var added = [
      "GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE": audience, "GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE": kind,
      "GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE": "0", "GOOGLE_EXTERNAL_ACCOUNT_REVOKE": "0",
    ]
    added["GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE"] = kept
    added["GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL"] = json["service_account_impersonation_url"]?.string
      .flatMap(GoogleTokenEndpoint.account)
    let limit = source["executable"]?["timeout_millis"]?.int ?? 30_000
    let program = CredentialProgram(
      words: try CredentialProgram.words(command, of: what), what: what, variables: identity.variables, added: added,
      timeLimit: .milliseconds(min(max(limit, 5000), 120_000)))
    let bytes = try await program.output(remedy: "correct it in \(path)")
    guard let json = try? JSONValue(parsing: bytes), json["version"]?.int == 1 else {
      throw MeshError(.unauthenticated, "\(what) printed no JSON of version 1", remedy: "run it by hand")
    }
    guard json["success"]?.bool == true else {
      throw MeshError(
        .unauthenticated, "\(what) says that it failed (code \(json["code"]?.string ?? "none"))",
        remedy: "run it by hand and look at what it prints")
    }
    if let expires = json["expiration_time"]?.double, expires <= Double(now) {
      throw MeshError(
        .unauthenticated, "\(what) printed a token that has expired", remedy: "check this machine's clock")
    }
    guard let token = Self.printed(json) else {
      throw MeshError(.unauthenticated, "\(what) printed no token", remedy: "run it by hand")
    }
    return token
  }

  private static func printed(_ json: JSONValue) -> String? {
    guard json["success"]?.bool == true else { return nil }
    let isSAML = json["token_type"]?.string == "urn:ietf:params:oauth:token-type:saml2"
    return json[isSAML ? "saml_response" : "id_token"]?.string.flatMap { $0.isEmpty ? nil : $0 }
  }
}
