import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// Edits: what is sent, what comes back, what happens when others write too or an operation ends badly.
@Suite(.timeLimit(.minutes(10))) struct TrafficDirectorWritingTests {
  typealias Base = TrafficDirectorPlaneTests

  static func shift(_ plane: TrafficDirectorPlane, _ v1: Int, _ v2: Int) async throws -> Step {
    let intent = WeightsIntent(
      route: Base.reviews,
      weights: [.init(backend: "reviews-v1", weight: v1), .init(backend: "reviews-v2", weight: v2)])
    return try #require(try await plane.steps(for: .weights(intent), in: MeshSnapshot()).first)
  }

  static func weights(_ fake: FakeTrafficDirector) -> [Int?] {
    (fake["httpRoutes/reviews"]?["rules"]?[1]?["action"]?["destinations"]?.array ?? []).map { $0["weight"]?.int }
  }

  @Test func aShiftWritesTheRulesAloneWaitsAndReadsBack() async throws {
    let fake = FakeTrafficDirector.shop()
    fake.change { $0.polls = 3 }
    let plane = try fake.plane()
    let step = try await Self.shift(plane, 70, 30)
    #expect(!step.precondition.isAtomic)
    let outcome = try await plane.apply(step)
    #expect(outcome.version == fake["httpRoutes/reviews"]?["updateTime"]?.string)
    #expect(Self.weights(fake) == [70, 30])
    let sent = try #require(fake.writes.first)
    #expect(fake.writes.count == 1)
    #expect(sent.url.hasSuffix("/httpRoutes/reviews?updateMask=rules"))
    let body = try JSONValue(parsing: sent.body ?? [])
    #expect(body.object?.names == ["rules"])
    #expect(body["rules"]?[1]?["action"]?["somethingNew"]?["kept"] == "as it is")
    #expect(fake.requests.filter { $0.url.contains("/operations/") }.count == 3)
  }

  @Test func aWeightOfZeroMayComeBackAsNone() async throws {
    let fake = FakeTrafficDirector.shop()
    let plane = try fake.plane()
    _ = try await plane.apply(try await Self.shift(plane, 100, 0))
    #expect(Self.weights(fake) == [100, nil])
    let snapshot = try await Base.snapshot(plane)
    let rule = try #require(snapshot.routes[Base.reviews]?.rules[1])
    #expect(TrafficDirectorRules().shares(of: rule) == [1, 0])
    #expect(TrafficDirectorRules().findings(in: snapshot, plane: "gcp").isEmpty)
    _ = try await plane.apply(try await Self.shift(plane, 50, 50))
    #expect(Self.weights(fake) == [50, 50])
  }

  @Test func theInverseOfAShiftIsExactAndUndoesIt() async throws {
    let fake = FakeTrafficDirector.shop()
    let plane = try fake.plane()
    let step = try await Self.shift(plane, 70, 30)
    let before = try #require(step.before)
    guard case .patch(let forward) = step.write, case .patch(let backward) = step.inverse else {
      Issue.record("a shift is no patch")
      return
    }
    #expect(try backward.applied(to: try forward.applied(to: before)) == before)
    let outcome = try await plane.apply(step)
    var undo = step
    undo.write = step.inverse
    undo.precondition.version = outcome.version
    _ = try await plane.apply(undo)
    #expect(fake["httpRoutes/reviews"]?["rules"] == before["rules"])
  }

  @Test func aWriteInBetweenIsAConflictBeforeAnythingIsSent() async throws {
    let fake = FakeTrafficDirector.shop()
    let plane = try fake.plane()
    let step = try await Self.shift(plane, 70, 30)
    fake.store("httpRoutes/reviews", fake["httpRoutes/reviews"] ?? .null)
    #expect(await plane.dryRun(step).failure == .conflict)
    await #expect { _ = try await plane.apply(step) } throws: {
      ($0 as? MeshError)?.code == .conflict && ($0 as? MeshError)?.message.contains("changed since it was read") == true
    }
    #expect(fake.writes.isEmpty)
  }

  @Test func aWriteAfterOursThatUndidItIsAConflict() async throws {
    let fake = FakeTrafficDirector.shop()
    let plane = try fake.plane()
    let step = try await Self.shift(plane, 70, 30)
    let old = fake["httpRoutes/reviews"] ?? .null
    fake.change { $0.afterPatch = { $0.store("httpRoutes/reviews", old) } }
    await #expect { _ = try await plane.apply(step) } throws: {
      ($0 as? MeshError)?.code == .conflict && ($0 as? MeshError)?.message.contains("last writer won") == true
    }
  }

  static let failures: [(JSONValue, MeshError.Code)] = [
    (["code": 3, "message": "weight is nonsense"], MeshError.Code.refused), (["code": 7, "message": "no"], .forbidden),
    (["code": 10, "message": "another operation"], .conflict), (["code": 8, "message": "quota"], .unreachable),
    (["code": 14, "message": "later"], .unknownOutcome), (["code": 5, "message": "gone"], .notFound),
  ]

  @Test(arguments: failures)
  func anOperationThatEndsBadlyFailsAsItSays(_ failure: JSONValue, _ code: MeshError.Code) async throws {
    let fake = FakeTrafficDirector.shop()
    let plane = try fake.plane()
    let step = try await Self.shift(plane, 70, 30)
    fake.change { $0.failure = failure }
    await #expect { _ = try await plane.apply(step) } throws: {
      ($0 as? MeshError)?.code == code
        && ($0 as? MeshError)?.message.contains(failure["message"]?.string ?? "?") == true
    }
    #expect(Self.weights(fake) == [90, 10])
  }

  static let failingServers: [(Int, JSONValue, MeshError.Code)] = [
    (503, ["status": "UNAVAILABLE", "message": "soon"], MeshError.Code.unknownOutcome),
    (500, ["status": "INTERNAL", "message": "oops"], .unknownOutcome),
    (502, ["message": "bad gateway"], .unknownOutcome),
    (429, ["status": "RESOURCE_EXHAUSTED", "message": "Quota exceeded"], .unreachable),
    (409, ["status": "ABORTED", "message": "unable to queue the operation"], .conflict),
  ]

  @Test func aWriteWhoseAnswerCannotBeReadIsOfUnknownOutcome() async throws {
    let fake = FakeTrafficDirector.shop()
    let plane = try fake.plane()
    let step = try await Self.shift(plane, 70, 30)
    fake.change { $0.refusedWrites = [HTTPResponse(status: 200, body: Array("<html>".utf8))] }
    await #expect { _ = try await plane.apply(step) } throws: { ($0 as? MeshError)?.code == .unknownOutcome }
  }

  @Test(arguments: failingServers)
  func aWriteThatAFailingServerMayHaveTakenIsOfUnknownOutcome(
    _ status: Int, _ error: JSONValue, _ code: MeshError.Code
  ) async throws {
    let fake = FakeTrafficDirector.shop()
    let plane = try fake.plane()
    let step = try await Self.shift(plane, 70, 30)
    fake.change { $0.refusedWrites = [FakeTrafficDirector.refusal(status, error)] }
    await #expect { _ = try await plane.apply(step) } throws: { ($0 as? MeshError)?.code == code }
    #expect(fake.writes.count == 1)
  }

  @Test func anOperationWithoutAnEndIsOfUnknownOutcome() async throws {
    let fake = FakeTrafficDirector.shop()
    let plane = try fake.plane()
    let step = try await Self.shift(plane, 70, 30)
    fake.change { $0.polls = 1_000_000 }
    await #expect { _ = try await plane.apply(step) } throws: {
      ($0 as? MeshError)?.code == .unknownOutcome && ($0 as? MeshError)?.message.contains("120 s") == true
    }
  }

  static let nonsense: [([(String, Int)], MeshError.Code, String)] = [
    ([("reviews-v1", 0), ("reviews-v2", 0)], MeshError.Code.refused, "sum to 0"),
    ([("reviews-v1", -1)], .refused, "-1"), ([("reviews-v3", 1)], .refused, "no backend reviews-v3"),
    ([("reviews-v1", 3_000_000_000)], .refused, "3000000000"),
    ([("reviews-v1", 1), ("reviews-v1", 2)], .usage, "two weights"),
  ]

  @Test(arguments: nonsense)
  func nonsenseIsRefusedBeforeAnythingIsSent(
    _ weights: [(String, Int)], _ code: MeshError.Code, _ words: String
  ) async throws {
    let fake = FakeTrafficDirector.shop()
    let plane = try fake.plane()
    let intent = WeightsIntent(route: Base.reviews, weights: weights.map { .init(backend: $0.0, weight: $0.1) })
    await #expect { _ = try await plane.steps(for: .weights(intent), in: MeshSnapshot()) } throws: {
      ($0 as? MeshError)?.code == code && ($0 as? MeshError)?.message.contains(words) == true
    }
    #expect(fake.writes.isEmpty)
  }

  @Test func whereNoneIsSetAllMustBeNamed() async throws {
    let fake = FakeTrafficDirector.shop()
    fake.store(
      "grpcRoutes/cart",
      [
        "hostnames": ["cart"],
        "rules": [
          [
            "action": [
              "destinations": [["serviceName": "p/backendServices/a"], ["serviceName": "p/backendServices/b"]]
            ]
          ]
        ],
      ])
    let plane = try fake.plane()
    let route = Base.ref("grpcroute", "cart")
    await #expect {
      _ = try await plane.steps(
        for: .weights(WeightsIntent(route: route, weights: [.init(backend: "a", weight: 5)])), in: MeshSnapshot())
    } throws: { ($0 as? MeshError)?.remedy == "give one to each of a, b" }
    let both = WeightsIntent(route: route, weights: [.init(backend: "a", weight: 5), .init(backend: "b", weight: 1)])
    #expect(try await plane.steps(for: .weights(both), in: MeshSnapshot()).count == 1)
  }

  @Test func rulesAreEditedAndKeepWhatIsNotNamed() async throws {
    let fake = FakeTrafficDirector.shop()
    let plane = try fake.plane()
    let intent = RuleIntent(
      route: Base.reviews, rule: "1", timeout: .set(2.5),
      retries: .set(RetrySetting(attempts: 3, perTryTimeout: 0.5, retryOn: "5xx,reset")),
      fault: .set(FaultSetting(delay: 1, delayPercent: 10, abortStatus: 503, abortPercent: 5)),
      mirror: .set(MirrorSetting(host: "reviews-v3", percent: 20)),
      headers: .set(
        HeaderSetting(request: .init(overwritten: ["x-a": "1"], added: ["x-b": "2"], removed: ["x-c"]))))
    let step = try #require(try await plane.steps(for: .rule(intent), in: MeshSnapshot()).first)
    _ = try await plane.apply(step)
    let action = try #require(fake["httpRoutes/reviews"]?["rules"]?[1]?["action"])
    #expect(action["timeout"] == "2.5s")
    #expect(action["retryPolicy"]?["numRetries"]?.int == 3)
    #expect(action["retryPolicy"]?["perTryTimeout"] == "0.5s")
    #expect(action["retryPolicy"]?["retryConditions"] == ["5xx", "reset"])
    #expect(action["faultInjectionPolicy"]?["abort"]?["httpStatus"]?.int == 503)
    #expect(action["faultInjectionPolicy"]?["delay"]?["fixedDelay"] == "1s")
    #expect(
      action["requestMirrorPolicy"]?["destination"]?["serviceName"]
        == "projects/1234567/locations/global/backendServices/reviews-v3")
    #expect(action["requestMirrorPolicy"]?["mirrorPercent"]?.double == 20)
    #expect(action["requestHeaderModifier"]?["remove"] == ["x-c"])
    #expect(action["somethingNew"]?["kept"] == "as it is")
    #expect(Self.weights(fake) == [90, 10])
    let route = try #require(try await Base.snapshot(plane).routes[Base.reviews])
    #expect(route.rules[1].retries == RetrySetting(attempts: 3, perTryTimeout: 0.5, retryOn: "5xx,reset"))
    #expect(route.rules[1].headers?.request.added == ["x-b": "2"])
    let codes = TrafficDirectorRules().findings(in: try await Base.snapshot(plane), plane: "gcp").map(\.code)
    #expect(codes == ["MD4203"])
    let removal = RuleIntent(
      route: Base.reviews, rule: "1", timeout: .remove, retries: .remove, fault: .remove, mirror: .remove,
      headers: .remove)
    _ = try await plane.apply(try #require(try await plane.steps(for: .rule(removal), in: MeshSnapshot()).first))
    #expect(fake["httpRoutes/reviews"]?["rules"]?[1]?["action"]?.object?.names == ["destinations", "somethingNew"])
  }

  static let impossible: [(RuleIntent, String)] = [
    (RuleIntent(route: Base.reviews, rule: "1", fault: .set(FaultSetting(abortStatus: 99))), "200 and 599"),
    (
      RuleIntent(route: Base.reviews, rule: "1", fault: .set(FaultSetting(abortStatus: 500, abortPercent: 0.5))),
      "whole"
    ),
    (RuleIntent(route: Base.reviews, rule: "1", retries: .set(RetrySetting(attempts: 1, retryOn: "5yy"))), "5yy"),
    (RuleIntent(route: Base.reviews, rule: "1", retries: .set(RetrySetting(attempts: 1))), "what is tried again"),
    (RuleIntent(route: Base.reviews, rule: "1", timeout: .set(0)), "not above 0"),
    (RuleIntent(route: Base.ref("tcproute", "db"), timeout: .set(1)), "tcp routes of Traffic Director have no timeout"),
  ]

  @Test(arguments: impossible)
  func whatTheAPICannotDoIsRefusedWithItsReason(_ intent: RuleIntent, _ words: String) async throws {
    let fake = FakeTrafficDirector.shop()
    fake.store(
      "tcpRoutes/db", ["rules": [["action": ["destinations": [["serviceName": "p/backendServices/db"]]]]]])
    let plane = try fake.plane()
    await #expect { _ = try await plane.steps(for: .rule(intent), in: MeshSnapshot()) } throws: {
      ($0 as? MeshError)?.code == .refused && ($0 as? MeshError)?.message.contains(words) == true
    }
  }

  @Test func aBackendServiceIsWrittenWithItsFingerprint() async throws {
    let fake = FakeTrafficDirector.shop()
    let plane = try fake.plane()
    let ref = Base.ref("backendservice", "reviews-v1")
    var json = try await plane.native(ref).json
    json["timeoutSec"] = 42
    json["portName"] = nil
    let steps = try await plane.steps(for: .object(ObjectIntent(ref: ref, json: json)), in: MeshSnapshot())
    let step = try #require(steps.first)
    #expect(step.precondition.isAtomic)
    // Somebody else writes between our comparison and our write: Compute Engine itself refuses ours.
    fake.change { $0.beforePatch = { $0.storeService("reviews-v1", $0.service("reviews-v1") ?? .null) } }
    await #expect { _ = try await plane.apply(step) } throws: { ($0 as? MeshError)?.code == .conflict }
    let again = try await plane.steps(for: .object(ObjectIntent(ref: ref, json: json)), in: MeshSnapshot())
    _ = try await plane.apply(try #require(again.first))
    #expect(fake.service("reviews-v1")?["timeoutSec"]?.int == 42)
    #expect(fake.service("reviews-v1")?["portName"] == nil)
  }

  @Test func aResourceIsMadeEditedAndDeleted() async throws {
    let fake = FakeTrafficDirector.shop()
    let plane = try fake.plane()
    let ref = Base.ref("httproute", "new")
    // Written in another project: its name tells the kind, and the plane's own project is where it is made.
    let json: JSONValue = [
      "name": "projects/other/locations/global/httpRoutes/new", "updateTime": "2020-01-01T00:00:00Z",
      "hostnames": ["new.shop"], "rules": [["action": ["directResponse": ["status": 204]]]],
    ]
    #expect(plane.identity(of: json) == ref)
    let made = try await plane.steps(for: .object(ObjectIntent(ref: ref, json: json)), in: MeshSnapshot())
    _ = try await plane.apply(try #require(made.first))
    #expect(fake["httpRoutes/new"]?["hostnames"] == ["new.shop"])
    #expect(fake.requests.contains { $0.method == .post && $0.url.hasSuffix("/httpRoutes?httpRouteId=new") })
    let deleted = try await plane.steps(for: .delete(ref), in: MeshSnapshot())
    _ = try await plane.apply(try #require(deleted.first))
    #expect(fake["httpRoutes/new"] == nil)
    guard case .create(let back)? = deleted.first?.inverse else {
      Issue.record("what was deleted cannot be made again")
      return
    }
    #expect(back["rules"] == json["rules"] && back["updateTime"] == nil)
  }

  static let owned: [JSONValue] = [
    ["name": "projects/p/locations/global/httpRoutes/gkegw1-4v0d-shop-reviews-a1b2c3", "hostnames": ["x"]],
    [
      "name": "reviews", "kind": "compute#backendService",
      "description": "{\"kubernetes.io/service-name\":\"shop/reviews\"}",
    ],
    ["name": "projects/p/locations/global/httpRoutes/x", "labels": ["goog-gke-mesh": "1"]],
  ]

  @Test(arguments: owned)
  func whatControllersMadeIsNotEdited(_ json: JSONValue) throws {
    let name = try #require(TrafficDirectorName(of: json))
    let native = NativeObject(ref: name.ref(plane: "gcp"), path: "/x", json: json, version: "1")
    var wanted = json
    wanted["hostnames"] = ["y"]
    #expect { _ = try TrafficDirectorEdit.step(native, to: wanted) } throws: {
      ($0 as? MeshError)?.code == .refused && ($0 as? MeshError)?.remedy?.contains("kind kubernetes") == true
    }
    #expect(TrafficDirectorOwner.owner(of: ["name": "projects/p/locations/global/httpRoutes/gkegw-mine"]) == nil)
  }

  @Test func readOnlyLetsQuestionsOutAndNoWrite() async throws {
    let fake = FakeTrafficDirector.shop()
    let plane = try fake.plane(writes: .refused(reason: "read-only"))
    let snapshot = try await Base.snapshot(plane)
    #expect(snapshot.endpoints.count == 3)
    let step = try await Self.shift(plane, 70, 30)
    #expect(await plane.permits(step) == .no("read-only"))
    await #expect { _ = try await plane.apply(step) } throws: { ($0 as? MeshError)?.code == .refused }
    #expect(Self.weights(fake) == [90, 10])
  }
}
