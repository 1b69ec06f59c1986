import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshPlanes

/// Identities in recordings: what gives them credentials is not written, and a replay looks for none.
@Suite(.timeLimit(.minutes(10))) struct ReplayedIdentityTests {
  @Test func anInstancesKeysAreNotRecorded() async throws {
    let plain: HTTPHeaders = ["Content-Type": "text/plain"]
    let answers = AWSIdentityTests.Answers { request in
      let body =
        if request.method == .put {
          "imds-canary"
        } else if request.url.hasSuffix("/security-credentials/") {
          "web-canary\n"
        } else {
          #"{"AccessKeyId":"AK-canary","SecretAccessKey":"sk-canary","Token":"st-canary"}"#
        }
      return HTTPResponse(status: 200, headers: plain, body: Array(body.utf8))
    }
    let lines = Mutex<[UInt8]>([])
    let recorder = ExchangeRecorder { line in lines.withLock { $0 += line } }
    var means = AWSIdentity.Means()
    means.transport = { _ in RecordingTransport(answers, recorder: recorder) }
    let environment = try AWSEnvironment(
      profile: nil, environment: [:], files: AWSConfigFiles(config: "", credentials: ""))
    let keys = try await AWSIdentity(environment, region: "eu-west-1", means: means).keys()
    #expect(keys.accessKey == "AK-canary")
    #expect(answers.requests.count == 3)
    #expect(lines.withLock { $0.isEmpty })
  }

  @Test func azuresAndGooglesTokensAreNotRecorded() async throws {
    let lines = Mutex<[UInt8]>([])
    let recorder = ExchangeRecorder { line in lines.withLock { $0 += line } }
    let authority = FakeAuthority()
    var options = Session.Options { _ in RecordingTransport(authority, recorder: recorder) }
    options.gate = OriginGate()
    let azure = AzureIdentity(
      AzureEnvironment(endpoint: nil, environment: AzureIdentityTests.secret), subscription: nil, options: options)
    _ = try await azure.token()
    #expect(authority.requests.count == 1)
    let answers = GoogleIdentityTests.Answers { _ in GoogleIdentityTests.token() }
    let folder = TemporaryFolder()
    var means = GoogleIdentity.Means()
    means.transport = { _ in RecordingTransport(answers, recorder: recorder) }
    let google = GoogleIdentity(
      file: folder.write("adc.json", GoogleIdentityTests.user), environment: [:], means: means)
    #expect(try await google.token()?.value.reveal == "ya29.token")
    #expect(lines.withLock { $0.isEmpty })
  }

  @Test func aReplayLooksForNoKeysAndNoTokens() async throws {
    let replay = try ReplayTransport(recording: [])
    var aws = AWSIdentity.Means()
    aws.transport = { _ in replay }
    let config = "[profile ops]\nrole_arn = arn:aws:iam::1:role/ops\ncredential_source = Ec2InstanceMetadata\n"
    let environment = try AWSEnvironment(
      profile: "ops", environment: [:], files: AWSConfigFiles(config: config, credentials: ""))
    #expect(try await AWSIdentity(environment, region: "eu-west-1", means: aws).keys().source == "replay")
    var google = GoogleIdentity.Means()
    google.transport = { _ in replay }
    let identity = GoogleIdentity(file: "/nonexistent/key.json", environment: [:], means: google)
    #expect(try await identity.token()?.source == "replay")
    let azure = AzureIdentity(
      AzureEnvironment(endpoint: nil, environment: [:]), subscription: nil, options: Session.Options { _ in replay })
    #expect(try await azure.token().source == "replay")
  }
}
