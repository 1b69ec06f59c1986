import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshPlanes

/// Where Azure's tokens come from: the order, each kind, how long they are kept; and that no secret stands in an error.
@Suite(.timeLimit(.minutes(10))) struct AzureIdentityTests {
  static let secret = [
    "AZURE_TENANT_ID": "contoso", "AZURE_CLIENT_ID": "client", "AZURE_CLIENT_SECRET": "never-shown-secret",
  ]

  static func identity(
    _ variables: [String: String], _ authority: FakeAuthority, endpoint: String? = nil,
    clock: any TransportClock = SystemClock()
  ) -> AzureIdentity {
    var options = Session.Options()
    options.transport = { _ in authority }
    options.clock = clock
    options.gate = OriginGate()
    options.retry = .never
    return AzureIdentity(
      AzureEnvironment(endpoint: endpoint, environment: variables), subscription: "sub", options: options)
  }

  static func form(_ request: HTTPRequest?) -> [String: String] {
    let pairs = String(decoding: request?.body ?? [], as: UTF8.self).split(separator: "&").map {
      $0.split(separator: "=", maxSplits: 1).map { PercentCoding.decode(String($0)) }
    }
    return Dictionary(pairs.map { ($0[0], $0.count > 1 ? $0[1] : "") }) { $1 }
  }

  @Test func aSecretIsExchangedOnceAndNamesWhomItMakes() async throws {
    let authority = FakeAuthority()
    let identity = Self.identity(Self.secret, authority)
    let token = try await identity.token()
    #expect(try await identity.token() == token)
    #expect(authority.requests.count == 1)
    #expect(authority.requests[0].url == "https://login.microsoftonline.com/contoso/oauth2/v2.0/token")
    let form = Self.form(authority.requests[0])
    #expect(form["grant_type"] == "client_credentials")
    #expect(form["scope"] == "https://management.azure.com/.default")
    #expect(form["client_secret"] == "never-shown-secret")
    #expect(token.bearer == "application client of tenant tenant")
    #expect(!"\(token)".contains("never-shown"))
    _ = try await identity.token(refresh: true)
    #expect(authority.requests.count == 2)
  }

  @Test func aCertificateSignsAStatementThatNamesIt() async throws {
    let folder = TemporaryFolder()
    let authority = FakeAuthority()
    let path = folder.write("client.pem", SigningKey.certificate + "\n" + SigningKey.pem)
    var variables = Self.secret
    variables["AZURE_CLIENT_SECRET"] = nil
    variables["AZURE_CLIENT_CERTIFICATE_PATH"] = path
    let token = try await Self.identity(variables, authority).token()
    #expect(token.bearer == "application client of tenant tenant")
    let form = Self.form(authority.requests.first)
    #expect(form["client_secret"] == nil && form["grant_type"] == "client_credentials")
    #expect(form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
    let parts = GoogleServiceAccountKeyTests.parts(form["client_assertion"] ?? "")
    try #require(parts.count == 3)
    #expect(
      try JSONValue(parsing: parts[0]) == ["alg": "RS256", "typ": "JWT", "x5t": .string(SigningKey.thumbprint)])
    let claims = try JSONValue(parsing: parts[1])
    #expect(claims["aud"]?.string == authority.requests.first?.url)
    #expect(claims["iss"] == "client" && claims["sub"] == "client" && claims["jti"]?.string?.isEmpty == false)
  }

  @Test func aCertificateWithoutItsKeyIsToldWithoutItsText() async throws {
    let folder = TemporaryFolder()
    var variables = Self.secret
    variables["AZURE_CLIENT_SECRET"] = nil
    variables["AZURE_CLIENT_CERTIFICATE_PATH"] = folder.write("client.pem", SigningKey.certificate)
    await #expect { try await Self.identity(variables, FakeAuthority()).token() } throws: {
      "\($0)".contains("no certificate with its RSA key") && !"\($0)".contains("MII")
    }
  }

  @Test func aTokenThatEndsSoonIsRenewed() async throws {
    let authority = FakeAuthority { _ in FakeAuthority.token(seconds: 299) }
    let identity = Self.identity(Self.secret, authority)
    _ = try await identity.token()
    _ = try await identity.token()
    #expect(authority.requests.count == 2)
  }

  static let clouds: [(String?, String, String)] = [
    (
      "https://management.usgovcloudapi.net/", "https://login.microsoftonline.us",
      "https://management.usgovcloudapi.net"
    ),
    (
      "https://management.chinacloudapi.cn", "https://login.partner.microsoftonline.cn",
      "https://management.chinacloudapi.cn"
    ),
    ("http://127.0.0.1:4242", "https://login.microsoftonline.com", "https://management.azure.com"),
  ]

  @Test(arguments: clouds)
  func eachCloudHasItsAuthority(_ endpoint: String?, _ authority: String, _ audience: String) async throws {
    let fake = FakeAuthority()
    _ = try await Self.identity(Self.secret, fake, endpoint: endpoint).token()
    #expect(fake.requests.first?.url.hasPrefix(authority + "/") == true)
    #expect(Self.form(fake.requests.first)["scope"] == audience + "/.default")
  }

  @Test func aWorkloadIdentityHandsOnTheTokenInItsFileAsItIsNow() async throws {
    let folder = TemporaryFolder()
    let path = folder.write("token", "first-assertion\n")
    let authority = FakeAuthority()
    var variables = Self.secret
    variables["AZURE_CLIENT_SECRET"] = nil
    variables["AZURE_FEDERATED_TOKEN_FILE"] = path
    let identity = Self.identity(variables, authority)
    _ = try await identity.token()
    _ = folder.write("token", "second-assertion\n")
    _ = try await identity.token(refresh: true)
    let forms = authority.requests.map(Self.form)
    #expect(forms.map { $0["client_assertion"] } == ["first-assertion", "second-assertion"])
    #expect(forms[0]["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
    variables["AZURE_FEDERATED_TOKEN_FILE"] = path + "-missing"
    await #expect { try await Self.identity(variables, authority).token() } throws: {
      ($0 as? MeshError)?.code == .unauthenticated
    }
  }

  @Test func anInstanceGivesTheTokenOfItsIdentity() async throws {
    let authority = FakeAuthority { request in
      guard request.headers["Metadata"] == "true" else { return HTTPResponse(status: 400) }
      return HTTPResponse(
        status: 200,
        body: JSONWriter.bytes([
          "access_token": .string(
            FakeAuthority.jwt(["xms_mirid": "/subscriptions/s/resourcegroups/g/providers/p/userAssignedIdentities/ops"])
          ),
          "expires_on": "4102444800", "expires_in": "86400",
        ]))
    }
    let identity = Self.identity(["AZURE_CLIENT_ID": "assigned"], authority)
    let token = try await identity.token()
    #expect(token.source == "managed identity of the instance, client assigned")
    #expect(token.bearer == "managed identity ops")
    #expect(token.expires == 4_102_444_800)
    let url = try #require(authority.requests.first?.url)
    #expect(url.hasPrefix("http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01"))
    #expect(url.contains("resource=https%3A%2F%2Fmanagement.azure.com") && url.contains("client_id=assigned"))
  }

  @Test func aServicesEndpointIsAskedWithItsHeader() async throws {
    let authority = FakeAuthority()
    let variables = ["IDENTITY_ENDPOINT": "http://127.0.0.1:41000/msi/token", "IDENTITY_HEADER": "never-shown-header"]
    let token = try await Self.identity(variables, authority).token()
    #expect(token.source == "managed identity of the service")
    #expect(authority.requests.first?.headers["X-IDENTITY-HEADER"] == "never-shown-header")
    #expect(authority.requests.first?.url.contains("api-version=2019-08-01") == true)
  }

  @Test func theCommandLineGivesItsTokenAndWhatItPrintsIsNeverRepeated() async throws {
    let folder = TemporaryFolder()
    let path = folder.write(
      "az",
      "#!/bin/sh\nprintf '%s\\n' \"$*\" >> \"$HOME/asked\"\n[ -e \"$HOME/broken\" ] && { echo leaked-token; echo leaked >&2; exit 3; }\n"
        + "echo '{\"accessToken\":\"\(FakeAuthority.jwt(["upn": "ops@contoso.example", "tid": "t"]))\",\"expires_on\":4102444800}'\n",
      mode: 0o755)
    let nobody = FakeAuthority { _ in nil }
    let variables = ["PATH": LocalFile.directory(of: path), "HOME": folder.path]
    let token = try await Self.identity(variables, nobody).token()
    #expect(token.bearer == "user ops@contoso.example of tenant t")
    #expect(token.source == "the az command")
    let asked = String(decoding: try LocalFile.read(folder.path + "/asked"), as: UTF8.self)
    #expect(
      asked == "account get-access-token --output json --resource https://management.azure.com --subscription sub\n")
    _ = folder.write("broken", "")
    await #expect { try await Self.identity(variables, nobody).token() } throws: {
      ($0 as? MeshError)?.code == .unauthenticated && !"\($0)".contains("leaked")
    }
  }

  static let refusals: [([String: String], String)] = [
    (["AZURE_CLIENT_SECRET": "never-shown-secret"], "AZURE_TENANT_ID and AZURE_CLIENT_ID are not both set"),
    (["IDENTITY_ENDPOINT": "http://127.0.0.1/"], "Azure Arc"),
    (
      ["IDENTITY_ENDPOINT": "http://127.0.0.1/", "IDENTITY_HEADER": "h", "IDENTITY_SERVER_THUMBPRINT": "t"],
      "thumbprint"
    ),
    (["IDENTITY_ENDPOINT": "http://example.com/", "IDENTITY_HEADER": "h"], "plain http"),
    (["AZURE_CLIENT_CERTIFICATE_PATH": "/nowhere.pem", "PATH": "/nowhere"], "the client certificate cannot be read"),
    (["PATH": "/nowhere"], "no Azure credentials were found"),
    (["AZURE_TOKEN_CREDENTIALS": "AzureCliCredential", "PATH": "/nowhere"], "tried: the az command"),
    (secret.merging(["AZURE_AUTHORITY_HOST": "http://example.com"]) { $1 }, "no address to which a secret"),
  ]

  @Test(arguments: refusals)
  func whatCannotBeDoneIsSaid(_ variables: [String: String], _ words: String) async throws {
    let nobody = FakeAuthority { _ in nil }
    await #expect { try await Self.identity(variables, nobody).token() } throws: {
      "\($0)".contains(words) && !"\($0)".contains("never-shown")
    }
  }

  static let answers: [(Int, String, MeshError.Code, String)] = [
    (
      401, #"{"error":"invalid_client","error_description":"AADSTS7000222: The secret expired.\r\nTrace: x"}"#,
      .unauthenticated, "AADSTS7000222: The secret expired."
    ),
    (
      400, #"{"error":"invalid_client","error_description":"AADSTS7000222: The secret expired.\r\nTrace: x"}"#,
      .unauthenticated, "AADSTS7000222: The secret expired."
    ),
    (429, "{}", .unreachable, "answers 429"), (503, "", .unreachable, "answers 503"),
    (200, "{}", .malformed, "no token"),
  ]

  @Test(arguments: answers)
  func aRefusalIsToldInMicrosoftsFirstLine(
    _ status: Int, _ body: String, _ code: MeshError.Code, _ words: String
  ) async throws {
    let authority = FakeAuthority { _ in HTTPResponse(status: status, body: Array(body.utf8)) }
    await #expect { try await Self.identity(Self.secret, authority).token() } throws: {
      let error = $0 as? MeshError
      return error?.code == code && error?.message.contains(words) == true && error?.message.contains("Trace") == false
    }
  }

  @Test func theEnvironmentComesBeforeTheMachineAndTheCommandLineLast() async throws {
    let authority = FakeAuthority()
    var variables = Self.secret
    variables["AZURE_FEDERATED_TOKEN_FILE"] = "/nowhere"
    variables["IDENTITY_ENDPOINT"] = "http://127.0.0.1/"
    #expect(try await Self.identity(variables, authority).token().source == "client secret of the environment")
    variables["AZURE_TOKEN_CREDENTIALS"] = "ManagedIdentityCredential"
    variables["IDENTITY_HEADER"] = "h"
    #expect(try await Self.identity(variables, authority).token().source.hasPrefix("managed identity of the service"))
  }

  @Test func anotherCloudsMetadataIsNoIdentity() async throws {
    let other = FakeAuthority { _ in HTTPResponse(status: 405, body: Array("<html>".utf8)) }
    await #expect { try await Self.identity(["PATH": "/nowhere"], other).token() } throws: {
      ($0 as? MeshError)?.message.contains("no Azure credentials were found") == true
    }
  }
}

/// What roles allow, by Azure's own rule.
@Suite struct AzurePermissionsTests {
  static let rows: [([String], [String], Bool)] = [
    (["*"], [], true), (["*/read"], [], false), (["Microsoft.ServiceFabricMesh/*"], [], true),
    (["microsoft.servicefabricmesh/gateways/write"], [], true),
    (["*"], ["Microsoft.ServiceFabricMesh/gateways/write"], false), (["*"], ["*/write"], false),
    (["Microsoft.ServiceFabricMesh/*/write"], [], true), (["Microsoft.Network/*"], [], false), ([], [], false),
  ]

  @Test(arguments: rows)
  func anActionIsAllowedWherePatternsNameItAndNoExceptionDoes(
    _ actions: [String], _ exceptions: [String], _ isAllowed: Bool
  ) {
    let permissions = AzurePermissions([
      [
        "actions": .array(actions.map { .string($0) }), "notActions": .array(exceptions.map { .string($0) }),
      ]
    ])
    #expect(permissions.allow("Microsoft.ServiceFabricMesh/gateways/write") == isAllowed)
  }

  @Test func anExceptionOfOneRoleTakesNothingFromAnother() {
    let permissions = AzurePermissions([
      ["actions": ["*"], "notActions": ["*/write"]], ["actions": ["*/gateways/write"], "notActions": []],
    ])
    #expect(permissions.allow("Microsoft.ServiceFabricMesh/gateways/write"))
  }
}
