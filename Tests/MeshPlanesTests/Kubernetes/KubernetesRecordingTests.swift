import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// A real API server's answers, as recorded under `Fixtures/Recordings/kubernetes`.
enum Recorded {
  static let folder = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return "\(parts.dropLast(4).joined(separator: "/"))/Fixtures/Recordings/kubernetes"
  }()

  static func bytes(_ name: String) throws -> [UInt8] { try LocalFile.read("\(folder)/\(name)") }

  static func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

  /// The recorded exchanges: file and path by what was asked.
  static func server() throws -> ScriptedServer {
    let index = try JSONValue(parsing: bytes("index.json"))
    var answers: [String: (Int, String)] = [:]
    for entry in index.array ?? [] {
      guard let file = entry["file"]?.string, let method = entry["method"]?.string, let path = entry["path"]?.string,
        let status = entry["status"]?.int, let body = try? text(file)
      else { continue }
      let key = "\(method) \(path.split(separator: "?").first ?? "")"
      // The user without rights was asked about too: the first answer to a path is the usual one.
      if answers[key] == nil || file.hasPrefix("discovery/") { answers[key] = answers[key] ?? (status, body) }
    }
    let known = answers
    return ScriptedServer { request, _ in
      let path = request.url.dropFirst("http://127.0.0.1:1".utf8.count).split(separator: "?").first ?? ""
      guard let (status, body) = known["\(request.method.rawValue) \(path)"] else {
        return .answer(404, "404 page not found")
      }
      return .answer(status, body, ["Date": "Sun, 22 Nov 2026 11:03:17 GMT"])
    }
  }

  static func plane(
    _ server: ScriptedServer, dialects: [any KubernetesDialect] = [], writes: WritePolicy = .allowed
  ) throws -> KubernetesPlane {
    var options = Session.Options()
    options.gate = OriginGate()
    options.rate = RateLimit(perSecond: 1_000_000, burst: 1_000_000)
    options.clock = ScriptedClock()
    options.writes = writes
    options.transport = { _ in server }
    return try KubernetesPlane(
      name: "p", connection: KubernetesConnection(context: "c", server: "http://127.0.0.1:1"), dialects: dialects,
      options: options)
  }
}

@Suite(.timeLimit(.minutes(10))) struct KubernetesRecordingTests {
  @Test func aggregatedDiscoveryNamesWhatIsServed() throws {
    let index = try #require(try APIIndex.aggregated(Recorded.bytes("discovery/apis-aggregated.json")))
    let routes = try #require(index.resource(named: "virtualservice"))
    #expect(routes.plural == "virtualservices")
    #expect(routes.group == "networking.istio.io")
    #expect(routes.isNamespaced)
    #expect(routes.verbs.contains("watch"))
    let versions = DialectResource(
      group: "networking.istio.io", versions: ["v1beta1", "v1"], plural: "virtualservices", kind: "virtualservice")
    #expect(index.resource(versions)?.apiVersion == "networking.istio.io/v1beta1")
    #expect(index.resource(named: "gateways.gateway.networking.k8s.io")?.group == "gateway.networking.k8s.io")
  }

  @Test func anOldServerIsDiscoveredGroupByGroupAndABrokenGroupIsTolerated() async throws {
    let groups = try Recorded.text("discovery/apis.json")
    let istio = try Recorded.text("discovery/networking.istio.io_v1.json")
    let server = ScriptedServer { request, _ in
      switch request.url.dropFirst("http://127.0.0.1:1".utf8.count) {
      case "/api": .answer(200, #"{"kind":"APIVersions","versions":["v1"]}"#)
      case "/api/v1":
        .answer(
          200,
          #"{"kind":"APIResourceList","resources":[{"name":"pods","kind":"Pod","namespaced":true,"verbs":["list"]}]}"#)
      case "/apis": .answer(200, groups)
      case "/apis/networking.istio.io/v1": .answer(200, istio)
      default: .answer(503, Wire.status(503, message: "the server is currently unable to handle the request"))
      }
    }
    let index = try await Recorded.plane(server).client.discover()
    #expect(index.resource(named: "pod")?.group == "")
    #expect(index.resource(named: "virtualservice")?.apiVersion == "networking.istio.io/v1")
    #expect(!index.resources.contains { $0.plural.contains("/") })
    #expect(index.broken["gateway.networking.k8s.io"]?.contains("unable") == true)
  }

  @Test func theConfigurationIsThatOfEveryDialectServed() async throws {
    let dialects = DialectFixtures.dialects.map { $0 as any KubernetesDialect } + [IstioDialect()]
    let kinds = await (try Recorded.plane(Recorded.server(), dialects: dialects)).configurationKinds
    #expect(kinds.contains("virtualservice") && kinds.contains("sidecar") && kinds.contains("httproute"))
    #expect(!kinds.contains("pod") && !kinds.contains("policy.authentication.istio.io"), "\(kinds)")
    let denied = ScriptedServer { _, _ in .answer(401, Wire.status(401)) }
    let all = await (try Recorded.plane(denied, dialects: dialects)).configurationKinds
    #expect(all.count == dialects.reduce(0) { $0 + $1.resources.count })
  }

  @Test func aWorkloadIsNotMissingWhereTheServerDoesNotSayWhatItServes() async throws {
    let plane = try Recorded.plane(ScriptedServer { _, _ in .answer(401, Wire.status(401)) })
    let web = ObjectRef(plane: "p", namespace: "shop", kind: "workload", name: "web")
    let error = await #expect(throws: MeshError.self) { try await plane.native(web) }
    #expect(error?.code == .unauthenticated)
  }

  @Test func podsBecomeEndpointsWithTheirProxies() async throws {
    let plane = try Recorded.plane(Recorded.server())
    let snapshot = try await plane.snapshot(["pod"])
    #expect(snapshot.endpoints.count == 36)
    let review = try #require(
      snapshot.endpoints[ObjectRef(plane: "p", namespace: "shop", kind: "pod", name: "reviews-v2-0")])
    #expect(review.proxy == .sidecar)
    #expect(review.acceptsMeshTLS)
    #expect(review.isReady)
    #expect(review.labels["version"] == "v2")
    #expect(review.serviceAccount == "reviews")
    #expect(!review.address.isEmpty)
    // A proxy's own ports are not the application's.
    #expect(!review.ports.contains(15090))
    #expect(snapshot.endpoints.values.contains { $0.proxy == .none && !$0.acceptsMeshTLS })
    #expect(snapshot.workloads[review.workload] != nil)
  }

  @Test func servicesAndNamespacesAreRead() async throws {
    let plane = try Recorded.plane(Recorded.server())
    let snapshot = try await plane.snapshot(["service", "namespace"])
    let reviews = try #require(
      snapshot.services[ObjectRef(plane: "p", namespace: "shop", kind: "service", name: "reviews")])
    #expect(reviews.hosts == ["reviews.shop.svc.cluster.local"])
    #expect(!reviews.ports.isEmpty && !reviews.selector.isEmpty)
    #expect(snapshot.namespaces[ObjectRef(plane: "p", namespace: "", kind: "namespace", name: "shop")] != nil)
    #expect(Set(snapshot.services.values.map(\.role)).isSuperset(of: [.http, .database]))
  }

  @Test func aPortOfAPodWhereNothingListensIsAskedOnce() async throws {
    let words = "error trying to reach service: dial tcp 10.0.0.1:15000: connect: connection refused"
    let server = ScriptedServer { _, _ in
      .answer(503, Wire.status(503, reason: "ServiceUnavailable", message: words))
    }
    let access = try Recorded.plane(server).access
    do throws(MeshError) {
      _ = try await access.get(pod: "a", namespace: "shop", port: 15_000, path: "/certs")
      Issue.record("nothing listens there")
    } catch {
      #expect(error.code == .unreachable && error.message.contains(words))
    }
    #expect(server.requests.map(\.url) == ["http://127.0.0.1:1/api/v1/namespaces/shop/pods/a:15000/proxy/certs"])
  }

  @Test func aPageIsFollowedByTheNext() async throws {
    let (first, second) = (try Recorded.text("lists/pods.page1.json"), try Recorded.text("lists/pods.page2.json"))
    let server = ScriptedServer { request, _ in
      .answer(200, request.url.contains("continue=") ? second : first)
    }
    let client = try Recorded.plane(server).client
    var names = 0
    _ = try await client.list(
      ResourcePath(group: "", version: "v1", plural: "pods"), what: "list", restarted: {},
      page: { response throws(JSONError) in
        let page = try ListPage.read(response.body, kind: "Pod") { reader throws(JSONError) in try reader.skip() }
        names += page.count
        // The recording ends after its second page.
        var end = page
        if response.body.count == second.utf8.count { end.next = "" }
        return end
      })
    #expect(names == 20)
    #expect(server.requests.count == 2)
    let token = try JSONValue(parsing: first)["metadata"]?["continue"]?.string
    #expect(server.requests.last?.query("continue") == token)
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var status: Int
    var body: String
    var code: MeshError.Code
    var isGuarded = false
    var isWrite = false
  }

  static func refusals() throws -> [Refusal] {
    [
      Refusal(
        testDescription: "401", status: 401, body: try Recorded.text("errors/unauthorized.json"), code: .unauthenticated
      ),
      Refusal(testDescription: "403", status: 403, body: try Recorded.text("errors/forbidden.json"), code: .forbidden),
      Refusal(testDescription: "404", status: 404, body: try Recorded.text("errors/not-found.json"), code: .notFound),
      Refusal(
        testDescription: "404 as text", status: 404, body: try Recorded.text("errors/unknown-resource.json"),
        code: .notFound),
      Refusal(
        testDescription: "409", status: 409, body: try Recorded.text("edit/put-conflict.json"), code: .conflict,
        isWrite: true),
      Refusal(
        testDescription: "409 apply", status: 409, body: try Recorded.text("edit/apply-conflict.json"), code: .conflict,
        isWrite: true),
      Refusal(
        testDescription: "410", status: 410, body: Wire.status(410, reason: "Expired"), code: .conflict,
        isWrite: true),
      Refusal(
        testDescription: "422 of a stale test", status: 422, body: try Recorded.text("edit/json-patch-stale.json"),
        code: .conflict, isGuarded: true, isWrite: true),
      Refusal(
        testDescription: "422 without a test", status: 422, body: try Recorded.text("edit/json-patch-stale.json"),
        code: .refused, isWrite: true),
      Refusal(
        testDescription: "422 with causes", status: 422,
        body: Wire.status(422, reason: "Invalid", cause: "FieldValueInvalid"), code: .refused, isGuarded: true,
        isWrite: true),
      Refusal(testDescription: "429", status: 429, body: Wire.status(429), code: .unreachable),
      Refusal(testDescription: "500", status: 500, body: "<html>oops", code: .unreachable),
      Refusal(testDescription: "503", status: 503, body: "", code: .unreachable),
      Refusal(testDescription: "504 of a write", status: 504, body: "", code: .unknownOutcome, isWrite: true),
    ]
  }

  @Test func everyRefusalHasItsCodeAndTheServersWords() throws {
    for row in try Self.refusals() {
      let status = KubernetesStatus(code: row.status, body: Array(row.body.utf8))
      let error = status.error("do it", plane: "p", isWrite: row.isWrite, isGuardedPatch: row.isGuarded)
      #expect(error.code == row.code, "\(row.testDescription)")
      #expect(error.message.hasPrefix("do it: "), "\(row.testDescription)")
      #expect(!error.message.contains("\n"))
    }
    let conflict = KubernetesStatus(code: 409, body: try Recorded.bytes("edit/apply-conflict.json"))
    #expect(conflict.error("x", plane: "p").message.contains("scenario"))
    let cause = KubernetesStatus(code: 422, body: Array(Wire.status(422, cause: "FieldValueInvalid").utf8))
    #expect(cause.error("x", plane: "p").message.contains("(x)"))
  }

  @Test func aRecordedWatchIsEventsAndBookmarks() throws {
    var cutter = LineCutter()
    let lines = cutter.lines(in: try Recorded.bytes("watch/virtualservices.ndjson")) ?? []
    var (changed, bookmarks) = (0, 0)
    for line in lines {
      switch try WatchEvent(line: line, entities: Self.nothing) {
      case .upserted(let meta, _), .deleted(let meta):
        #expect(!meta.name.isEmpty && !meta.resourceVersion.isEmpty)
        changed += 1
      case .bookmark(let version, _):
        #expect(!version.isEmpty)
        bookmarks += 1
      case .failure: Issue.record("no failure was recorded")
      }
    }
    #expect(changed > 0)
    #expect(changed + bookmarks == lines.count)
    var second = LineCutter()
    let old = second.lines(in: try Recorded.bytes("watch/too-old.ndjson"))?.first
    guard case .failure(let status) = try WatchEvent(line: try #require(old), entities: Self.nothing) else {
      Issue.record("a watch from an old version fails")
      return
    }
    #expect(status.isExpired)
  }

  private static func nothing(_ reader: inout JSONReader) throws(JSONError) -> [Entity] {
    try reader.skip()
    return []
  }

  @Test func anEventIsReadWhicheverMemberComesFirst() throws {
    let object = #"{"kind":"Pod","metadata":{"name":"a","namespace":"n","resourceVersion":"7"},"spec":{"x":[1,2]}}"#
    for line in [#"{"type":"MODIFIED","object":\#(object)}"#, #"{"object":\#(object),"type":"MODIFIED"}"#] {
      guard case .upserted(let meta, .success) = try WatchEvent(line: Array(line.utf8)[...], entities: Self.nothing)
      else {
        Issue.record("an object was changed")
        continue
      }
      #expect(meta == ObjectMeta(namespace: "n", name: "a", resourceVersion: "7"))
    }
    // What one object lacks is no fault of the watch; a text that is no JSON is.
    let line = #"{"type":"ADDED","object":\#(object)}"#
    let unreadable = try WatchEvent(line: Array(line.utf8)[...]) { reader throws(JSONError) in
      _ = try reader.int()
      return []
    }
    guard case .upserted(_, .failure) = unreadable else {
      Issue.record("the object cannot be read")
      return
    }
    #expect(throws: JSONError.self) { try WatchEvent(line: Array(line.dropLast(3).utf8)[...], entities: Self.nothing) }
  }

  @Test func checksNameEveryThingInOrder() async throws {
    let plane = try Recorded.plane(Recorded.server())
    let checks = await plane.check()
    #expect(checks.first { $0.name == "reachable" }?.result == .ok)
    #expect(checks.first { $0.name == "version" }?.detail.contains("master") == true)
    #expect(checks.first { $0.name == "identity" }?.result == .skipped)
    #expect(checks.contains { $0.name == "permissions" })
    let clock = try #require(checks.first { $0.name == "clock" })
    #expect(clock.result == .warning)
    #expect(clock.detail.contains("behind"))
  }

  @Test func permissionsAreAskedForTheExactStepAndKeptForAMinute() async throws {
    let denied = try Recorded.text("access/self-subject-access-review-denied.json")
    let server = ScriptedServer { _, _ in .answer(201, denied) }
    let plane = try Recorded.plane(server)
    let step = Step(
      object: ObjectRef(plane: "p", namespace: "shop", kind: "virtualservice", name: "reviews"),
      path: "/apis/networking.istio.io/v1/namespaces/shop/virtualservices/reviews", write: .patch(JSONPatch()),
      precondition: Precondition(version: "1"), inverse: .patch(JSONPatch()))
    #expect(await plane.permits(step).isYes == false)
    #expect(await plane.permits(step).isYes == false)
    #expect(server.requests.count == 1)
    let asked = try JSONValue(parsing: try #require(server.requests.first?.body))["spec"]?["resourceAttributes"]
    #expect(
      asked == [
        "verb": "patch", "resource": "virtualservices", "group": "networking.istio.io", "namespace": "shop",
        "name": "reviews",
      ])
  }
}

extension KubernetesPlane {
  /// What a read of some kinds gives, as one snapshot.
  func snapshot(_ kinds: Set<ObjectKind>) async throws -> MeshSnapshot {
    let (stream, continuation) = AsyncStream.makeStream(of: [MeshChange].self)
    try await read(kinds, namespace: nil) { continuation.yield($0) }
    continuation.finish()
    var snapshot = MeshSnapshot()
    for await changes in stream { for change in changes { snapshot.apply(change) } }
    return snapshot
  }
}
