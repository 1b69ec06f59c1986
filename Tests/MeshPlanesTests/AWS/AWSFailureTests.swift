import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// What AWS refuses, in an operator's words (faults I6), and what is cured without them.
@Suite(.timeLimit(.minutes(10))) struct AWSFailureTests {
  static let refusals: [(Int, String, String, MeshError.Code, String)] = [
    (
      403, "ExpiredTokenException", "The security token included in the request is expired",
      MeshError.Code.unauthenticated, "expired"
    ),
    (403, "UnrecognizedClientException", "invalid", .unauthenticated, "does not know the access key"),
    (
      403, "InvalidSignatureException", "The request signature we calculated does not match", .unauthenticated,
      "signature"
    ),
    (
      403, "InvalidSignatureException", "Signature expired: 20130101T000000Z is now earlier than", .unauthenticated,
      "time"
    ),
    (403, "RequestTimeTooSkewed", "x", .unauthenticated, "time"),
    (
      403, "AccessDeniedException", "User: u is not authorized to perform: appmesh:ListMeshes", .forbidden,
      "appmesh:ListMeshes"
    ),
    (403, "ForbiddenException", "no", .forbidden, "no"),
    (429, "TooManyRequestsException", "slow", .unreachable, "throttles"),
    (400, "ThrottlingException", "Rate exceeded", .unreachable, "throttles"),
    (400, "BadRequestException", "weight", .refused, "weight"), (404, "NotFoundException", "none", .notFound, "none"),
    (400, "MeshNotFound", "There are no meshes", .notFound, "no meshes"),
    (409, "ConflictException", "c", .conflict, "c"),
    (409, "ResourceInUseException", "u", .conflict, "u"), (400, "LimitExceededException", "l", .refused, "l"),
    (500, "InternalServerErrorException", "i", .unreachable, "i"),
    (503, "ServiceUnavailableException", "s", .unreachable, "s"),
  ]

  @Test(arguments: refusals)
  func aRefusalIsToldByItsKind(
    _ status: Int, _ code: String, _ message: String, _ kind: MeshError.Code, _ words: String
  ) {
    let error = AWSFailure(FakeAppMesh.refusal(status, code, message)).error("list meshes", plane: "aws")
    #expect(error.code == kind)
    #expect(error.message.contains(words))
  }

  @Test(arguments: [(500, "InternalServerErrorException"), (503, "ServiceUnavailableException"), (504, "")])
  func aWriteThatAFailingServerMayHaveStoredIsOfUnknownOutcome(_ status: Int, _ code: String) {
    let failure = AWSFailure(FakeAppMesh.refusal(status, code, "later"))
    #expect(failure.error("write route a:b", plane: "aws", isWrite: true).code == .unknownOutcome)
    #expect(failure.error("list routes", plane: "aws").code == .unreachable)
    let throttled = AWSFailure(FakeAppMesh.refusal(429, "TooManyRequestsException", "slow"))
    #expect(throttled.error("write route a:b", plane: "aws", isWrite: true).code == .unreachable)
  }

  @Test func refusalsInXMLAreRead() {
    let body =
      "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>a &lt; b</Message></Error></ErrorResponse>"
    let failure = AWSFailure(HTTPResponse(status: 403, body: Array(body.utf8)))
    #expect(failure.code == "SignatureDoesNotMatch")
    #expect(failure.words == "a < b")
  }

  @Test func aPageOfHTMLMeansThatThePathIsNotServed() throws {
    let body = "<!doctype html><title>404 Not Found</title>"
    let error = AWSFailure(HTTPResponse(status: 404, body: Array(body.utf8))).error("list virtualServices", plane: "a")
    #expect(error.code == .notFound)
    #expect(error.message.contains("does not serve"))
  }

  @Test func expiredKeysAreRenewedOnceAndTheRequestSentAgain() async throws {
    let mesh = FakeAppMesh.shop()
    let plane = try mesh.plane()
    mesh.change { $0.refusals = [FakeAppMesh.refusal(403, "ExpiredTokenException", "expired")] }
    #expect(try await plane.natives("mesh", namespace: nil).count == 1)
    let twice = FakeAppMesh.refusal(403, "ExpiredTokenException", "expired")
    mesh.change { $0.refusals = [twice, twice] }
    await #expect { _ = try await plane.natives("mesh", namespace: nil) } throws: {
      ($0 as? MeshError)?.message.contains("keys have expired") == true
    }
  }

  @Test func aClockThatIsWrongIsCorrectedOnceByTheServersDate() async throws {
    let mesh = FakeAppMesh.shop()
    let clock = ScriptedClock()
    let plane = try mesh.plane(clock: clock)
    // The clock of the test stands at 2026-11-18T11:06:40Z; the server's is ten minutes ahead.
    let date = "Wed, 18 Nov 2026 11:16:40 GMT"
    mesh.change {
      $0.refusals = [
        FakeAppMesh.refusal(403, "InvalidSignatureException", "Signature expired: x is now earlier than y", date: date)
      ]
    }
    #expect(try await plane.natives("mesh", namespace: nil).count == 1)
    #expect(mesh.requests.first?.headers["X-Amz-Date"] == nil)
    #expect(mesh.requests.dropFirst().allSatisfy { $0.headers["X-Amz-Date"] == "20261118T111640Z" })
  }

  @Test func throttledReadsAreTriedAgainAndThrottledWritesAreTold() async throws {
    let mesh = FakeAppMesh.shop()
    let plane = try mesh.plane()
    let slow = FakeAppMesh.refusal(429, "TooManyRequestsException", "slow down")
    mesh.change { $0.refusals = [slow] }
    let step = try await AppMeshPlaneTests.shift(plane, 70, 30)
    mesh.change { $0.beforePut = nil }
    let put = HTTPRequest(.put, "http://x")
    #expect(!put.idempotent)
    // The step reads first; its PUT is the next request.
    let read = HTTPResponse(status: 200, body: JSONWriter.bytes(step.before ?? .null))
    mesh.change { $0.refusals = [read, slow] }
    await #expect { _ = try await plane.apply(step) } throws: {
      ($0 as? MeshError)?.code == .unreachable && ($0 as? MeshError)?.message.contains("throttles") == true
    }
    #expect(AppMeshPlaneTests.weights(mesh) == [90, 10])
  }

  @Test func everyRequestIsSignedForTheServiceAndNoSecretLeavesInIt() async throws {
    let mesh = FakeAppMesh.shop()
    let plane = try mesh.plane(environment: ["AWS_SESSION_TOKEN": "session-secret"])
    _ = try await plane.natives("route", namespace: nil)
    #expect(mesh.signings.allSatisfy { $0?.service == "appmesh" && $0?.region == "eu-west-1" })
    #expect(mesh.signings.first??.sessionToken?.reveal == "session-secret")
    #expect(!mesh.requests.contains { "\($0.url)".contains("secret") })
  }
}
