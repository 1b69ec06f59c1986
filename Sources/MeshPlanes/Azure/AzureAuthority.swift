import MeshModel
import MeshTransport

/// Microsoft's token endpoint: a client's secret or a federated token, exchanged for a token.
///
/// Source: Microsoft identity platform, "OAuth 2.0 client credentials flow" (v2.0 endpoint).
struct AzureAuthority: Sendable {
  let environment: AzureEnvironment
  let options: Session.Options

  /// A token for `AZURE_CLIENT_ID` with `AZURE_CLIENT_SECRET`; `nil` where no secret is set.
  func clientSecret() async throws(MeshError) -> AzureToken? {
    guard let secret = environment["AZURE_CLIENT_SECRET"] else { return nil }
    return try await exchange([("client_secret", secret)], source: "client secret of the environment")
  }

  /// A token for `AZURE_CLIENT_ID` with the token in `AZURE_FEDERATED_TOKEN_FILE`, read anew each time; `nil` without one.
  func federated() async throws(MeshError) -> AzureToken? {
    guard let path = environment["AZURE_FEDERATED_TOKEN_FILE"] else { return nil }
    let text: String
    do throws(MeshError) { text = String(decoding: try LocalFile.read(path, limit: 1 << 16), as: UTF8.self) } catch {
      throw MeshError(
        .unauthenticated, "the federated token cannot be read: \(error.message)",
        remedy: "correct AZURE_FEDERATED_TOKEN_FILE")
    }
    guard let assertion = text.split(whereSeparator: \.isWhitespace).first else {
      throw MeshError(.unauthenticated, "the federated token \(path) is empty", remedy: "look at who writes it")
    }
    return try await exchange(
      [
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", String(assertion)),
      ], source: "workload identity of \(path)")
  }

  private func exchange(_ proof: [(String, String)], source: String) async throws(MeshError) -> AzureToken {
    guard let tenant = environment["AZURE_TENANT_ID"], let client = environment["AZURE_CLIENT_ID"] else {
      throw MeshError(
        .unauthenticated, "\(source): AZURE_TENANT_ID and AZURE_CLIENT_ID are not both set", remedy: "set both")
    }
    let fields =
      [
        ("client_id", client), ("grant_type", "client_credentials"),
        ("scope", environment.audience + "/.default"),
      ] + proof
    let authority = try environment.authority()
    let what = "ask \(authority) for a token"
    let response: HTTPResponse
    // Not through a session, which keeps to itself what a 401 says: here it names the fault.
    do throws(TransportError) {
      response = try await options.transport(ConnectionSettings()).send(
        HTTPRequest(
          .post, "\(authority)/\(PercentCoding.encode(tenant))/oauth2/v2.0/token",
          headers: ["Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"],
          body: Array(PercentCoding.query(fields.map { ($0.0, Optional($0.1)) }).utf8), deadlines: .read,
          idempotent: true))
    } catch {
      throw MeshError(error, what, plane: "", address: "check AZURE_AUTHORITY_HOST").ofNoPlane
    }
    guard response.isSuccess else {
      let json = try? JSONValue(parsing: response.body)
      // The first line names the fault by its AADSTS number; what follows are identifiers of the request.
      let words = json?["error_description"]?.string?.split(whereSeparator: \.isNewline).first.map(String.init)
      let said = words ?? json?["error"]?.string ?? "it answers \(response.status)"
      let isPassing = response.status == 429 || response.status >= 500
      throw MeshError(
        isPassing ? .unreachable : .unauthenticated, "\(what) with the \(source): \(said)",
        remedy: isPassing ? "wait a little and try again" : "correct the AZURE_ variables, or renew the secret")
    }
    return try AzureToken(document: response.body, what: what, source: source, now: options.clock.wallSeconds())
  }
}

extension MeshError {
  /// The same error, told of no plane.
  var ofNoPlane: MeshError {
    var error = self
    error.plane = nil
    return error
  }
}
