import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// What is written to Service Fabric, what is refused, and what happens when others write too or an operation fails.
@Suite(.timeLimit(.minutes(10))) struct ServiceFabricWritingTests {
  static let edge = ObjectRef(plane: "fabric", namespace: "", kind: "gatewayroute", name: "edge")
  static let firstRoute = ["properties", "http", "0", "hosts", "0", "routes", "0"]

  /// The step that changes one place of the gateway, or takes it away.
  static func step(
    _ plane: ServiceFabricPlane, _ value: JSONValue?, at path: [String], snapshot: MeshSnapshot = MeshSnapshot()
  ) async throws -> Step? {
    let native = try await plane.native(edge)
    let intent = ObjectIntent(ref: edge, json: native.json.setting(value, at: path), baseVersion: native.version)
    return try await plane.steps(for: .object(intent), in: snapshot).first
  }

  static func headerValue(_ fabric: FakeServiceFabric) -> String? {
    fabric.properties("gateways/edge")?["http"]?[0]?["hosts"]?[0]?["routes"]?[0]?["match"]?["headers"]?[0]?["value"]?
      .string
  }

  static let header = firstRoute + ["match", "headers", "0", "value"]

  @Test(arguments: [false, true])
  func anEditWritesTheWholeGatewayOnceAndItsInverseIsExact(_ isCluster: Bool) async throws {
    let fabric = FakeServiceFabric.shop(cluster: isCluster)
    let plane = try fabric.plane()
    let step = try #require(try await Self.step(plane, "maybe", at: Self.header))
    #expect(step.precondition.isAtomic == false)
    guard case .patch(let forward) = step.write, case .patch(let backward) = step.inverse else {
      Issue.record("an edit is no patch")
      return
    }
    #expect(forward.changes.count == 1)
    let before = try #require(step.before)
    #expect(try backward.applied(to: try forward.applied(to: before)) == before)
    let outcome = try await plane.apply(step)
    #expect(Self.headerValue(fabric) == "maybe")
    #expect(outcome.version != step.precondition.version)
    #expect(fabric.writes.count == 1)
    let body = try JSONValue(parsing: fabric.writes[0].body ?? [])
    #expect(body["properties"]?["tcp"]?[0]?["port"]?.int == 9000)
    for served in ["status", "provisioningState", "ipAddress"] { #expect(body["properties"]?[served] == nil) }
    #expect(body["location"]?.string == (isCluster ? nil : "westeurope"))
    #expect(
      fabric.writes[0].url.contains(
        isCluster ? "/Resources/Gateways/edge?api-version=6.4-preview" : "gateways/edge?api-version=2018-09-01-preview")
    )
  }

  @Test func whatDoesNotChangeIsNoStep() async throws {
    #expect(try await Self.step(try FakeServiceFabric.shop().plane(), "yes", at: Self.header) == nil)
  }

  @Test func aWriteInBetweenIsAConflictBeforeAnythingIsSent() async throws {
    let fabric = FakeServiceFabric.shop()
    let plane = try fabric.plane()
    let step = try #require(try await Self.step(plane, "maybe", at: Self.header))
    fabric.store("gateways/edge", FakeServiceFabric.edge.setting("other", at: Array(Self.header.dropFirst())))
    #expect(await plane.dryRun(step).failure == .conflict)
    await #expect { _ = try await plane.apply(step) } throws: { ($0 as? MeshError)?.code == .conflict }
    #expect(fabric.writes.isEmpty)
  }

  @Test func aStateThatTheServerSetsIsNoChange() async throws {
    let fabric = FakeServiceFabric.shop()
    let plane = try fabric.plane()
    let step = try #require(try await Self.step(plane, "maybe", at: Self.header))
    var properties = FakeServiceFabric.edge
    properties["status"] = "Upgrading"
    fabric.store("gateways/edge", properties)
    #expect(await plane.dryRun(step).failure == nil)
  }

  @Test func aWriteRightAfterOursThatUndidItIsAConflict() async throws {
    let fabric = FakeServiceFabric.shop()
    let plane = try fabric.plane()
    let step = try #require(try await Self.step(plane, "maybe", at: Self.header))
    fabric.change { $0.afterPut = { $0.store("gateways/edge", FakeServiceFabric.edge) } }
    await #expect { _ = try await plane.apply(step) } throws: {
      ($0 as? MeshError)?.code == .conflict && "\($0)".contains("last writer won")
    }
  }

  static let courses: [FakeServiceFabric.Course] = [
    .operation(["InProgress", "InProgress", "Succeeded"], error: nil), .operation([], error: nil),
    .location([202, 202, 200]), .location([204]), .resource(["Creating", "Upgrading", "Ready"]),
  ]

  @Test(arguments: courses)
  func whatGoesOnAfterTheAnswerIsFollowedToItsEnd(_ course: FakeServiceFabric.Course) async throws {
    for isCluster in [false, true] {
      let fabric = FakeServiceFabric.shop(cluster: isCluster)
      let plane = try fabric.plane()
      let step = try #require(try await Self.step(plane, "maybe", at: Self.header))
      fabric.change { $0.course = isCluster ? .resource(["Upgrading", "Ready"]) : course }
      _ = try await plane.apply(step)
      #expect(Self.headerValue(fabric) == "maybe")
    }
  }

  static let failures: [(FakeServiceFabric.Course, String)] = [
    (
      .operation(["InProgress", "Failed"], error: ("NoCapacity", "no addresses left")), "NoCapacity: no addresses left"
    ),
    (.operation(["Canceled"], error: nil), "its state is Canceled"), (.location([202, 500]), "Oops: no capacity"),
    (.resource(["Upgrading", "Failed"]), "its state is Failed"),
  ]

  @Test(arguments: failures)
  func anOperationThatFailsIsTakenBackAndTold(_ course: FakeServiceFabric.Course, _ words: String) async throws {
    let fabric = FakeServiceFabric.shop()
    let plane = try fabric.plane()
    let step = try #require(try await Self.step(plane, "maybe", at: Self.header))
    fabric.change { $0.course = course }
    await #expect { _ = try await plane.apply(step) } throws: {
      ($0 as? MeshError)?.code == .refused && "\($0)".contains(words) && "\($0)".contains("was put back")
    }
    #expect(Self.headerValue(fabric) == "yes")
    #expect(fabric.writes.count == 2)
  }

  static let answers: [(Int, String, MeshError.Code, String)] = [
    (400, "InvalidRequestFormat", .refused, "InvalidRequestFormat"),
    (403, "AuthorizationFailed", .forbidden, "ask for a role"),
    (409, "AnotherOperationInProgress", .conflict, "read it again"), (409, "ScopeLocked", .refused, "lock"),
    (412, "PreconditionFailed", .conflict, "read it again"), (429, "TooManyRequests", .unreachable, "throttles"),
    (503, "ServerTimeout", .unknownOutcome, "read it back"), (504, "GatewayTimeout", .unknownOutcome, "read it back"),
  ]

  @Test(arguments: answers)
  func eachRefusalIsItsOwnMessage(_ status: Int, _ word: String, _ code: MeshError.Code, _ words: String) async throws {
    for isCluster in [false, true] {
      let fabric = FakeServiceFabric.shop(cluster: isCluster)
      let plane = try fabric.plane()
      let step = try #require(try await Self.step(plane, "maybe", at: Self.header))
      let native = FakeServiceFabric.answer(200, fabric.requestsAnswer("gateways/edge"))
      fabric.change { $0.refusals = [native, fabric.refusal(status, word, "because")] }
      await #expect { _ = try await plane.apply(step) } throws: {
        ($0 as? MeshError)?.code == code && "\($0)".contains(words) && "\($0)".contains(word)
      }
      #expect(Self.headerValue(fabric) == "yes")
    }
  }

  @Test(arguments: ["Azure-AsyncOperation", "Location"])
  func aWriteWhoseOperationIsNotFollowedIsOfUnknownOutcome(_ header: String) async throws {
    let fabric = FakeServiceFabric.shop()
    let plane = try fabric.plane()
    let step = try #require(try await Self.step(plane, "maybe", at: Self.header))
    let native = FakeServiceFabric.answer(200, fabric.requestsAnswer("gateways/edge"))
    var headers: HTTPHeaders = [:]
    headers[header] = "https://elsewhere.example/operations/1"
    let taken = HTTPResponse(status: 202, headers: headers)
    fabric.change { $0.refusals = [native, taken] }
    await #expect { _ = try await plane.apply(step) } throws: {
      ($0 as? MeshError)?.code == .unknownOutcome && "\($0)".contains("does not get the credential")
    }
  }

  @Test func aTokenThatIsRefusedTwiceSaysWhoseItIs() async throws {
    let fabric = FakeServiceFabric.shop()
    let refused = HTTPResponse(status: 401)
    fabric.change { $0.refusals = [refused, refused] }
    await #expect { _ = try await fabric.plane().native(Self.edge) } throws: {
      ($0 as? MeshError)?.code == .unauthenticated && "\($0)".contains("even a new one") && "\($0)".contains("az login")
    }
    let cluster = FakeServiceFabric.shop(cluster: true)
    cluster.change { $0.refusals = [refused, refused] }
    await #expect { _ = try await cluster.plane().native(Self.edge) } throws: { "\($0)".contains("client certificate") }
  }

  static let nonsense: [([String], JSONValue?, String)] = [
    (firstRoute + ["match", "path", "value"], "reviews", "a path begins with /"),
    (firstRoute + ["match", "path", "type"], "regex", "by prefix alone"),
    (firstRoute + ["match", "path", "rewrite"], "x", "rewritten to one that begins"),
    (firstRoute + ["match", "headers", "0", "type"], "regex", "exactly alone"),
    (firstRoute + ["destination", "endpointName"], "", "is named"),
    (firstRoute + ["destination", "weight"], 50, "has no weights"), (firstRoute + ["name"], "all", "is there twice"),
    (["properties", "http", "0", "port"], 0, "between 1 and 65535"),
    (["properties", "tcp", "0", "port"], 80, "taken by /properties/http/0"),
    (["properties", "sourceNetwork"], nil, "names none"),
    (["properties", "http", "0", "hosts", "0", "routes"], [], "needs a route"),
  ]

  @Test(arguments: nonsense)
  func nonsenseIsRefusedWithItsPlaceBeforeAnythingIsSent(
    _ path: [String], _ value: JSONValue?, _ words: String
  ) async throws {
    let fabric = FakeServiceFabric.shop()
    let plane = try fabric.plane()
    await #expect { _ = try await Self.step(plane, value, at: path) } throws: {
      ($0 as? MeshError)?.code == .refused && "\($0)".contains(words) && "\($0)".contains("/properties/")
    }
    #expect(fabric.writes.isEmpty)
  }

  @Test func aDestinationThatIsNotThereIsRefused() async throws {
    let fabric = FakeServiceFabric.shop()
    let plane = try fabric.plane()
    let snapshot = try await ServiceFabricReadingTests.snapshot(plane)
    for (place, value, words) in [("serviceName", "gone", "no service gone"), ("endpointName", "grpc", "it has http")] {
      await #expect {
        _ = try await Self.step(
          plane, .string(value), at: Self.firstRoute + ["destination", place], snapshot: snapshot)
      } throws: { ($0 as? MeshError)?.code == .refused && "\($0)".contains(words) }
    }
    let step = try await Self.step(
      plane, "reviews2", at: Self.firstRoute + ["destination", "serviceName"], snapshot: snapshot)
    #expect(step != nil)
  }

  static let intents: [(Intent, String, String)] = [
    (
      .weights(WeightsIntent(route: edge, weights: [.init(backend: "reviews", weight: 1)])), "no weights",
      "path or header"
    ),
    (.mtls(MTLSIntent(plane: "fabric", scope: .mesh, mode: .strict)), "has no TLS", "Istio add-on"),
    (.rule(RuleIntent(route: edge, timeout: .set(1), mirror: .remove)), "no timeouts, mirrors", "route edit"),
    (
      .delete(ObjectRef(plane: "fabric", namespace: "", kind: "application", name: "shop")), "not applications", "sfctl"
    ),
  ]

  @Test(arguments: intents)
  func whatTheModelHasNoFieldForIsRefusedWithWhatIsPossible(
    _ intent: Intent, _ words: String, _ instead: String
  ) async throws {
    let plane = try FakeServiceFabric.shop().plane()
    await #expect { _ = try await plane.steps(for: intent, in: MeshSnapshot()) } throws: {
      let error = $0 as? MeshError
      return error?.code == .refused && error?.message.contains(words) == true
        && error?.remedy?.contains(instead) == true
    }
  }

  @Test(arguments: [false, true])
  func aGatewayIsDeletedAndMadeAgain(_ isCluster: Bool) async throws {
    let fabric = FakeServiceFabric.shop(cluster: isCluster)
    let plane = try fabric.plane()
    let before = fabric.properties("gateways/edge")
    let deleted = try #require(try await plane.steps(for: .delete(Self.edge), in: MeshSnapshot()).first)
    _ = try await plane.apply(deleted)
    #expect(fabric.properties("gateways/edge") == nil)
    var undo = deleted
    (undo.write, undo.inverse, undo.precondition.version) = (deleted.inverse, deleted.write, nil)
    _ = try await plane.apply(undo)
    #expect(fabric.properties("gateways/edge")?["http"] == before?["http"])
    await #expect { _ = try await plane.apply(undo) } throws: { ($0 as? MeshError)?.code == .conflict }
  }

  @Test func readOnlyAndRolesLetNothingOut() async throws {
    let fabric = FakeServiceFabric.shop()
    let plane = try fabric.plane(writes: .refused(reason: "read-only"))
    let step = try #require(try await Self.step(plane, "maybe", at: Self.header))
    #expect(await plane.permits(step) == .no("read-only"))
    await #expect { _ = try await plane.apply(step) } throws: { ($0 as? MeshError)?.code == .refused }
    #expect(fabric.writes.isEmpty)
    fabric.change { $0.permissions = [["actions": ["*/read"], "notActions": []]] }
    let permitted = await (try fabric.plane()).permits(step)
    #expect(!permitted.isYes)
  }
}

extension FakeServiceFabric {
  /// A resource as it would be answered now.
  func requestsAnswer(_ short: String) -> JSONValue {
    var json: JSONValue = .null
    change { json = $0.resources[path(short)] ?? .null }
    return json
  }
}
