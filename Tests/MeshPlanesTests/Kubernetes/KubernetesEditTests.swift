import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// Edits of native objects: smallest, guarded, exactly reversible.
@Suite(.timeLimit(.minutes(10))) struct KubernetesEditTests {
  static let ref = ObjectRef(plane: "p", namespace: "shop", kind: "virtualservice", name: "reviews")
  static let path = "/apis/networking.istio.io/v1/namespaces/shop/virtualservices/reviews"

  static func reviews() throws -> NativeObject {
    let json = try JSONValue(parsing: Recorded.bytes("object/reviews.json"))
    return NativeObject(
      ref: ref, path: path, json: json, version: json["metadata"]?["resourceVersion"]?.string ?? "",
      uid: json["metadata"]?["uid"]?.string ?? "")
  }

  /// A server that says what it serves as one did, and answers every write in one way.
  static func server(_ reply: @escaping @Sendable (HTTPRequest) -> ScriptedServer.Reply) throws -> ScriptedServer {
    let (core, groups) = (
      try Recorded.text("discovery/api-aggregated.json"), try Recorded.text("discovery/apis-aggregated.json")
    )
    return ScriptedServer { request, _ in
      request.method == .get ? .answer(200, request.url.contains("/apis") ? groups : core) : reply(request)
    }
  }

  static func writes(_ server: ScriptedServer) -> [HTTPRequest] { server.requests.filter { $0.method != .get } }

  @Test func oneWeightIsOneGuardedReplace() throws {
    let native = try Self.reviews()
    let pointer: JSONPointer = "/spec/http/1/route/0/weight"
    var wanted = native.json
    let old = try #require(wanted[pointer])
    wanted = try JSONPatch([.replace(pointer, 60)]).applied(to: wanted)
    let step = try #require(Step.editing(native, to: wanted))
    guard case .patch(let patch) = step.write else {
      Issue.record("an edit is a patch")
      return
    }
    #expect(
      patch.operations == [
        .test("/metadata/resourceVersion", .string(native.version)), .test(pointer, old), .replace(pointer, 60),
      ])
    #expect(step.inverse == .patch(JSONPatch([.test(pointer, 60), .replace(pointer, old)])))
    #expect(step.precondition == Precondition(version: native.version, uid: native.uid))
  }

  @Test func whatTheServerSetsIsNeverEdited() throws {
    let native = try Self.reviews()
    var wanted = ServerOwned.removing(from: native.json)
    wanted["status"] = ["made": "up"]
    #expect(Step.editing(native, to: wanted) == nil)
  }

  @Test func aServiceOfTheSameFileIsKnownToWhatRefersToIt() {
    var object: JSONValue = [
      "apiVersion": "v1", "kind": "Service", "metadata": ["name": "late", "namespace": "shop"],
      "spec": ["selector": ["app": "late"], "ports": [["name": "http", "port": 80]]],
    ]
    func entities() -> [ObjectRef] { CoreResources.entities(fromNative: object, plane: "p").map(\.ref) }
    #expect(entities() == [ObjectRef(plane: "p", namespace: "shop", kind: "service", name: "late")])
    object["apiVersion"] = "serving.knative.dev/v1"
    #expect(entities().isEmpty, "another API's kind of that name")
    object = ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "late"]]
    #expect(entities().isEmpty)
  }

  static let shapes: [JSONValue] = [
    [:], ["a": 1], ["a": 2, "b": [1, 2, 3]], ["b": [1, 3]], ["b": [0, 1, 2, 3, 4]], ["b": []], ["b": nil],
    ["b": ["c": [["x": 1], ["x": 2], ["x": 3]]]], ["b": ["c": [["x": 2], ["x": 3]]]],
    ["b": ["c": [["x": 1, "unknown": [true, nil]], ["x": 9], ["x": 3], ["y~/": 1]]]], ["a": "1", "b": [3, 2, 1]],
  ]

  @Test(arguments: shapes, shapes) func everyDifferenceGoesThereAndBack(_ old: JSONValue, _ new: JSONValue) throws {
    let there = StructuralDiff.changes(from: old, to: new)
    #expect(try JSONPatch(there).applied(to: old).isEquivalent(to: new))
    let back = StructuralDiff.changes(from: new, to: old)
    #expect(try JSONPatch(back).applied(to: new).isEquivalent(to: old))
    #expect(there.isEmpty == old.isEquivalent(to: new))
    // Each replaced or removed value is tested before.
    for (index, operation) in there.enumerated() {
      switch operation {
      case .replace(let pointer, _), .remove(let pointer):
        guard index > 0, case .test(pointer, _) = there[index - 1] else {
          Issue.record("\(pointer) is not guarded")
          continue
        }
      default: break
      }
    }
  }

  @Test func aPatchIsSentWithManagerStrictnessAndGuards() async throws {
    let answer = try Recorded.text("edit/json-patch.json")
    let server = try Self.server { _ in .answer(200, answer, ["Audit-Id": "a-1"]) }
    let plane = try Recorded.plane(server)
    let step = Step(
      object: Self.ref, path: Self.path, write: .patch(JSONPatch([.replace("/spec/http/1/route/0/weight", 60)])),
      precondition: Precondition(version: "630", uid: "u-1"), inverse: .patch(JSONPatch()))
    let outcome = try await plane.apply(step)
    #expect(outcome.audit == "a-1")
    #expect(outcome.version == (try JSONValue(parsing: answer))["metadata"]?["resourceVersion"]?.string)
    let request = try #require(Self.writes(server).first)
    #expect(request.method == .patch)
    #expect(request.headers["Content-Type"] == "application/json-patch+json")
    #expect(request.query("fieldManager") == "meshdeck")
    #expect(request.query("fieldValidation") == "Strict")
    #expect(request.query("dryRun") == nil)
    let sent = try JSONPatch(json: JSONValue(parsing: try #require(request.body)))
    #expect(
      sent.operations == [
        .test("/metadata/resourceVersion", "630"), .test("/metadata/uid", "u-1"),
        .replace("/spec/http/1/route/0/weight", 60),
      ])
    _ = await plane.dryRun(step)
    #expect(server.requests.last?.query("dryRun") == "All")
  }

  @Test func aCreateGoesToTheCollectionAndItsInverseToTheObject() async throws {
    let server = try Self.server { request in
      .answer(request.method == .post ? 201 : 200, #"{"metadata":{"resourceVersion":"9"}}"#)
    }
    let plane = try Recorded.plane(server)
    let collection = "/apis/networking.istio.io/v1/namespaces/shop/virtualservices"
    var step = Step.creating(["metadata": ["name": "reviews"]], as: Self.ref, in: collection)
    #expect(try await plane.apply(step).version == "9")
    step.write = step.inverse
    step.precondition = Precondition(version: "9", uid: "u")
    _ = try await plane.apply(step)
    let urls = Self.writes(server).map { $0.url.split(separator: "?").first.map(String.init) ?? "" }
    #expect(urls == ["http://127.0.0.1:1\(collection)", "http://127.0.0.1:1\(Self.path)"])
    let options = try JSONValue(parsing: try #require(server.requests.last?.body))
    #expect(options["preconditions"] == ["uid": "u", "resourceVersion": "9"])
  }

  @Test(arguments: [Step.Write.patch(JSONPatch([.replace("/spec/x", 1)])), .delete], [nil, ""])
  func whatNamesNoVersionIsNotWritten(_ write: Step.Write, _ version: String?) async throws {
    let server = ScriptedServer { _, _ in .answer(200, "{}") }
    let plane = try Recorded.plane(server)
    let step = Step(
      object: Self.ref, path: Self.path, write: write, precondition: Precondition(version: version, uid: "u"),
      inverse: .patch(JSONPatch()))
    let error = await #expect(throws: MeshError.self) { try await plane.apply(step) }
    #expect(error?.code == .usage)
    #expect(await plane.dryRun(step).accepted == false)
    #expect(server.requests.isEmpty)
  }

  @Test(
    "What is written is the object that was weighed",
    arguments: [
      ("virtualservice", "/apis/networking.istio.io/v1beta1/namespaces/shop/virtualservices/reviews", true),
      ("workload", "/apis/apps/v1/namespaces/shop/deployments/reviews", true),
      ("virtualservice", "/apis/security.istio.io/v1/namespaces/shop/peerauthentications/reviews", false),
      ("virtualservice", "/apis/networking.istio.io/v1/namespaces/other/virtualservices/reviews", false),
      ("virtualservice", "/apis/networking.istio.io/v1/virtualservices/reviews", false),
      ("workload", "/api/v1/namespaces/shop/services/reviews", false),
    ] as [(ObjectKind, String, Bool)])
  func aPathLeadsToNoOtherObject(kind: ObjectKind, path: String, isOwn: Bool) async throws {
    let server = try Self.server { _ in .answer(200, #"{"metadata":{"resourceVersion":"9"}}"#) }
    let plane = try Recorded.plane(server)
    let ref = ObjectRef(plane: "p", namespace: "shop", kind: kind, name: "reviews")
    let guarded = Precondition(version: "7", uid: "u")
    for write in [Step.Write.patch(JSONPatch([.replace("/spec/x", 1)])), .delete, .create(["metadata": [:]])] {
      let step = Step(
        object: ref, path: path, write: write, precondition: guarded, inverse: .patch(JSONPatch()))
      #expect(await plane.dryRun(step).failure == (isOwn ? nil : .usage))
      guard !isOwn else {
        _ = try await plane.apply(step)
        continue
      }
      let error = await #expect(throws: MeshError.self) { try await plane.apply(step) }
      #expect(error?.code == .usage)
    }
    #expect(Self.writes(server).isEmpty != isOwn)
  }

  @Test(arguments: ["secret", "secrets"]) func aSecretIsNeitherReadNorNoted(kind: ObjectKind) async throws {
    let server = try Recorded.server()
    let plane = try Recorded.plane(server)
    let ref = ObjectRef(plane: "p", namespace: "shop", kind: kind, name: "key")
    let object = ObjectIntent(ref: ref, json: ["kind": "Secret", "metadata": ["name": "key"]])
    for intent in [Intent.delete(ref), .object(object)] {
      let error = await #expect(throws: MeshError.self) { try await plane.steps(for: intent, in: MeshSnapshot()) }
      #expect(error?.code == .refused)
    }
    #expect(!server.requests.contains { $0.url.contains("/secrets") })
    let step = Step.creating(["data": ["k": "djE="]], as: ref, in: "/api/v1/namespaces/shop/secrets")
    #expect(plane.refusal(of: step)?.code == .refused)
    #expect(plane.refusal(of: Step.creating([:], as: Self.ref, in: Self.path)) == nil)
  }

  @Test func aLostAnswerIsAnUnknownOutcomeAndNotSentAgain() async throws {
    let server = try Self.server { _ in .answer(200, #"{"metadata":{"resour"#) }
    let plane = try Recorded.plane(server)
    let step = Step.creating([:], as: Self.ref, in: Self.path)
    let error = await #expect(throws: MeshError.self) { try await plane.apply(step) }
    #expect(error?.code == .unknownOutcome)
    #expect(Self.writes(server).count == 1)
  }

  @Test func aStaleTestIsAConflict() async throws {
    let answer = try Recorded.text("edit/json-patch-stale.json")
    let plane = try Recorded.plane(Self.server { _ in .answer(422, answer) })
    let step = try #require(try Step.editing(Self.reviews(), to: ["spec": [:], "metadata": ["name": "reviews"]]))
    let error = await #expect(throws: MeshError.self) { try await plane.apply(step) }
    #expect(error?.code == .conflict)
    #expect(await plane.dryRun(step).accepted == false)
  }

  @Test func whatTheServerWouldStoreBesideThePatchIsTold() async throws {
    var wanted = try Self.reviews().json
    wanted = try JSONPatch([.replace("/spec/http/1/route/0/weight", 60)]).applied(to: wanted)
    let step = try #require(try Step.editing(Self.reviews(), to: wanted))
    var stored = wanted
    stored["metadata"]?["resourceVersion"] = "999"
    let plain = JSONWriter.text(stored)
    #expect(
      try await Recorded.plane(Self.server { _ in .answer(200, plain) }).dryRun(step).message
        == "accepted by the server")
    stored["spec"]?["injected"] = true
    let changed = JSONWriter.text(stored)
    #expect(
      try await Recorded.plane(Self.server { _ in .answer(200, changed) }).dryRun(step).message
        == "accepted by the server, which would change /spec/injected too")
  }

  @Test func aRefusalOfManyWordsIsCut() {
    let cause = KubernetesStatus.Cause(field: "spec", message: String(repeating: "x", count: 100_000))
    let error = KubernetesStatus(code: 422, causes: [cause]).error("patch", plane: "p", isWrite: true)
    #expect(error.message.count < 2100)
    // The reason stands after the whole object: it is the object that is left out.
    let echo =
      #"\"{\\\"spec\\\":{\\\"a\\\":\\\"\#(String(repeating: "x", count: 5000))\\\"}}\": strict decoding error: unknown field \"w\""#
    let body = #"{"kind":"Status","message":" \"\" is invalid: patch: Invalid value: \#(echo)"}"#
    let strict = KubernetesStatus(code: 422, body: Array(body.utf8)).message
    #expect(strict.hasSuffix(#"Invalid value: "{…}": strict decoding error: unknown field "w""#), "\(strict)")
  }

  @Test func aReadOnlyPlaneSendsNoWrite() async throws {
    let server = try Self.server { _ in .answer(200, "{}") }
    let plane = try Recorded.plane(server, writes: .refused(reason: "read-only"))
    let step = Step.creating([:], as: Self.ref, in: Self.path)
    await #expect(throws: MeshError.self) { try await plane.apply(step) }
    #expect(await plane.permits(step) == .no("read-only"))
    #expect(Self.writes(server).isEmpty)
  }

  @Test func anObjectIntentIsAPatchACreateOrAConflict() async throws {
    let plane = try Recorded.plane(Recorded.server())
    let native = try await plane.native(Self.ref)
    let wanted = try JSONPatch([.add("/metadata/labels/tier", "web")]).applied(to: native.json)
    let steps = try await plane.steps(for: .object(ObjectIntent(ref: Self.ref, json: wanted)), in: MeshSnapshot())
    guard case .patch(let patch) = try #require(steps.first).write else {
      Issue.record("an edit is a patch")
      return
    }
    #expect(patch.changes == [.add("/metadata/labels/tier", "web")])
    let stale = ObjectIntent(ref: Self.ref, json: wanted, baseVersion: "1")
    let error = await #expect(throws: MeshError.self) { try await plane.steps(for: .object(stale), in: MeshSnapshot()) }
    #expect(error?.code == .conflict)
    let other = ObjectRef(plane: "p", namespace: "shop", kind: "virtualservice", name: "fresh")
    let made = try await plane.steps(
      for: .object(ObjectIntent(ref: other, json: ["metadata": ["name": "fresh"]])), in: MeshSnapshot())
    #expect(made.first?.write == .create(["metadata": ["name": "fresh"]]))
    #expect(made.first?.path == "/apis/networking.istio.io/v1/namespaces/shop/virtualservices")
  }

  @Test(
    arguments: [
      ("/api/v1/namespaces/shop/pods/a", "", "v1", "pods", "shop", "a"),
      ("/api/v1/namespaces/shop", "", "v1", "namespaces", "", "shop"), ("/api/v1/nodes", "", "v1", "nodes", "", nil),
      ("/apis/g.io/v1/namespaces/services/services", "g.io", "v1", "services", "services", nil),
      ("/apis/g.io/v1/namespaces/n/services/services", "g.io", "v1", "services", "n", "services"),
    ] as [(String, String, String, String, String, String?)])
  func pathsAreReadAndWritten(
    _ text: String, _ group: String, _ version: String, _ plural: String, _ namespace: String, _ name: String?
  ) {
    let path = ResourcePath(group: group, version: version, plural: plural, namespace: namespace, name: name)
    #expect(ResourcePath(text) == path)
    #expect(path.text == text)
  }
}
