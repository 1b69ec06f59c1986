import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshPlanes

/// Where keys come from: the order, roles, programs, containers, instances; and that no secret stands in an error.
@Suite(.timeLimit(.minutes(10))) struct AWSIdentityTests {
  /// Answers of STS and of metadata endpoints by URL.
  final class Answers: HTTPTransport {
    private let seen = Mutex<[(request: HTTPRequest, signing: AWSSigning?)]>([])
    private let reply: @Sendable (HTTPRequest) -> HTTPResponse?
    init(_ reply: @escaping @Sendable (HTTPRequest) -> HTTPResponse?) { self.reply = reply }
    var requests: [(request: HTTPRequest, signing: AWSSigning?)] { seen.withLock { $0 } }

    func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
      try note(request, nil)
    }
    func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
      throw TransportError(.unreachable, "no streams here")
    }
    func note(_ request: HTTPRequest, _ signing: AWSSigning?) throws(TransportError) -> HTTPResponse {
      seen.withLock { $0.append((request, signing)) }
      guard let response = reply(request) else { throw TransportError(.unreachable, "nobody is there") }
      return response
    }

    struct Connection: HTTPTransport {
      let answers: Answers
      let signing: AWSSigning?
      func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        try answers.note(request, signing)
      }
      func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
        throw TransportError(.unreachable, "no streams here")
      }
    }
  }

  static func identity(
    _ variables: [String: String] = [:], config: String = "", credentials: String = "", profile: String? = nil,
    answers: Answers = Answers { _ in nil }
  ) throws -> AWSIdentity {
    var means = AWSIdentity.Means()
    means.transport = { Answers.Connection(answers: answers, signing: $0.awsSigning) }
    let environment = try AWSEnvironment(
      profile: profile, environment: variables, files: AWSConfigFiles(config: config, credentials: credentials))
    return AWSIdentity(environment, region: "eu-west-1", means: means)
  }

  static let variables = ["AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "env-secret"]
  static let both = [
    "AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "env-secret", "AWS_PROFILE": "dev",
  ]
  static let credentials = """
    [default]
    aws_access_key_id = AKFILE
    aws_secret_access_key = file-secret
    [dev]
    aws_access_key_id = AKDEV
    aws_secret_access_key = dev-secret
    aws_session_token = dev-token
    """

  static let order: [([String: String], String?, String)] = [
    (variables, nil, "AKENV"), ([:], nil, "AKFILE"), (variables, "dev", "AKDEV"),
    (["AWS_PROFILE": "dev"], nil, "AKDEV"), (both, nil, "AKENV"),
  ]

  @Test(arguments: order)
  func keysComeInTheOrderOfAWSsOwnTools(_ variables: [String: String], _ profile: String?, _ key: String) async throws {
    let keys = try await Self.identity(variables, credentials: Self.credentials, profile: profile).keys()
    #expect(keys.accessKey == key)
    #expect(keys.sessionToken?.reveal == (key == "AKDEV" ? "dev-token" : nil))
    #expect(!"\(keys)".contains("secret\"") && !"\(keys)".contains("-secret"))
  }

  static func role(_ arn: String = "arn:aws:iam::1:role/ops") -> HTTPResponse {
    HTTPResponse(
      status: 200,
      body: Array(
        """
        <AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>\
        <SecretAccessKey>role&amp;secret</SecretAccessKey><SessionToken>role-token</SessionToken>\
        <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>
        """.utf8))
  }

  @Test func aRoleIsAssumedWithTheKeysOfItsSourceOnce() async throws {
    let answers = Answers { _ in Self.role() }
    let identity = try Self.identity(
      config: "[profile ops]\nrole_arn = arn:aws:iam::1:role/ops\nsource_profile = dev\nexternal_id = x y\n",
      credentials: Self.credentials, profile: "ops", answers: answers)
    let keys = try await identity.keys()
    #expect(keys.accessKey == "ASIA1")
    #expect(keys.secretKey.reveal == "role&secret")
    #expect(keys.source == "role arn:aws:iam::1:role/ops through profile ops from profile dev")
    #expect(try await identity.keys() == keys)
    #expect(answers.requests.count == 1)
    let (request, signing) = try #require(answers.requests.first)
    #expect(request.url == "https://sts.eu-west-1.amazonaws.com/")
    #expect(signing?.accessKey == "AKDEV")
    #expect(signing?.service == "sts")
    let body = String(decoding: request.body ?? [], as: UTF8.self)
    #expect(body.contains("Action=AssumeRole&") && body.contains("ExternalId=x%20y"))
  }

  static let faults: [(String, String)] = [
    ("[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = a\n", "circle"),
    ("[profile a]\nrole_arn = r\nsource_profile = none\n", "no profile none"),
    ("[profile a]\nrole_arn = r\n", "neither source_profile nor credential_source"),
    ("[profile a]\nrole_arn = r\nsource_profile = dev\nmfa_serial = arn:mfa\n", "wants a code"),
    ("[profile a]\nsso_session = x\n", "SSO"),
    ("[profile a]\naws_access_key_id = AK\n", "no aws_secret_access_key"),
    ("[profile a]\ncredential_process = /no/such/program\n", "not installed"),
  ]

  @Test(arguments: faults)
  func whatCannotBeDoneIsSaid(_ config: String, _ words: String) async throws {
    let identity = try Self.identity(
      ["AWS_EC2_METADATA_DISABLED": "true"], config: config, credentials: Self.credentials, profile: "a")
    await #expect { try await identity.keys() } throws: {
      ($0 as? MeshError)?.message.contains(words) == true && !"\($0)".contains("-secret")
    }
  }

  @Test func aProgramGivesKeysAndWhatItPrintsIsNeverRepeated() async throws {
    let folder = TemporaryFolder()
    let good = folder.write(
      "good",
      "#!/bin/sh\necho '{\"Version\":1,\"AccessKeyId\":\"AKP\",\"SecretAccessKey\":\"prog-secret\",\"SessionToken\":\"t\"}'\n",
      mode: 0o755)
    let bad = folder.write("bad", "#!/bin/sh\necho leaked-secret; echo leaked-too >&2; exit 3\n", mode: 0o755)
    let odd = folder.write("odd", "#!/bin/sh\necho leaked-secret\n", mode: 0o755)
    func identity(_ path: String) throws -> AWSIdentity {
      try Self.identity(config: "[profile p]\ncredential_process = \(path) --x 'a b'\n", profile: "p")
    }
    #expect(try await identity(good).keys().accessKey == "AKP")
    for path in [bad, odd] {
      await #expect { try await identity(path).keys() } throws: {
        ($0 as? MeshError)?.code == .unauthenticated && !"\($0)".contains("leaked")
      }
    }
  }

  @Test func aContainerIsAskedWithItsToken() async throws {
    let answers = Answers { _ in
      HTTPResponse(
        status: 200,
        body: Array(
          #"{"AccessKeyId":"AKC","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}"#.utf8))
    }
    let keys = try await Self.identity(
      [
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token",
      ], answers: answers
    ).keys()
    #expect(keys.accessKey == "AKC")
    #expect(answers.requests.first?.request.headers["Authorization"] == "container-token")
    let far = try Self.identity(["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/x"], answers: answers)
    await #expect { try await far.keys() } throws: { ($0 as? MeshError)?.message.contains("plain http") == true }
    #expect(answers.requests.count == 1)
  }

  @Test func anInstanceIsAskedByVersionTwoAlone() async throws {
    let answers = Answers { request in
      if request.method == .put { return HTTPResponse(status: 200, body: Array("imds-token".utf8)) }
      guard request.headers["X-aws-ec2-metadata-token"] == "imds-token" else { return HTTPResponse(status: 401) }
      if request.url.hasSuffix("/security-credentials/") { return HTTPResponse(status: 200, body: Array("web\n".utf8)) }
      return HTTPResponse(status: 200, body: Array(#"{"AccessKeyId":"AKI","SecretAccessKey":"s","Token":"t"}"#.utf8))
    }
    let keys = try await Self.identity(answers: answers).keys()
    #expect(keys.source == "instance role web")
    #expect(answers.requests.map(\.request.url).first == "http://169.254.169.254/latest/api/token")
    let closed = Answers { _ in HTTPResponse(status: 403) }
    await #expect { try await Self.identity(answers: closed).keys() } throws: {
      ($0 as? MeshError)?.code == .unauthenticated
    }
    #expect(closed.requests.count == 1)
  }

  @Test func whereNothingIsFoundTheErrorSaysWhereWasLooked() async throws {
    await #expect { try await Self.identity().keys() } throws: {
      ($0 as? MeshError)?.code == .unauthenticated
        && ["environment", "profile default", "metadata"].allSatisfy("\($0)".contains)
    }
  }
}
