import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshPlanes

/// Where tokens come from: the order, users, workload identity, metadata, the gcloud command; and that no secret stands
/// in an error.
@Suite(.timeLimit(.minutes(10))) struct GoogleIdentityTests {
  /// Answers of token endpoints and of the metadata server by URL.
  final class Answers: HTTPTransport {
    private let seen = Mutex<[HTTPRequest]>([])
    private let reply: @Sendable (HTTPRequest) -> HTTPResponse?
    init(_ reply: @escaping @Sendable (HTTPRequest) -> HTTPResponse?) { self.reply = reply }
    var requests: [HTTPRequest] { seen.withLock { $0 } }

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
      seen.withLock { $0.append(request) }
      guard let response = reply(request) else { throw TransportError(.unreachable, "nobody is there") }
      return response
    }
    func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
      throw TransportError(.unreachable, "no streams here")
    }

    /// The fields of the form that a request sent.
    func form(_ index: Int) -> [String: String] {
      var fields: [String: String] = [:]
      for item in String(decoding: requests[index].body ?? [], as: UTF8.self).split(separator: "&") {
        let parts = item.split(separator: "=", maxSplits: 1).map(String.init)
        fields[parts[0]] = PercentCoding.decode(parts.count > 1 ? parts[1] : "")
      }
      return fields
    }
  }

  static func json(_ value: JSONValue, status: Int = 200, headers: HTTPHeaders = [:]) -> HTTPResponse {
    HTTPResponse(status: status, headers: headers, body: JSONWriter.bytes(value))
  }

  static func token(_ text: String = "ya29.token", seconds: Int = 3600) -> HTTPResponse {
    json(["access_token": .string(text), "expires_in": .int(seconds), "token_type": "Bearer"])
  }

  static func identity(
    _ variables: [String: String] = [:], file: String? = nil, isLocal: Bool = false, clock: ManualClock = ManualClock(),
    answers: Answers = Answers { _ in nil }
  ) -> GoogleIdentity {
    var means = GoogleIdentity.Means()
    means.transport = { _ in answers }
    means.clock = clock
    return GoogleIdentity(file: file, environment: variables, isLocal: isLocal, means: means)
  }

  static let user = """
    {"type": "authorized_user", "client_id": "id.apps", "client_secret": "client-secret", "refresh_token": "1//refresh-secret",
     "quota_project_id": "billing", "account": "jane@example.com"}
    """

  @Test func aUsersLoginIsRenewedAndKeptUntilItEnds() async throws {
    let folder = TemporaryFolder()
    let path = folder.write("adc.json", Self.user)
    let answers = Answers { _ in Self.token() }
    let clock = ManualClock()
    let identity = Self.identity(["GOOGLE_APPLICATION_CREDENTIALS": path], clock: clock, answers: answers)
    let token = try #require(try await identity.token())
    #expect(token.value.reveal == "ya29.token")
    #expect(token.account == "jane@example.com")
    #expect(token.source == "user login in \(path)")
    #expect(identity.quotaProject(of: token) == "billing")
    _ = try await identity.token()
    #expect(answers.requests.count == 1)
    #expect(answers.requests[0].url == "https://oauth2.googleapis.com/token")
    #expect(answers.form(0)["grant_type"] == "refresh_token" && answers.form(0)["refresh_token"] == "1//refresh-secret")
    try await clock.sleep(for: .seconds(3541))
    _ = try await identity.token()
    _ = try await identity.token(refresh: true)
    #expect(answers.requests.count == 3)
    #expect(!"\(token)".contains("ya29"))
  }

  @Test func theOrderIsGooglesOwn() async throws {
    let folder = TemporaryFolder()
    let named = folder.write("named.json", Self.user)
    folder.write("application_default_credentials.json", Self.user.replacing("jane", with: "well-known"))
    let answers = Answers { request in
      if request.url.hasSuffix("/email") {
        return HTTPResponse(status: 200, headers: ["Metadata-Flavor": "Google"], body: Array("vm@p.iam".utf8))
      }
      if request.url.contains("/token?scopes=") {
        return Self.json(["access_token": "m", "expires_in": 60], headers: ["Metadata-Flavor": "Google"])
      }
      return Self.token()
    }
    func account(_ variables: [String: String], file: String? = nil) async throws -> String? {
      try await Self.identity(variables, file: file, answers: answers).token()?.account
    }
    let both = ["GOOGLE_APPLICATION_CREDENTIALS": named, "CLOUDSDK_CONFIG": folder.path]
    #expect(try await account(both) == "jane@example.com")
    #expect(try await account(["CLOUDSDK_CONFIG": folder.path]) == "well-known@example.com")
    #expect(try await account(["CLOUDSDK_CONFIG": folder.path], file: named) == "jane@example.com")
    #expect(try await account([:]) == "vm@p.iam")
    #expect(
      answers.requests.filter { $0.url.contains("computeMetadata") }.allSatisfy {
        $0.headers["Metadata-Flavor"] == "Google"
      })
  }

  @Test func gcloudsOwnLoginIsTheLastResortAndSaysWhy() async throws {
    let folder = TemporaryFolder()
    folder.write(
      "gcloud", "#!/bin/sh\nif [ \"$1\" = auth ]; then echo ya29.from-gcloud; else echo jane@example.com; fi\n",
      mode: 0o700)
    let identity = Self.identity(["PATH": "\(folder.path):/usr/bin:/bin", "NO_GCE_CHECK": "true"])
    let token = try #require(try await identity.token())
    #expect(token.value.reveal == "ya29.from-gcloud")
    #expect(token.account == "jane@example.com")
    #expect(token.source.contains("no application default credentials"))
    let bare = Self.identity(["PATH": "/nowhere", "HOME": "/nowhere"])
    await #expect { _ = try await bare.token() } throws: {
      ($0 as? MeshError)?.code == .unauthenticated
        && ($0 as? MeshError)?.remedy?.contains("gcloud auth application-default login") == true
    }
  }

  @Test func anEmulatorOnThisMachineIsAskedByNobodyInParticular() async throws {
    let folder = TemporaryFolder()
    let path = folder.write("adc.json", Self.user)
    #expect(try await Self.identity(["PATH": "/nowhere"], isLocal: true).token() == nil)
    #expect(try await GoogleBearer(Self.identity(isLocal: true)).credential(refresh: false) == .none)
    let named = Self.identity(file: path, isLocal: true, answers: Answers { _ in Self.token() })
    let credential = try await GoogleBearer(named).credential(refresh: false)
    #expect(credential.fields.map(\.name) == ["Authorization", "x-goog-user-project"])
    #expect(credential.fields.map(\.value.reveal) == ["Bearer ya29.token", "billing"])
  }

  static let refusals: [(HTTPResponse, String)] = [
    (
      json(["error": "invalid_grant", "error_description": "Token 1//refresh-secret has expired"], status: 400),
      "invalid_grant"
    ),
    (json(["error": "invalid_client"], status: 401), "refuses it"),
    (json(["error": ["status": "UNAVAILABLE", "message": "later"]], status: 400), "UNAVAILABLE: later"),
    (json([:]), "holds no token"), (HTTPResponse(status: 500, body: Array("oops".utf8)), "status 500"),
  ]

  @Test(arguments: refusals) func aRefusalIsToldWithoutTheSecret(_ response: HTTPResponse, _ words: String) async throws
  {
    let folder = TemporaryFolder()
    let path = folder.write("adc.json", Self.user)
    let identity = Self.identity(file: path, answers: Answers { _ in response })
    await #expect { _ = try await identity.token() } throws: {
      let text = "\($0)"
      return text.contains(words) && !text.contains("secret") && text.contains(path)
    }
  }

  @Test func aClockThatIsWrongIsToldSo() async throws {
    let folder = TemporaryFolder()
    let path = folder.write("adc.json", Self.user)
    let answer = Self.json(
      ["error": "invalid_grant"], status: 400, headers: ["Date": "Thu, 01 Jan 2026 01:00:00 GMT"])
    let identity = Self.identity(file: path, answers: Answers { _ in answer })
    await #expect { _ = try await identity.token() } throws: {
      ($0 as? MeshError)?.message.contains("3600 s behind") == true
        && ($0 as? MeshError)?.remedy == "set this machine's clock"
    }
  }

  static let files: [(String, String)] = [
    ("[]", "no JSON object"), ("{}", "no type"), (#"{"type": "gdch_service_account"}"#, "gdch_service_account"),
    (#"{"type": "authorized_user"}"#, "no refresh_token"),
    (#"{"type": "authorized_user", "universe_domain": "else.where"}"#, "else.where"),
    (
      #"{"type": "external_account", "audience": "a", "subject_token_type": "t", "credential_source": {"environment_id": "aws1", "url": "http://169.254.169.254"}}"#,
      "AWS"
    ),
    (
      #"{"type": "external_account", "audience": "a", "subject_token_type": "t", "credential_source": {"executable": {"command": "x"}}}"#,
      "not allowed"
    ),
    (#"{"type": "authorized_user", "refresh_token": "r", "token_uri": "http://else.where/token"}"#, "https"),
  ]

  @Test(arguments: files) func aFileThatIsNotSpokenIsToldSo(_ text: String, _ words: String) async throws {
    let folder = TemporaryFolder()
    let identity = Self.identity(file: folder.write("f.json", text), answers: Answers { _ in Self.token() })
    await #expect { _ = try await identity.token() } throws: { "\($0)".contains(words) }
  }

  static func external(_ source: JSONValue, impersonation: String? = nil) -> String {
    var json: JSONValue = [
      "type": "external_account",
      "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
      "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": "https://sts.googleapis.com/v1/token",
    ]
    json["credential_source"] = source
    if let impersonation { json["service_account_impersonation_url"] = .string(impersonation) }
    return JSONWriter.text(json)
  }

  @Test func workloadIdentityExchangesATokenAndActsAsAnAccount() async throws {
    let folder = TemporaryFolder()
    let subject = folder.write("token", "  subject.jwt\n")
    let url =
      "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/ops@p.iam.gserviceaccount.com:generateAccessToken"
    let path = folder.write("ext.json", Self.external(["file": .string(subject)], impersonation: url))
    let answers = Answers { request in
      request.url == url
        ? Self.json(["accessToken": "acting", "expireTime": "2026-01-01T01:00:00Z"]) : Self.token("federated")
    }
    let token = try #require(try await Self.identity(file: path, answers: answers).token())
    #expect(token.value.reveal == "acting")
    #expect(token.account == "ops@p.iam.gserviceaccount.com")
    #expect(token.expires == 1_767_229_200)
    #expect(answers.form(0)["subject_token"] == "subject.jwt")
    #expect(answers.form(0)["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange")
    #expect(answers.requests[1].headers["Authorization"] == "Bearer federated")
    let denied = Answers { request in
      request.url == url
        ? Self.json(
          ["error": ["status": "PERMISSION_DENIED", "message": "iam.serviceAccounts.getAccessToken"]], status: 403)
        : Self.token("federated")
    }
    await #expect { _ = try await Self.identity(file: path, answers: denied).token() } throws: {
      ($0 as? MeshError)?.code == .forbidden
        && ($0 as? MeshError)?.remedy?.contains("serviceAccountTokenCreator") == true && !"\($0)".contains("federated")
    }
  }

  @Test func subjectTokensComeFromAddressesAndProgramsToo() async throws {
    let folder = TemporaryFolder()
    let address = folder.write(
      "url.json",
      Self.external([
        "url": "http://127.0.0.1:9/token", "headers": ["Metadata": "True"],
        "format": ["type": "json", "subject_token_field_name": "value"],
      ]))
    let answers = Answers { request in
      request.url == "http://127.0.0.1:9/token" ? Self.json(["value": "from-address"]) : Self.token()
    }
    _ = try await Self.identity(file: address, answers: answers).token()
    #expect(answers.requests[0].headers["Metadata"] == "True")
    #expect(answers.form(1)["subject_token"] == "from-address")

    let program = folder.write(
      "give",
      "#!/bin/sh\nprintf '{\"version\":1,\"success\":true,\"token_type\":\"urn:ietf:params:oauth:token-type:jwt\",\"id_token\":\"%s\"}' \"$GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE\"\n",
      mode: 0o700)
    let file = folder.write("exe.json", Self.external(["executable": ["command": .string("\(program) 'a b'")]]))
    let exchanged = Answers { _ in Self.token() }
    let variables = ["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES": "1", "PATH": "/usr/bin:/bin"]
    _ = try await Self.identity(variables, file: file, answers: exchanged).token()
    #expect(exchanged.form(0)["subject_token"] == "urn:ietf:params:oauth:token-type:jwt")
    let failing = folder.write(
      "fail", "#!/bin/sh\necho '{\"version\":1,\"success\":false,\"code\":\"401\",\"message\":\"s3cret\"}'\n",
      mode: 0o700)
    let bad = folder.write("bad.json", Self.external(["executable": ["command": .string(failing)]]))
    await #expect { _ = try await Self.identity(variables, file: bad, answers: exchanged).token() } throws: {
      "\($0)".contains("code 401") && !"\($0)".contains("s3cret")
    }
  }

  @Test func anAccountIsActedAsWithAnothersLogin() async throws {
    let folder = TemporaryFolder()
    let url = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/ops@p.iam:generateAccessToken"
    let path = folder.write(
      "imp.json",
      #"{"type": "impersonated_service_account", "service_account_impersonation_url": "\#(url)", "delegates": ["d"], "source_credentials": \#(Self.user)}"#
    )
    let answers = Answers { request in
      request.url == url
        ? Self.json(["accessToken": "acting", "expireTime": "2026-01-01T01:00:00Z"]) : Self.token("mine")
    }
    let token = try #require(try await Self.identity(file: path, answers: answers).token())
    #expect(token.account == "ops@p.iam" && token.value.reveal == "acting")
    let body = try JSONValue(parsing: answers.requests[1].body ?? [])
    #expect(body["delegates"] == ["d"] && body["scope"]?[0]?.string == GoogleIdentity.scope)
  }

  @Test func aMetadataServerThatIsNotGooglesIsNone() async throws {
    let answers = Answers { _ in HTTPResponse(status: 200, body: Array("hello".utf8)) }
    await #expect(throws: MeshError.self) {
      _ = try await Self.identity(["PATH": "/nowhere"], answers: answers).token()
    }
  }
}
