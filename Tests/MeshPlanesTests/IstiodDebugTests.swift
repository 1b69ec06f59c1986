import MeshModel
import Testing

@testable import MeshPlanes

@Suite struct IstiodDebugTests {
  static let pod = IstioProgrammedTests.pod

  static func access(_ answers: [String: [UInt8]], replicas: Int = 1) throws -> StoredObjects {
    var access = StoredObjects()
    for number in 1...replicas {
      access.objects.append(
        try IstioFixtures.native(
          #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"istiod-\#(number)","namespace":"istio-system","labels":{"app":"istiod"}}}"#
        ))
    }
    for (path, bytes) in answers { access.answers["istio-system/istiod-\(path)"] = bytes }
    return access
  }

  static let adsz = "8080/debug/adsz?proxyID=storefront-v1-0%2Eshop"

  @Test(arguments: [1, 7, 4096]) func readsAConnectionHoweverItsBytesCome(size: Int) throws {
    let bytes = try IstioFixtures.bytes("istiod/adsz.json")
    var reader = ConnectionReader(Self.pod)
    for start in stride(from: 0, to: bytes.count, by: size) {
      reader.feed(Array(bytes[start..<min(start + size, bytes.count)]))
    }
    let connection = try #require(try reader.finish())
    #expect(connection.address == "127.0.0.1:46206")
    #expect(connection.connectedAt.map { Int($0.seconds) } == 1_795_346_410)
    #expect(connection.labels["app"] == "storefront")
    #expect(connection.watches["ClusterLoadAssignment"] == 34)
    #expect(connection.watches["Cluster"] == 0)
    #expect(connection.watches["RouteConfiguration"] == 2)
    var other = ConnectionReader(ObjectRef(plane: "lab", namespace: "shop", kind: "pod", name: "web"))
    other.feed(bytes)
    #expect(try other.finish() == nil, "another proxy's connection is not this one's")
  }

  @Test(arguments: [
    #"{"totalClients":0,"clients":null}"#, #"{"totalClients":0,"clients":[]}"#,
    #"{"totalClients":0, "clients" : [ ] , "more": [1]}"#,
  ])
  func noClientsAreNone(text: String) throws {
    var reader = ConnectionReader(Self.pod)
    reader.feed(Array(text.utf8))
    #expect(try reader.finish() == nil)
  }

  @Test(arguments: [
    "", "[]", #"{"clients":[{"connectionId":1}]}"#, #"{"clients":[{"connectionId":"a""#, "404 page not found",
  ])
  func whatIsNoListOfClientsIsAnError(text: String) throws {
    var reader = ConnectionReader(Self.pod)
    reader.feed(Array(text.utf8))
    #expect(throws: JSONError.self) { try reader.finish() }
  }

  @Test func theReplicaThatHasTheProxyAnswers() async throws {
    let labels = #"{"istio.io/rev":"1-29","app":"x"}"#
    let answer =
      #"{"clients":[{"connectionId":"storefront-v1-0.shop-9","connectedAt":"2026-11-22T11:20:10Z","labels":\#(labels),"watches":null}]}"#
    let access = try Self.access(
      ["2:\(Self.adsz)": Array(answer.utf8), "1:\(Self.adsz)": Array(#"{"clients":[]}"#.utf8)], replicas: 2)
    let known = await IstioDialect().connection(of: Self.pod, using: access)
    let connection = try #require(known?.value)
    #expect(connection.replica == "istiod-2")
    #expect(connection.revision == "1-29")
  }

  @Test func readsPushErrorsByWhatIsConcerned() throws {
    let errors = try PushStatusReader.read(try IstioFixtures.bytes("istiod/push_status.json"), plane: "lab")
    #expect(
      errors.map(\.kind) == ["pilot_conflict_outbound_listener_tcp_over_current_tcp", "pilot_vservice_dup_domain"])
    #expect(errors.last?.subject == "cart.shop.svc.cluster.local:8080")
    #expect(errors.last?.proxy == Self.pod)
    #expect(errors.last?.message == "duplicate domain from service: cart.shop.svc.cluster.local:8080")
    #expect(try PushStatusReader.read(Array("{}".utf8), plane: "lab").isEmpty)
    #expect(try PushStatusReader.read(Array("null".utf8), plane: "lab").isEmpty)
    #expect(throws: JSONError.self) { try PushStatusReader.read(Array("[1]".utf8), plane: "lab") }
  }

  /// A snapshot of recorded objects whose feeds are live.
  static func snapshot(version: String? = nil) throws -> MeshSnapshot {
    var snapshot = MeshSnapshot()
    let held = try IstioFixtures.json("istiod/configz.json").array ?? []
    for object in held {
      for var entity in try IstioObjects.entities(fromNative: object, plane: "lab") {
        if let version, case .route(var route) = entity, route.ref.name == "reviews" {
          route.version = version
          entity = .route(route)
        }
        snapshot.apply(.upsert(entity))
      }
    }
    for kind in ["virtualservice", "destinationrule", "peerauthentication"] {
      snapshot.apply(.feed(MeshSnapshot.FeedKey(plane: "lab", kind: kind), .live(Instant(seconds: 1))))
    }
    return snapshot
  }

  static func held() throws -> [ObjectRef: String] {
    var reader = HeldObjects(plane: "lab")
    reader.feed(try IstioFixtures.bytes("istiod/configz.json"))
    return try reader.finish()
  }

  @Test func whatIstiodHoldsAsKubernetesDoesDiffersInNothing() throws {
    let found = HeldObjects.differences(try Self.held(), replica: "istiod-1", in: try Self.snapshot(), plane: "lab")
    #expect(found.isEmpty)
  }

  @Test func onlyWhatIsOlderGoneOrLeftOverCounts() throws {
    let reviews = ObjectRef(plane: "lab", namespace: "shop", kind: "virtualservice", name: "reviews")
    let snapshot = try Self.snapshot(version: "99999")
    var held = try Self.held()
    #expect(held[reviews] != nil)
    func differences() -> [HeldDifference.Difference] {
      HeldObjects.differences(held, replica: "r", in: snapshot, plane: "lab").filter { $0.object == reviews }.map(
        \.difference)
    }
    #expect(differences() == [.older])
    held[reviews] = "100000"
    #expect(differences() == [], "a replica may be ahead of what was read here")
    held[reviews] = "opaque"
    #expect(differences() == [], "versions that are no numbers are not compared")
    held[reviews] = nil
    #expect(differences() == [.missing])
    let extra = ObjectRef(plane: "lab", namespace: "shop", kind: "virtualservice", name: "old")
    let made = ObjectRef(
      plane: "lab", namespace: "shop", kind: "virtualservice", name: "x-istio-autogenerated-k8s-gateway")
    held[extra] = "1"
    held[made] = "1"
    let left = HeldObjects.differences(held, replica: "r", in: snapshot, plane: "lab").filter {
      $0.difference == .leftOver
    }
    #expect(left.map(\.object) == [extra])
  }

  @Test func aKindThatIsNotKnownWholeIsNotCompared() throws {
    var snapshot = try Self.snapshot(version: "99999")
    snapshot.apply(
      .feed(MeshSnapshot.FeedKey(plane: "lab", kind: "virtualservice"), .stale("cut off", Instant(seconds: 1))))
    let found = HeldObjects.differences(try Self.held(), replica: "r", in: snapshot, plane: "lab")
    #expect(!found.contains { $0.object.kind == "virtualservice" })
  }

  @Test func theReportHoldsWhatStaysBehind() async throws {
    let access = try Self.access([
      "1:8080/debug/push_status": try IstioFixtures.bytes("istiod/push_status.json"),
      "1:8080/debug/configz": try IstioFixtures.bytes("istiod/configz.json"),
    ])
    let report = try #require(await IstioDialect().distribution(in: try Self.snapshot(version: "99999"), using: access))
    #expect(report.pushErrors.count == 2)
    #expect(report.differences.map(\.difference) == [.older])
    #expect(report.differences.first?.replica == "istiod-1")
    #expect(report.gaps == [])
  }

  @Test(arguments: [
    (MeshError.Code.unauthenticated, nil as String?, "port-forward deploy/istiod 8080"),
    (.unauthenticated, "http://127.0.0.1:8080", "bearerTokenFile"),
    (.forbidden, "http://127.0.0.1:8080", "DEBUG_ENDPOINT_AUTH_ALLOWED_NAMESPACES"),
    (.notFound, "http://127.0.0.1:8080", "ENABLE_DEBUG_ON_HTTP"),
  ])
  func whoIsNotLetInLearnsWhatToDo(code: MeshError.Code, address: String?, words: String) async throws {
    struct Refusing: KubernetesAccess {
      var base: StoredObjects
      let code: MeshError.Code
      var plane: PlaneName { "lab" }
      var now: Instant { base.now }
      func apiVersion(of kind: ObjectKind) async -> String? { nil }
      func path(of kind: ObjectKind, namespace: String, name: String?) async throws(MeshError) -> String { "" }
      func native(_ ref: ObjectRef) async throws(MeshError) -> NativeObject { try await base.native(ref) }
      func natives(_ kind: ObjectKind, namespace: String?) async throws(MeshError) -> [NativeObject] {
        try await base.natives(kind, namespace: namespace)
      }
      func get(pod: String, namespace: String, port: Int, path: String) async throws(MeshError) -> [UInt8] {
        throw MeshError(code, "HTTP said no")
      }
    }
    let dialect = IstioDialect(addresses: IstioDialect.Addresses(istiod: address)) { _, _ throws(MeshError) in
      throw MeshError(code, "HTTP said no")
    }
    let report = try #require(
      await dialect.distribution(in: MeshSnapshot(), using: Refusing(base: try Self.access([:]), code: code)))
    #expect(report.gaps.count == 1)
    #expect(report.gaps.first?.contains("HTTP said no; ") == true)
    #expect(report.gaps.first?.contains(words) == true, "\(report.gaps)")
  }

  @Test func theCheckTellsTheMeshAndItsTrouble() async throws {
    let access = try Self.access([
      "1:8080/debug/push_status": try IstioFixtures.bytes("istiod/push_status.json"),
      "1:8080/debug/mesh": try IstioFixtures.bytes("istiod/mesh.json"),
    ])
    let checks = await IstioDialect().checks(using: access).filter { !$0.detail.contains("z: no answer") }
    #expect(checks.map(\.result) == [.ok, .warning], "\(checks)")
    #expect(
      checks.first?.detail
        == "istiod-1: trust domain cluster.local, auto mTLS off, root namespace istio-system, unknown hosts allowed")
    #expect(checks.last?.detail.contains("pilot_vservice_dup_domain 1") == true)
  }

  @Test(arguments: [nil, "[1]"]) func thatThereAreNoPushErrorsIsSaidOnlyWhereItWasTold(answer: String?) async throws {
    var answers = ["1:8080/debug/mesh": try IstioFixtures.bytes("istiod/mesh.json")]
    answers["1:8080/debug/push_status"] = answer.map { Array($0.utf8) }
    let checks = await IstioDialect().checks(using: try Self.access(answers))
    #expect(!checks.contains { $0.detail.contains("no push errors") }, "\(checks)")
    #expect(
      checks.contains {
        $0.result == .warning && ($0.detail.contains("push_status") || $0.detail.contains("push status"))
      }, "\(checks)")
    answers["1:8080/debug/push_status"] = Array("{}".utf8)
    let told = await IstioDialect().checks(using: try Self.access(answers))
    #expect(told.contains { $0.result == .ok && $0.detail == "no push errors" }, "\(told)")
  }

  @Test func podsThatCannotBeListedAreNotMissing() async throws {
    var access = try Self.access([:])
    access.refused = ["pod"]
    let report = try #require(await IstioDialect().distribution(in: MeshSnapshot(), using: access))
    #expect(report.gaps == ["istiod's pods: pods is forbidden"])
  }

  @Test func settingsComeFromIstiodWhereTheConfigMapCannotBeRead() async throws {
    let access = try Self.access(["1:8080/debug/mesh": try IstioFixtures.bytes("istiod/mesh.json")])
    #expect(await IstioDialect().settings(using: access)?.autoMTLS == false)
  }
}
