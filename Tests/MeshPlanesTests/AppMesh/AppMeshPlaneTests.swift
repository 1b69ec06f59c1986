import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshPlanes

/// The plane over App Mesh in memory: what is read, what is written, and what happens when others write too.
@Suite(.timeLimit(.minutes(10))) struct AppMeshPlaneTests {
  static let primary = ObjectRef(plane: "aws", namespace: "shop", kind: "route", name: "reviews:primary")

  static func snapshot(_ plane: AppMeshPlane) async throws -> MeshSnapshot {
    let changes = Mutex<[MeshChange]>([])
    try await plane.read(nil, namespace: nil) { part in changes.withLock { $0 += part } }
    var snapshot = MeshSnapshot()
    for change in changes.withLock({ $0 }) { snapshot.apply(change) }
    return snapshot
  }

  static func shift(_ plane: AppMeshPlane, _ v1: Int, _ v2: Int) async throws -> Step {
    let intent = WeightsIntent(
      route: primary, weights: [.init(backend: "reviews-v1", weight: v1), .init(backend: "reviews-v2", weight: v2)])
    return try #require(try await plane.steps(for: .weights(intent), in: MeshSnapshot()).first)
  }

  static func weights(_ mesh: FakeAppMesh) -> [Int?] {
    (mesh.spec("shop/virtualRouter/reviews/routes/primary")?["httpRoute"]?["action"]?["weightedTargets"]?.array ?? [])
      .map { $0["weight"]?.int }
  }

  @Test func aMeshIsReadWithItsServicesNodesAndRoutes() async throws {
    let snapshot = try await Self.snapshot(try FakeAppMesh.shop().plane())
    #expect(snapshot.services.values.map(\.ref.name).sorted() == ["reviews.shop.local", "web.shop.local"])
    #expect(snapshot.workloads.values.map(\.ref.name).sorted() == ["reviews-v1", "reviews-v2", "web"])
    let route = try #require(snapshot.routes[Self.primary])
    #expect(route.hosts == ["reviews.shop.local"])
    let service = try #require(snapshot.services.values.first { $0.ref.name == "reviews.shop.local" })
    #expect(service.ports.map(\.port) == [9080])
    let members = snapshot.workloads.values.filter { workload in
      service.selector.allSatisfy { workload.labels[$0.key] == $0.value }
    }
    #expect(members.map(\.ref.name).sorted() == ["reviews-v1", "reviews-v2"])
    let target = AppMeshRules().routing(in: snapshot, plane: "aws").target(of: route.rules[0].backends[1], in: route)
    #expect(target.workloads.map(\.name) == ["reviews-v2"])
    #expect(AppMeshRules().findings(in: snapshot, plane: "aws").isEmpty)
  }

  @Test func listsAreReadToTheirLastPage() async throws {
    let mesh = FakeAppMesh.shop()
    for number in 0..<7 { mesh.store("shop/virtualNodes/extra-\(number)", ["listeners": []]) }
    mesh.change { $0.pageSize = 2 }
    let natives = try await mesh.plane().natives("virtualnode", namespace: nil)
    #expect(natives.count == 10)
    #expect(mesh.requests.contains { $0.url.contains("nextToken=") })
  }

  @Test func whatDidNotChangeIsNotDescribedAgain() async throws {
    let mesh = FakeAppMesh.shop()
    let plane = try mesh.plane()
    _ = try await Self.snapshot(plane)
    mesh.store("shop/virtualNodes/reviews-v2", ["listeners": []])
    mesh.change { $0.requests = [] }
    _ = try await Self.snapshot(plane)
    let described = mesh.requests.map(\.url).filter { $0.contains("/virtualNodes/") }
    #expect(described.count == 1)
    #expect(described.first?.contains("/virtualNodes/reviews-v2") == true)
  }

  @Test func aKindThatIsNotServedDoesNotHideTheOthers() async throws {
    let mesh = FakeAppMesh.shop()
    let plane = try mesh.plane()
    _ = try await plane.catalog.meshes(nil)
    mesh.change { $0.refusals = [] }
    let changes = Mutex<[MeshChange]>([])
    // The mesh list comes first, then virtual services: refused as an emulator without them refuses.
    let list = HTTPResponse(status: 200, body: Array(#"{"meshes":[{"meshName":"shop"}]}"#.utf8))
    mesh.change { $0.refusals = [list, HTTPResponse(status: 404, body: Array("<html>Not Found</html>".utf8))] }
    try await plane.read(["route"], namespace: nil) { part in changes.withLock { $0 += part } }
    var snapshot = MeshSnapshot()
    for change in changes.withLock({ $0 }) { snapshot.apply(change) }
    #expect(snapshot.routes[Self.primary] != nil)
    guard case .absent(let reason)? = snapshot.feeds[.init(plane: "aws", kind: "service")] else {
      Issue.record("services count as read, or as denied")
      return
    }
    #expect(reason.contains("does not serve"))
  }

  @Test func aShiftWritesTheWholeSpecificationOnceAndReadsItBack() async throws {
    let mesh = FakeAppMesh.shop()
    let plane = try mesh.plane()
    let step = try await Self.shift(plane, 70, 30)
    #expect(step.precondition == Precondition(version: "1", uid: step.precondition.uid, isAtomic: false))
    let outcome = try await plane.apply(step)
    #expect(outcome.version == "2")
    #expect(outcome.warning == nil)
    #expect(Self.weights(mesh) == [70, 30])
    let puts = mesh.requests.filter { $0.method == .put }
    #expect(puts.count == 1)
    let body = try JSONValue(parsing: puts[0].body ?? [])
    #expect(body["clientToken"]?.string?.utf8.count == 32)
    #expect(body["spec"]?["httpRoute"]?["match"]?["prefix"]?.string == "/")
    #expect(body.object?.names.sorted() == ["clientToken", "spec"])
  }

  @Test func aWriteInBetweenIsAConflictBeforeAnythingIsSent() async throws {
    let mesh = FakeAppMesh.shop()
    let plane = try mesh.plane()
    let step = try await Self.shift(plane, 70, 30)
    mesh.store("shop/virtualRouter/reviews/routes/primary", ["tcpRoute": ["action": ["weightedTargets": []]]])
    #expect(await plane.dryRun(step).failure == .conflict)
    await #expect { _ = try await plane.apply(step) } throws: { ($0 as? MeshError)?.code == .conflict }
    #expect(!mesh.requests.contains { $0.method == .put })
  }

  @Test func aWriteAtTheSameMomentThatOursReplacedIsTold() async throws {
    let mesh = FakeAppMesh.shop()
    let plane = try mesh.plane()
    let step = try await Self.shift(plane, 70, 30)
    mesh.change { $0.beforePut = { $0.store("shop/virtualRouter/reviews/routes/primary", ["priority": 5]) } }
    let outcome = try await plane.apply(step)
    #expect(outcome.version == "3")
    #expect(outcome.warning?.contains("replaced theirs") == true)
    #expect(Self.weights(mesh) == [70, 30])
  }

  @Test func aWriteRightAfterOursThatUndidItIsAConflict() async throws {
    let mesh = FakeAppMesh.shop()
    let plane = try mesh.plane()
    let step = try await Self.shift(plane, 70, 30)
    mesh.change { $0.afterPut = { $0.store("shop/virtualRouter/reviews/routes/primary", ["priority": 5]) } }
    await #expect { _ = try await plane.apply(step) } throws: {
      ($0 as? MeshError)?.code == .conflict && ($0 as? MeshError)?.message.contains("last writer won") == true
    }
  }

  static let nonsense: [([(String, Int)], MeshError.Code, String)] = [
    ([("reviews-v1", 60), ("reviews-v2", 50)], MeshError.Code.refused, "110"),
    ([("reviews-v1", 0), ("reviews-v2", 0)], .refused, "sum to 0"),
    ([("reviews-v1", 101)], .refused, "101"), ([("reviews-v3", 1)], .refused, "no backend reviews-v3"),
    ([("reviews-v1", 1), ("reviews-v1", 2)], .usage, "two weights"),
  ]

  @Test(arguments: nonsense)
  func nonsenseIsRefusedBeforeAnythingIsSent(
    _ weights: [(String, Int)], _ code: MeshError.Code, _ words: String
  ) async throws {
    let mesh = FakeAppMesh.shop()
    let plane = try mesh.plane()
    let intent = WeightsIntent(
      route: Self.primary, weights: weights.map { .init(backend: $0.0, weight: $0.1) })
    await #expect {
      _ = try await plane.steps(for: .weights(intent), in: MeshSnapshot())
    } throws: {
      ($0 as? MeshError)?.code == code && ($0 as? MeshError)?.message.contains(words) == true
    }
    #expect(!mesh.requests.contains { $0.method != .get })
  }

  @Test func theInverseOfAShiftIsExact() async throws {
    let mesh = FakeAppMesh.shop()
    let plane = try mesh.plane()
    let step = try await Self.shift(plane, 70, 30)
    let before = try #require(step.before)
    guard case .patch(let forward) = step.write, case .patch(let backward) = step.inverse else {
      Issue.record("a shift is no patch")
      return
    }
    let after = try forward.applied(to: before)
    #expect(try backward.applied(to: after) == before)
  }

  @Test func aResourceIsMadeEditedAndDeleted() async throws {
    let mesh = FakeAppMesh.shop()
    let plane = try mesh.plane()
    let ref = ObjectRef(plane: "aws", namespace: "shop", kind: "route", name: "reviews:new")
    let spec: JSONValue = [
      "httpRoute": [
        "match": ["prefix": "/n"], "action": ["weightedTargets": [["virtualNode": "reviews-v1", "weight": 1]]],
      ]
    ]
    let made = try await plane.steps(for: .object(ObjectIntent(ref: ref, json: ["spec": spec])), in: MeshSnapshot())
    #expect(made.map(\.write).contains { if case .create = $0 { true } else { false } })
    _ = try await plane.apply(made[0])
    #expect(mesh.spec("shop/virtualRouter/reviews/routes/new")?.isEquivalent(to: spec) == true)
    let deleted = try await plane.steps(for: .delete(ref), in: MeshSnapshot())
    _ = try await plane.apply(deleted[0])
    #expect(mesh.spec("shop/virtualRouter/reviews/routes/new") == nil)
    guard case .create(let json) = deleted[0].inverse else {
      Issue.record("what was deleted cannot be made again")
      return
    }
    #expect(json["spec"]?.isEquivalent(to: spec) == true)
  }

  @Test func timeoutsAndRetriesKeepWhatIsNotNamed() async throws {
    let mesh = FakeAppMesh.shop()
    let plane = try mesh.plane()
    let intent = RuleIntent(
      route: Self.primary, timeout: .set(2.5),
      retries: .set(RetrySetting(attempts: 3, perTryTimeout: 0.5, retryOn: "server-error,connection-error")))
    let step = try #require(try await plane.steps(for: .rule(intent), in: MeshSnapshot()).first)
    _ = try await plane.apply(step)
    let route = try #require(mesh.spec("shop/virtualRouter/reviews/routes/primary")?["httpRoute"])
    #expect(route["timeout"]?["perRequest"]?.isEquivalent(to: ["unit": "ms", "value": 2500]) == true)
    #expect(route["retryPolicy"]?["maxRetries"]?.int == 3)
    #expect(route["retryPolicy"]?["httpRetryEvents"]?.array == ["server-error"])
    #expect(route["retryPolicy"]?["tcpRetryEvents"]?.array == ["connection-error"])
    #expect(Self.weights(mesh) == [90, 10])
    let faulty = RuleIntent(route: Self.primary, fault: .set(FaultSetting(abortStatus: 503)))
    await #expect { _ = try await plane.steps(for: .rule(faulty), in: MeshSnapshot()) } throws: {
      ($0 as? MeshError)?.message == "App Mesh's routes have no faults"
    }
  }

  @Test func readOnlyLetsNothingOut() async throws {
    let mesh = FakeAppMesh.shop()
    let plane = try mesh.plane(writes: .refused(reason: "read-only"))
    let step = try await Self.shift(plane, 70, 30)
    #expect(await plane.permits(step) == .no("read-only"))
    await #expect { _ = try await plane.apply(step) } throws: { ($0 as? MeshError)?.code == .refused }
    #expect(Self.weights(mesh) == [90, 10])
    #expect(await plane.plane.capabilities[.editWeights] == .no("read-only"))
  }

  @Test func everyNoHasItsReason() async throws {
    let plane = await (try FakeAppMesh.shop().plane()).plane
    for ability in Capabilities.Ability.allCases {
      guard case .no(let reason) = plane.capabilities[ability] else { continue }
      #expect(reason.contains("App Mesh"), "\(ability): \(reason)")
    }
    #expect(plane.notice?.contains("2026-09-30") == true)
  }
}
