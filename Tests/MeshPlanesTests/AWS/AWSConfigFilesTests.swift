import MeshModel
import Testing

@testable import MeshPlanes

/// The shared configuration of AWS tools, and what follows of it with the environment.
@Suite struct AWSConfigFilesTests {
  static let config = """
    # comment
    [default]
    region = eu-west-1
    services = dev

    [profile ops]
    role_arn=arn:aws:iam::123456789012:role/ops
    source_profile = default
    s3 =
      max_concurrent_requests = 20
    region = eu-central-1
    endpoint_url = http://127.0.0.1:7

    [services dev]
    app_mesh =
      endpoint_url = http://127.0.0.1:5000
    sts =
      endpoint_url = http://127.0.0.1:5001
    """
  static let credentials = """
    [default]
    aws_access_key_id = AKID
    aws_secret_access_key = a/b+c=d
    [ops]
    region = us-west-2
    """

  static func environment(_ variables: [String: String] = [:], profile: String? = nil) throws -> AWSEnvironment {
    try AWSEnvironment(
      profile: profile, environment: variables, files: AWSConfigFiles(config: config, credentials: credentials))
  }

  @Test func profilesAreMergedAndTheCredentialsFileWins() {
    let files = AWSConfigFiles(config: Self.config, credentials: Self.credentials)
    #expect(files.profiles["default"]?["aws_secret_access_key"] == "a/b+c=d")
    #expect(files.profiles["default"]?["region"] == "eu-west-1")
    #expect(files.profiles["ops"]?["region"] == "us-west-2")
    #expect(files.profiles["ops"]?["role_arn"] == "arn:aws:iam::123456789012:role/ops")
    #expect(files.profiles["ops"]?["max_concurrent_requests"] == nil)
    #expect(files.services["dev"]?["sts"]?["endpoint_url"] == "http://127.0.0.1:5001")
  }

  static let endpoints: [([String: String], String, String?)] = [
    ([:], "app_mesh", "http://127.0.0.1:5000"), ([:], "sts", "http://127.0.0.1:5001"), ([:], "monitoring", nil),
    (["AWS_ENDPOINT_URL": "http://a"], "app_mesh", "http://a"),
    (["AWS_ENDPOINT_URL": "http://a", "AWS_ENDPOINT_URL_APP_MESH": "http://b"], "app_mesh", "http://b"),
    (["AWS_ENDPOINT_URL_APP_MESH": "http://b"], "sts", "http://127.0.0.1:5001"),
    (["AWS_PROFILE": "ops"], "app_mesh", "http://127.0.0.1:7"),
    (["AWS_ENDPOINT_URL": "http://a", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"], "app_mesh", nil),
  ]

  @Test(arguments: endpoints)
  func anEndpointIsTheMostParticularOne(_ variables: [String: String], _ service: String, _ url: String?) throws {
    #expect(try Self.environment(variables).endpoint(of: service) == url)
  }

  static let regions: [([String: String], String?, String)] = [
    ([:], nil, "eu-west-1"), (["AWS_DEFAULT_REGION": "a-1"], nil, "a-1"),
    (["AWS_REGION": "b-1", "AWS_DEFAULT_REGION": "a-1"], nil, "b-1"), (["AWS_REGION": "b-1"], "c-1", "c-1"),
    (["AWS_PROFILE": "ops"], nil, "us-west-2"),
  ]

  @Test(arguments: regions)
  func aRegionIsTheMostParticularOne(_ variables: [String: String], _ setting: String?, _ region: String) throws {
    #expect(try Self.environment(variables).region(setting) == region)
  }

  @Test func whatIsMissingIsSaid() throws {
    #expect(throws: MeshError.self) { _ = try Self.environment(profile: "nobody") }
    let bare = try AWSEnvironment(profile: nil, environment: [:], files: AWSConfigFiles())
    #expect { try bare.region(nil) } throws: { ($0 as? MeshError)?.message == "no AWS region is known" }
    #expect(throws: MeshError.self) { try bare.region("eu west/../1") }
  }

  static let commands: [(String, [String])] = [
    ("/bin/x a b", ["/bin/x", "a", "b"]), (#"x "a b" 'c d'"#, ["x", "a b", "c d"]), (#"x a\ b"#, ["x", "a b"]),
    (#"x "a\"b" 'a\b'"#, ["x", #"a"b"#, #"a\b"#]), ("x ''", ["x", ""]), ("  ", []), (#"x "a\n""#, ["x", #"a\n"#]),
  ]

  @Test(arguments: commands)
  func aCommandLineIsSplitAsAShellWould(_ line: String, _ words: [String]) throws {
    #expect(try CredentialProgram.words(line, of: "credential_process") == words)
  }

  @Test(arguments: ["x 'a", "x \"a", "x \\"])
  func aQuoteWithoutAnEndIsRefused(_ line: String) {
    #expect(throws: MeshError.self) { try CredentialProgram.words(line, of: "credential_process") }
  }

  static let dates: [(Int, String)] = [
    (0, "19700101T000000Z"), (951_782_399, "20000228T235959Z"), (951_782_400, "20000229T000000Z"),
    (1_795_388_456, "20261122T230056Z"), (4_102_444_800, "21000101T000000Z"),
  ]

  @Test(arguments: dates)
  func aSignatureDateIsWritten(_ seconds: Int, _ text: String) { #expect(AWSDate.text(seconds) == text) }
}
