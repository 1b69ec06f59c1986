import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshPlanes

/// The plane over Traffic Director's APIs in memory: what is read, and what is told where something cannot be.
@Suite(.timeLimit(.minutes(10))) struct TrafficDirectorPlaneTests {
  static func snapshot(_ plane: TrafficDirectorPlane) async throws -> MeshSnapshot {
    let changes = Mutex<[MeshChange]>([])
    try await plane.read(nil, namespace: nil) { part in changes.withLock { $0 += part } }
    var snapshot = MeshSnapshot()
    for change in changes.withLock({ $0 }) { snapshot.apply(change) }
    return snapshot
  }

  static func ref(_ kind: String, _ name: String) -> ObjectRef {
    ObjectRef(plane: "gcp", namespace: "global", kind: kind, name: name)
  }
  static let reviews = ref("httproute", "reviews")

  @Test func aProjectIsReadWithItsRoutesServicesGroupsAndInstances() async throws {
    let snapshot = try await Self.snapshot(try FakeTrafficDirector.shop().plane())
    let route = try #require(snapshot.routes[Self.reviews])
    #expect(route.hosts == ["reviews.shop"])
    #expect(route.attachedTo == ["mesh/shop"])
    #expect(route.rules[1].backends.map(\.name) == ["reviews-v1", "reviews-v2"])
    #expect(route.rules[1].timeout == 3)
    #expect(route.rules[0].matches.first?.headers["x-role"] == .exact("admin"))
    // A load balancer that is no mesh is not among the services.
    #expect(snapshot.services.values.map(\.ref.name).sorted() == ["reviews-v1", "reviews-v2"])
    #expect(snapshot.services[Self.ref("service", "reviews-v1")]?.hosts == ["reviews-v1", "reviews.shop"])
    let workloads = snapshot.workloads.values.sorted { $0.ref < $1.ref }
    #expect(workloads.map(\.ref.name) == ["k8s1-reviews-v2", "reviews-v1-vms"])
    #expect(workloads.map(\.runtime) == [.container, .vm])
    let target = TrafficDirectorRules().routing(in: snapshot, plane: "gcp").target(
      of: route.rules[1].backends[0], in: route)
    #expect(target.workloads.map(\.name) == ["reviews-v1-vms"])
    #expect(target.service?.name == "reviews-v1")
    let readiness = snapshot.readiness[Self.ref("workload", "reviews-v1-vms")]
    #expect(readiness?.ready == 1 && readiness?.total == 2 && readiness?.proxies == [.none: 2])
    #expect(snapshot.endpoints.values.contains { $0.address == "10.4.0.7" && $0.runtime == .container })
    #expect(snapshot.gateways[Self.ref("gateway", "edge")]?.listeners.map(\.port) == [80, 8080])
    #expect(TrafficDirectorRules().findings(in: snapshot, plane: "gcp").isEmpty)
  }

  @Test func listsAreReadToTheirLastPage() async throws {
    let fake = FakeTrafficDirector.shop()
    for number in 0..<7 {
      fake.store("httpRoutes/extra-\(number)", ["hostnames": [.string("h\(number)")], "rules": []])
    }
    fake.change { $0.pageSize = 3 }
    #expect(try await fake.plane().natives("httproute", namespace: nil).count == 8)
    #expect(fake.requests.contains { $0.url.contains("pageToken=3") })
  }

  @Test func aKindThatIsDeniedOrNotEnabledDoesNotHideTheOthers() async throws {
    let fake = FakeTrafficDirector.shop()
    fake.change {
      $0.refusals = [
        (
          "serverTlsPolicies",
          FakeTrafficDirector.refusal(
            403,
            [
              "code": 403, "status": "PERMISSION_DENIED", "message": "not used before",
              "details": [["reason": "SERVICE_DISABLED", "metadata": ["service": "networksecurity.googleapis.com"]]],
            ])
        )
      ]
    }
    let snapshot = try await Self.snapshot(try fake.plane())
    #expect(snapshot.routes[Self.reviews] != nil)
    guard case .refused(let reason)? = snapshot.feeds[.init(plane: "gcp", kind: "servertlspolicy")] else {
      Issue.record("server TLS policies count as read")
      return
    }
    #expect(reason.contains("networksecurity.googleapis.com is not enabled"))
  }

  /// The changes that reading the routes once gives.
  static func routes(_ plane: TrafficDirectorPlane) async throws -> [MeshChange] {
    let changes = Mutex<[MeshChange]>([])
    try await plane.read(["route"], namespace: nil) { part in changes.withLock { $0 += part } }
    return changes.withLock { $0 }
  }

  @Test func aRegionThatDoesNotAnswerEmptiesNothing() async throws {
    let fake = FakeTrafficDirector.shop()
    let plane = try fake.plane(location: "-")
    let path = "/v1/projects/shop-prod/locations/-/httpRoutes/reviews"
    fake.change { $0.resources[path] = $0.resources[FakeTrafficDirector.root + "httpRoutes/reviews"] }
    var snapshot = MeshSnapshot()
    for change in try await Self.routes(plane) { snapshot.apply(change) }
    #expect(snapshot.routes[Self.reviews] != nil)
    fake.change {
      $0.resources[path] = nil
      $0.unreachable["httpRoutes"] = ["projects/shop-prod/locations/europe-west1"]
    }
    for change in try await Self.routes(plane) { snapshot.apply(change) }
    #expect(snapshot.routes[Self.reviews] != nil)
    guard case .stale(let reason, _)? = snapshot.feeds[.init(plane: "gcp", kind: "httproute")] else {
      Issue.record("routes count as fresh")
      return
    }
    #expect(reason == "no answer from europe-west1")
    // A list that knows no partial answers is not asked for them.
    #expect(fake.requests.allSatisfy { !$0.url.contains("clientTlsPolicies?") || !$0.url.contains("PartialSuccess") })
  }

  /// A clock whose pauses last a moment, whatever they are meant to last.
  struct BriskClock: TransportClock {
    func now() -> Duration { SystemClock().now() }
    func wallSeconds() -> Int { 1_767_225_600 }
    func sleep(for duration: Duration) async throws { try await Task.sleep(for: .milliseconds(5)) }
  }

  /// The kinds that changes tell anew.
  static func kinds(_ changes: [MeshChange]?) -> Set<String> {
    var kinds: Set<String> = []
    for case .reset(let key, _) in changes ?? [] { kinds.insert(key.kind) }
    return kinds
  }

  @Test func whatDidNotChangeIsNotToldAgain() async throws {
    let fake = FakeTrafficDirector.shop()
    var news: [Set<String>] = []
    for await part in try fake.plane(clock: BriskClock()).changes() {
      let kinds = Self.kinds(part)
      if !kinds.isEmpty { news.append(kinds) }
      if news.count == 2 { break }
      // What is told second is told because of this alone.
      if kinds.isEmpty { fake.store("meshes/shop", ["labels": ["owner": "shop"]]) }
    }
    #expect(news.first?.isSuperset(of: ["httproute", "service", "workload", "mesh"]) == true)
    #expect(news.last == ["mesh"])
  }

  static let refusals: [(Int, JSONValue, MeshError.Code, String)] = [
    (
      403, ["status": "PERMISSION_DENIED", "message": "Permission 'x' denied"], MeshError.Code.forbidden,
      "Permission 'x'"
    ),
    (429, ["status": "RESOURCE_EXHAUSTED", "message": "Quota exceeded"], .unreachable, "quota is used up"),
    (400, ["status": "INVALID_ARGUMENT", "message": "bad"], .refused, "bad"),
    (409, ["status": "ABORTED", "message": "unable to queue the operation"], .conflict, "unable to queue"),
    (503, ["status": "UNAVAILABLE", "message": "soon"], .unreachable, "soon"),
    (403, ["message": "API requires a quota project, which is not set"], .forbidden, "wants a quota project"),
  ]

  @Test(arguments: refusals)
  func refusalsAreToldInAnOperatorsWords(
    _ status: Int, _ error: JSONValue, _ code: MeshError.Code, _ words: String
  ) async throws {
    let fake = FakeTrafficDirector.shop()
    fake.change { state in
      state.refusals = (0..<3).map { _ in ("httpRoutes/reviews", FakeTrafficDirector.refusal(status, error)) }
    }
    let plane = try fake.plane()
    await #expect { _ = try await plane.native(Self.reviews) } throws: {
      ($0 as? MeshError)?.code == code && ($0 as? MeshError)?.message.contains(words) == true
    }
  }

  @Test func aTokenThatIsNotBelievedIsToldSo() async throws {
    let fake = FakeTrafficDirector.shop()
    fake.change { $0.refusals = (0..<2).map { _ in ("httpRoutes/reviews", HTTPResponse(status: 401)) } }
    await #expect { _ = try await fake.plane().native(Self.reviews) } throws: {
      ($0 as? MeshError)?.code == .unauthenticated
    }
  }

  @Test func theCheckTellsWhatOneMay() async throws {
    let fake = FakeTrafficDirector.shop()
    fake.change { $0.permissions = ["networkservices.httpRoutes.update"] }
    let checks = await (try fake.plane()).check()
    func check(_ name: String) -> PlaneCheck? { checks.first { $0.name == name } }
    #expect(check("reachable")?.result == .ok)
    #expect(check("clock")?.result == .ok)
    let permissions = try #require(check("permissions")?.detail)
    #expect(permissions.contains("1 httpRoute") && !permissions.contains("1 httpRoutes"), "\(permissions)")
    #expect(check("writing")?.result == .warning)
    #expect(check("writing")?.detail.contains("may networkservices.httpRoutes.update") == true)
    #expect(check("writing")?.detail.contains("may not") == true)
    #expect(check("apis")?.result == .skipped)
  }

  @Test func everyNoHasItsReason() async throws {
    let plane = await (try FakeTrafficDirector.shop().plane()).plane
    for ability in Capabilities.Ability.allCases {
      guard case .no(let reason) = plane.capabilities[ability] else { continue }
      #expect(reason != "not probed yet" && !reason.isEmpty, "\(ability)")
    }
  }

  @Test func aProjectMustBeKnown() {
    #expect { try TrafficDirectorPlane(name: "gcp", settings: .init(), environment: [:]) } throws: {
      ($0 as? MeshError)?.code == .usage && ($0 as? MeshError)?.remedy?.contains("GOOGLE_CLOUD_PROJECT") == true
    }
    #expect(
      throws: Never.self
    ) {
      try TrafficDirectorPlane(name: "gcp", settings: .init(), environment: ["GOOGLE_CLOUD_PROJECT": "p"])
    }
  }
}
