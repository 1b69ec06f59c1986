import MeshModel
import MeshTransport

/// The endpoints that issue tokens: OAuth's, the Security Token Service, and the impersonation of service accounts.
///
/// Sources: RFC 6749 §5 (answers and errors), RFC 8693 (token exchange), IAM Credentials API `generateAccessToken`.
struct GoogleTokenEndpoint: Sendable {
  /// Google's own, where a credentials file names none. Source: google-auth `_GOOGLE_OAUTH2_TOKEN_ENDPOINT`.
  static let usual = "https://oauth2.googleapis.com/token"

  let means: GoogleIdentity.Means

  /// What an endpoint gave.
  struct Issued: Sendable {
    var value: Secret
    var expires: Double?
  }

  /// A refusal, with the server's time where it told it.
  struct Refusal: Sendable {
    var code: String
    var words: String
    var skew: Int?
  }

  /// The token for a form; `secrets` are texts of the form that no error may repeat.
  func issued(
    _ url: String, _ fields: [(String, String)], secrets: [String], what: String, headers: HTTPHeaders = [:]
  ) async throws(MeshError) -> Issued {
    switch try await ask(url, fields, secrets: secrets, what: what, headers: headers) {
    case .success(let issued): return issued
    case .failure(let failed): throw error(failed.refusal, what)
    }
  }

  /// A refusal as the failure of a result.
  struct Refused: Error { let refusal: Refusal }

  /// As ``issued(_:_:secrets:what:headers:)``, with a refusal given back to be judged.
  func ask(
    _ url: String, _ fields: [(String, String)], secrets: [String], what: String, headers: HTTPHeaders = [:]
  ) async throws(MeshError) -> Result<Issued, Refused> {
    var headers = headers
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    let body = PercentCoding.query(fields.map { ($0.0, Optional($0.1)) })
    let response = try await post(url, headers, Array(body.utf8), what: what)
    let json = (try? JSONValue(parsing: response.body)) ?? .null
    if response.isSuccess {
      guard let token = json["access_token"]?.string, !token.isEmpty else {
        throw MeshError(.malformed, "\(what): the answer holds no token", remedy: "check the credentials file")
      }
      let seconds = json["expires_in"]?.double
      return .success(
        Issued(value: Secret(token), expires: seconds.map { Double(means.clock.wallSeconds()) + $0 }))
    }
    // RFC 6749 has `error` as a word; Google's own APIs have an object there.
    let code = json["error"]?.string ?? json["error"]?["status"]?.string ?? "status \(response.status)"
    var words = json["error_description"]?.string ?? json["error"]?["message"]?.string ?? ""
    if secrets.contains(where: { !$0.isEmpty && words.contains($0) }) { words = "" }
    let skew = response.headers["Date"].flatMap(HTTPDate.parse).map { $0 - means.clock.wallSeconds() }
    return .failure(Refused(refusal: Refusal(code: code, words: words, skew: skew)))
  }

  /// A refusal in the words an operator needs.
  func error(_ refusal: Refusal, _ what: String) -> MeshError {
    let said = [refusal.code, refusal.words].filter { !$0.isEmpty }.joined(separator: ": ")
    if let skew = refusal.skew, abs(skew) > 300 {
      return MeshError(
        .unauthenticated,
        "\(what): Google refuses it (\(said)), and this machine's clock is \(abs(skew)) s \(skew > 0 ? "behind" : "ahead")",
        remedy: "set this machine's clock")
    }
    let remedy =
      switch refusal.code {
      case "invalid_grant": "it expired or was revoked: log in again (`gcloud auth application-default login`)"
      case "invalid_client", "unauthorized_client": "the client in the credentials file is not known any more"
      case "invalid_target": "correct the audience in the credentials file"
      default: "check the credentials file"
      }
    return MeshError(.unauthenticated, "\(what): Google refuses it (\(said))", remedy: remedy)
  }

  /// The token of a service account that another token may act as.
  func impersonated(_ url: String, delegates: [String], with base: GoogleToken) async throws(MeshError) -> GoogleToken {
    let account = Self.account(in: url)
    let what = "act as \(account ?? "the service account")"
    let body: JSONValue = [
      "delegates": .array(delegates.map(JSONValue.string)), "scope": [.string(GoogleIdentity.scope)],
      "lifetime": "3600s",
    ]
    let response = try await post(
      url, ["Content-Type": "application/json", "Authorization": "Bearer " + base.value.reveal],
      JSONWriter.bytes(body), what: what)
    guard response.isSuccess else {
      var error = GoogleFailure(response).error(what, plane: "")
      error.plane = nil
      if error.code == .forbidden {
        error.remedy = "grant roles/iam.serviceAccountTokenCreator on it to \(base.account ?? "the caller")"
      }
      throw error
    }
    guard let json = try? JSONValue(parsing: response.body), let token = json["accessToken"]?.string, !token.isEmpty
    else { throw MeshError(.malformed, "\(what): the answer holds no token") }
    return GoogleToken(
      value: Secret(token), expires: json["expireTime"]?.string.flatMap(RFC3339.parse)?.seconds,
      source: "\(base.source), acting as a service account", account: account)
  }

  /// The service account in the address of its impersonation: `…/serviceAccounts/NAME:generateAccessToken`.
  static func account(in url: String) -> String? {
    guard let slash = url.lastIndex(of: "/"), let colon = url.lastIndex(of: ":"), slash < colon else { return nil }
    return PercentCoding.decode(String(url[url.index(after: slash)..<colon]))
  }

  private func post(
    _ url: String, _ headers: HTTPHeaders, _ body: [UInt8], what: String
  ) async throws(MeshError) -> HTTPResponse {
    guard let target = try? TargetURL(parsing: url), target.scheme == "https" || target.isLoopback else {
      throw MeshError(
        .usage, "\(what): the token address is not an https address", remedy: "correct the credentials file")
    }
    var headers = headers
    headers["Accept"] = "application/json"
    // Asking twice does no harm: a token that is not used ends by itself.
    var request = HTTPRequest(.post, url, headers: headers, body: body, deadlines: .read, idempotent: true)
    request.isForCredentials = true
    do throws(TransportError) {
      return try await means.transport(ConnectionSettings()).send(request)
    } catch {
      var failure = MeshError(error, what, plane: "")
      failure.plane = nil
      throw failure
    }
  }
}
