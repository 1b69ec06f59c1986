import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

#if GoogleServiceAccountKeys
import CryptoExtras
import Foundation
#endif

/// The key of a service account: with the trait it signs as RFC 7523 wants it, without it says what to do.
@Suite(.timeLimit(.minutes(1))) struct GoogleServiceAccountKeyTests {
  static func file(_ folder: TemporaryFolder, key: String) -> String {
    folder.write(
      "key.json",
      JSONWriter.text([
        "type": "service_account", "client_email": "ops@p.iam.gserviceaccount.com", "private_key_id": "k1",
        "private_key": .string(key), "token_uri": "https://oauth2.googleapis.com/token",
      ]))
  }

  #if GoogleServiceAccountKeys
  /// The parts of a statement with their padding put back.
  static func parts(_ statement: String) -> [[UInt8]] {
    statement.split(separator: ".").compactMap { part in
      let text = part.replacing("-", with: "+").replacing("_", with: "/")
      return Base64.decode(text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4))
    }
  }

  @Test func aKeySignsAStatementThatItsPublicHalfConfirms() throws {
    let pair = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    let key = GoogleServiceAccountKey(
      email: "ops@p.iam", keyID: "k1", key: Secret(pair.pkcs8PEMRepresentation),
      tokenURL: "https://oauth2.googleapis.com/token", path: "k")
    let statement = try key.statement(at: 1_767_225_600)
    let parts = Self.parts(statement)
    try #require(parts.count == 3)
    #expect(try JSONValue(parsing: parts[0]) == ["alg": "RS256", "typ": "JWT", "kid": "k1"])
    let claims = try JSONValue(parsing: parts[1])
    #expect(claims["iss"] == "ops@p.iam" && claims["aud"] == "https://oauth2.googleapis.com/token")
    #expect(claims["iat"]?.int == 1_767_225_600 && claims["exp"]?.int == 1_767_229_200)
    let signed = statement.prefix(upTo: statement.lastIndex(of: ".") ?? statement.endIndex)
    let signature = _RSA.Signing.RSASignature(rawRepresentation: Data(parts[2]))
    #expect(pair.publicKey.isValidSignature(signature, for: Data(signed.utf8), padding: .insecurePKCS1v1_5))
  }

  @Test func anotherTimeThanTheServersIsCorrectedOnce() async throws {
    let folder = TemporaryFolder()
    let pair = try _RSA.Signing.PrivateKey(keySize: .bits2048)
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
    let identity = GoogleIdentityTests.identity(
      file: Self.file(folder, key: pair.pkcs8PEMRepresentation), answers: answers)
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
  #else
  @Test func withoutTheTraitItSaysWhatToDo() async throws {
    let folder = TemporaryFolder()
    let path = Self.file(folder, key: "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n")
    let identity = GoogleIdentityTests.identity(file: path)
    await #expect { _ = try await identity.token() } throws: {
      let error = $0 as? MeshError
      return error?.code == .unauthenticated && error?.remedy?.contains("--traits GoogleServiceAccountKeys") == true
        && error?.remedy?.contains("gcloud auth activate-service-account") == true && !"\($0)".contains("c2VjcmV0")
    }
  }
  #endif
}
