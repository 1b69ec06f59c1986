import MeshModel
import MeshTransport

/// Microsoft's token endpoint: a client's secret, a statement its certificate signed, or a federated token, exchanged for a
/// token.
///
/// Source: Microsoft identity platform, "OAuth 2.0 client credentials flow" (v2.0 endpoint) and "Application authentication
/// certificate credentials".
struct AzureAuthority: Sendable {
  let environment: AzureEnvironment
  let options: Session.Options

  /// A token for `AZURE_CLIENT_ID` with `AZURE_CLIENT_SECRET`; `nil` where no secret is set.
  func clientSecret() async throws(MeshError) -> AzureToken? {
    guard let secret = environment["AZURE_CLIENT_SECRET"] else { return nil }
    return try await exchange([("client_secret", secret)], source: "client secret of the environment")
  }

  /// A token for `AZURE_CLIENT_ID` with the certificate and the key in `AZURE_CLIENT_CERTIFICATE_PATH`; `nil` where none is
  /// named.
  func clientCertificate() async throws(MeshError) -> AzureToken? {
    guard let path = environment["AZURE_CLIENT_CERTIFICATE_PATH"] else { return nil }
    let remedy =
      "AZURE_CLIENT_CERTIFICATE_PATH names one file in PEM with the certificate and its RSA key, unencrypted; "
      + "of a PFX file: openssl pkcs12 -in FILE -nodes"
    let bytes: [UInt8]
    do throws(MeshError) { bytes = try LocalFile.read(path, limit: 1 << 16) } catch {
      throw MeshError(.unauthenticated, "the client certificate cannot be read: \(error.message)", remedy: remedy)
    }
    let (tenant, client) = try who("client certificate \(path)")
    let address = try tokenAddress(tenant)
    let now = options.clock.wallSeconds()
    let pem = String(decoding: bytes, as: UTF8.self)
    guard let certificate = PEMText.certificates(pem).first,
      let thumbprint = SignedStatement.thumbprint(certificate),
      let assertion = SignedStatement.text(
        header: JSONObject([.init(name: "x5t", value: .string(SignedStatement.encoded(thumbprint)))]),
        claims: [
          "aud": .string(address), "iss": .string(client), "sub": .string(client), "jti": .string(Self.unique()),
          "nbf": .int(now - 60), "iat": .int(now), "exp": .int(now + 600),
        ], key: Secret(bytes: bytes))
    else {
      throw MeshError(.unauthenticated, "\(path) is no certificate with its RSA key in PEM", remedy: remedy)
    }
    return try await exchange(Self.assertion(assertion), source: "client certificate \(path)")
  }

  /// A name that no other statement has.
  private static func unique() -> String {
    (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined(separator: "-")
  }

  private static func assertion(_ text: String) -> [(String, String)] {
    [
      ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), ("client_assertion", text),
    ]
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
    return try await exchange(Self.assertion(String(assertion)), source: "workload identity of \(path)")
  }

  private func who(_ source: String) throws(MeshError) -> (tenant: String, client: String) {
    guard let tenant = environment["AZURE_TENANT_ID"], let client = environment["AZURE_CLIENT_ID"] else {
      throw MeshError(
        .unauthenticated, "\(source): AZURE_TENANT_ID and AZURE_CLIENT_ID are not both set", remedy: "set both")
    }
    return (tenant, client)
  }

  private func tokenAddress(_ tenant: String) throws(MeshError) -> String {
    "\(try environment.authority())/\(PercentCoding.encode(tenant))/oauth2/v2.0/token"
  }

  private func exchange(_ proof: [(String, String)], source: String) async throws(MeshError) -> AzureToken {
    let (tenant, client) = try who(source)
    let fields =
      [
        ("client_id", client), ("grant_type", "client_credentials"),
        ("scope", environment.audience + "/.default"),
      ] + proof
    let address = try tokenAddress(tenant)
    let what = "ask \(try environment.authority()) for a token"
    var request = HTTPRequest(
      .post, address, headers: ["Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"],
      body: Array(PercentCoding.query(fields.map { ($0.0, Optional($0.1)) }).utf8), deadlines: .read, idempotent: true)
    request.isForCredentials = true
    let response: HTTPResponse
    // Not through a session, which keeps to itself what a 401 says: here it names the fault.
    do throws(TransportError) {
      response = try await options.transport(ConnectionSettings()).send(request)
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
