import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// The key of a service account: it signs as RFC 7523 wants it.
@Suite(.timeLimit(.minutes(10))) struct GoogleServiceAccountKeyTests {
  static func file(_ folder: TemporaryFolder, key: String) -> String {
    folder.write(
      "key.json",
      JSONWriter.text([
        "type": "service_account", "client_email": "ops@p.iam.gserviceaccount.com", "private_key_id": "k1",
        "private_key": .string(key), "token_uri": "https://oauth2.googleapis.com/token",
      ]))
  }

  /// The parts of a statement with their padding put back.
  static func parts(_ statement: String) -> [[UInt8]] {
    statement.split(separator: ".").compactMap { part in
      let text = part.replacing("-", with: "+").replacing("_", with: "/")
      return Base64.decode(text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4))
    }
  }

  /// What `openssl dgst -sha256 -sign` makes of the same header and claims.
  private static let signature = """
    fEt1-O5OCUGOD-mdvY5ZJGAJBAtesEIV-xG2j4-\
    BKOQ8YTyf1DO06WqhoyFSnuFZBdAtT8gppycgDy_5pDv77EvrfTaHx3Bfg637HOzE5aAW7lDOpNPc8DT6MEwL8xJOYVaru7t5hh_\
    DhaRx_ixjAPozO1xdEDVfW1d0XtM_AqI
    """

  @Test func aKeySignsAStatementAsOpenSSLDoes() throws {
    let key = GoogleServiceAccountKey(
      email: "ops@p.iam", keyID: "k1", key: Secret(SigningKey.pem), tokenURL: "https://oauth2.googleapis.com/token",
      path: "k")
    let statement = try key.statement(at: 1_767_225_600)
    let parts = Self.parts(statement)
    try #require(parts.count == 3)
    #expect(try JSONValue(parsing: parts[0]) == ["alg": "RS256", "typ": "JWT", "kid": "k1"])
    let claims = try JSONValue(parsing: parts[1])
    #expect(claims["iss"] == "ops@p.iam" && claims["aud"] == "https://oauth2.googleapis.com/token")
    #expect(claims["iat"]?.int == 1_767_225_600 && claims["exp"]?.int == 1_767_229_200)
    #expect(statement.split(separator: ".").last.map(String.init) == Self.signature)
  }

  @Test func anotherTimeThanTheServersIsCorrectedOnce() async throws {
    let folder = TemporaryFolder()
    let answers = GoogleIdentityTests.Answers { request in
      let form = String(decoding: request.body ?? [], as: UTF8.self)
      let parts = Self.parts(form.split(separator: "=").last.map(String.init) ?? "")
      let json = parts.count > 1 ? try? JSONValue(parsing: parts[1]) : nil
      return json?["iat"]?.int == 1_767_229_200
        ? GoogleIdentityTests.token()
        : GoogleIdentityTests.json(
          ["error": "invalid_grant", "error_description": "Invalid JWT: Token must be a short-lived token"],
          status: 400,
          headers: ["Date": "Thu, 01 Jan 2026 01:00:00 GMT"])
    }
    let identity = GoogleIdentityTests.identity(file: Self.file(folder, key: SigningKey.pem), answers: answers)
    let token = try await identity.token()
    #expect(token?.account == "ops@p.iam.gserviceaccount.com")
    #expect(answers.requests.count == 2)
  }

  @Test func aKeyThatIsNoneIsToldWithoutItsText() async throws {
    let folder = TemporaryFolder()
    let identity = GoogleIdentityTests.identity(
      file: Self.file(folder, key: "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"))
    await #expect { _ = try await identity.token() } throws: {
      "\($0)".contains("no RSA key") && !"\($0)".contains("c2VjcmV0")
    }
  }
}
