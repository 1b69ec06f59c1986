import MeshModel
import Testing

@testable import MeshPlanes

@Suite struct DialectEditTests {
  /// Applies a step and its inverse; gives the changes.
  static func changes(_ text: String, _ weights: [(String, Int)]) async throws -> [JSONPatch.Operation] {
    let step = try #require(try await DialectFixtures.steps(text, weights).first)
    guard case .patch(let patch) = step.write, case .patch(let inverse) = step.inverse else {
      Issue.record("the write is no patch")
      return []
    }
    let before = try JSONValue(parsing: text)
    #expect(patch.operations.first == .test("/metadata/resourceVersion", "7"))
    #expect(try inverse.applied(to: patch.applied(to: before)).isEquivalent(to: before))
    return patch.changes
  }

  @Test func onlyTheNumbersChangeAndTheInversePutsThemBack() async throws {
    #expect(
      try await Self.changes(DialectFixtures.httpRoute, [("api-v1", 70), ("api-v2", 30)]) == [
        .replace("/spec/rules/0/backendRefs/0/weight", 70), .replace("/spec/rules/0/backendRefs/1/weight", 30),
      ])
    #expect(
      try await Self.changes(DialectFixtures.split("v1alpha4", "75", "25"), [("site-v2", 50)]) == [
        .replace("/spec/backends/1/weight", 50)
      ])
    #expect(
      try await Self.changes(DialectFixtures.split("v1alpha1", "\"900m\"", "\"100m\""), [("site-v2", 1500)]) == [
        .replace("/spec/backends/1/weight", "1500m")
      ])
    #expect(
      try await Self.changes(DialectFixtures.knativeService, [("thumb-1", 70), ("latest", 30)]) == [
        .replace("/spec/traffic/0/percent", 70), .replace("/spec/traffic/1/percent", 30),
      ])
  }

  @Test func theEditIsGuardedByTheNameOfWhatItChanges() async throws {
    let step = try #require(try await DialectFixtures.steps(DialectFixtures.httpRoute, [("api-v2", 2)]).first)
    guard case .patch(let patch) = step.write else {
      Issue.record("the write is no patch")
      return
    }
    #expect(patch.operations.contains(.test("/spec/rules/0/backendRefs/1/name", "api-v2")))
    #expect(!patch.operations.contains(.test("/spec/rules/0/backendRefs/0/name", "api-v1")))
  }

  @Test func whatFollowsAConfigurationIsGuardedByItsName() async throws {
    let weights = [("resize", 60), ("resize-00001", 40)]
    let step = try #require(try await DialectFixtures.steps(DialectFixtures.knativeRoute, weights).first)
    guard case .patch(let patch) = step.write else {
      Issue.record("the write is no patch")
      return
    }
    #expect(patch.operations.contains(.test("/spec/traffic/0/configurationName", "resize")))
    #expect(patch.operations.contains(.replace("/spec/traffic/0/percent", 60)))
    #expect(patch.operations.contains(.replace("/spec/traffic/1/percent", 40)))
  }

  @Test func whatIsWantedAlreadyIsNoEdit() async throws {
    #expect(try await DialectFixtures.steps(DialectFixtures.httpRoute, [("api-v1", 9)]).isEmpty)
    #expect(try await DialectFixtures.steps(DialectFixtures.knativeService, [("thumb-1", 90)]).isEmpty)
  }

  static func rule(_ change: (inout RuleIntent) -> Void) async throws -> JSONValue {
    let object = try DialectFixtures.native(DialectFixtures.httpRoute)
    var intent = RuleIntent(route: object.ref)
    change(&intent)
    let step = try #require(try await DialectFixtures.steps(object, .rule(intent)).first)
    return step.after?["spec"]?["rules"]?[0] ?? .null
  }

  @Test func rulesTakeTimeoutsMirrorsAndHeadersAsFiltersOfTheGatewayAPI() async throws {
    #expect(try await Self.rule { $0.timeout = .set(1.5) }["timeouts"] == ["request": "1s500ms"])
    #expect(try await Self.rule { $0.timeout = .set(90) }["timeouts"] == ["request": "90s"])
    let mirrored = try await Self.rule { $0.mirror = .set(MirrorSetting(host: "api-v2", port: 8080, percent: 5)) }
    #expect(
      mirrored["filters"] == [
        [
          "type": "RequestMirror",
          "requestMirror": ["backendRef": ["name": "api-v2", "port": 8080], "percent": 5],
        ]
      ])
    let headers = try await Self.rule {
      $0.headers = .set(HeaderSetting(request: HeaderSetting.Changes(overwritten: ["x-a": "1"], removed: ["x-b"])))
    }
    #expect(
      headers["filters"] == [
        [
          "type": "RequestHeaderModifier",
          "requestHeaderModifier": ["set": [["name": "x-a", "value": "1"]], "remove": ["x-b"]],
        ]
      ])
  }

  @Test func whatAPlaneCannotDoIsRefusedWithAReason() async throws {
    await #expect(throws: MeshError.self) { try await Self.rule { $0.fault = .set(FaultSetting(abortStatus: 503)) } }
    await #expect(throws: MeshError.self) { try await Self.rule { $0.retries = .set(RetrySetting(attempts: 2)) } }
    let split = try DialectFixtures.native(DialectFixtures.split("v1alpha4", "1", "1"))
    await #expect(throws: MeshError.self) {
      try await DialectFixtures.steps(split, .rule(RuleIntent(route: split.ref, timeout: .set(1))))
    }
  }
}
