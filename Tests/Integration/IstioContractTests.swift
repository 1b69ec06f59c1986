import Foundation
import MeshModel
import MeshPlanes
import Testing

/// Istio's objects through the same client on the embedded mesh and on a real API server with Istio's definitions.
@Suite(.serialized, .timeLimit(.minutes(20))) struct IstioContractTests {
  static let ref = ObjectRef(plane: "contract", namespace: "default", kind: "virtualservice", name: "meshdeck-contract")

  static let object: JSONValue = [
    "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
    "metadata": ["name": "meshdeck-contract", "namespace": "default", "annotations": ["never/heard-of": "kept"]],
    "spec": [
      "hosts": ["meshdeck-contract.example"],
      "http": [
        [
          "name": "primary", "timeout": "2s",
          "route": [
            ["destination": ["host": "a", "subset": "v1"], "weight": 80],
            ["destination": ["host": "a", "subset": "v2"], "weight": 20],
          ],
        ]
      ],
    ],
  ]

  /// A plane that speaks Istio with the object in place; `nil` where the server is absent or has not Istio's types.
  static func plane(_ server: ContractServer) async throws -> KubernetesPlane? {
    guard let plane = try await server.plane(dialects: [IstioDialect()]) else { return nil }
    if server == .real, RealServer.definitions == nil { return nil }
    if !(try await plane.natives("namespace", namespace: nil)).contains(where: { $0.ref.name == "default" }) {
      _ = try await plane.apply(
        Step.creating(
          ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "default"]],
          as: ObjectRef(plane: "contract", namespace: "", kind: "namespace", name: "default"), in: "/api/v1/namespaces")
      )
    }
    try await KubernetesContractTests.clear(plane, ref)
    _ = try await plane.apply(
      Step.creating(object, as: ref, in: "/apis/networking.istio.io/v1/namespaces/default/virtualservices"))
    return plane
  }

  @Test(arguments: ContractServer.all) func weightsAndRulesArePlannedAppliedAndTakenBack(_ server: ContractServer)
    async throws
  {
    guard let plane = try await Self.plane(server) else { return }
    let made = try await plane.native(Self.ref)
    #expect(made.json["spec"]?.isEquivalent(to: Self.object["spec"] ?? .null) == true)
    #expect(made.json["metadata"]?["generation"]?.int == 1)
    var snapshot = MeshSnapshot()
    for entity in try IstioDialect().entities(from: made.json, plane: "contract") { snapshot.apply(.upsert(entity)) }
    for intent in [
      Intent.weights(
        WeightsIntent(route: Self.ref, weights: [.init(backend: "v1", weight: 70), .init(backend: "v2", weight: 30)])),
      .rule(
        RuleIntent(
          route: Self.ref, timeout: .remove,
          retries: .set(RetrySetting(attempts: 2, perTryTimeout: 0.5, retryOn: "5xx")))),
      .rule(
        RuleIntent(
          route: Self.ref, fault: .set(FaultSetting(delay: 2, delayPercent: 0.5, abortStatus: 503, abortPercent: 10)))),
    ] {
      let step = try KubernetesContractTests.only(await plane.steps(for: intent, in: snapshot))
      let dry = await plane.dryRun(step)
      #expect(dry.accepted == true, "\(dry.message)")
      #expect(try await plane.native(Self.ref).version == step.precondition.version)
      let outcome = try await plane.apply(step)
      let edited = try await plane.native(Self.ref)
      #expect(edited.version == outcome.version)
      #expect(edited.json["spec"]?.isEquivalent(to: step.after?["spec"] ?? .null) == true)
      #expect(edited.json["metadata"]?["annotations"]?["never/heard-of"] == "kept")
      #expect(await KubernetesContractTests.code { try await plane.apply(step) } == .conflict)
      #expect(await plane.dryRun(step).failure == .conflict)
      var undo = step
      undo.write = step.inverse
      undo.precondition = Precondition(version: edited.version, uid: edited.uid)
      _ = try await plane.apply(undo)
      #expect(try await plane.native(Self.ref).json["spec"]?.isEquivalent(to: made.json["spec"] ?? .null) == true)
    }
    let generation = try await plane.native(Self.ref).json["metadata"]?["generation"]?.int
    #expect(generation == 7, "each write of the spec counts once")
    try await KubernetesContractTests.clear(plane, Self.ref)
  }

  /// What a server says to an edit that its types do not allow.
  static let unsound: [(String, JSONPatch.Operation)] = [
    ("a misspelt field", .add("/spec/http/0/route/0/wieght", 1)),
    ("a text for a number", .replace("/spec/http/0/route/0/weight", "many")),
    ("a number for a list", .replace("/spec/hosts", 5)), ("a negative status", .add("/spec/http/0/timeout", 5)),
  ]

  @Test(arguments: ContractServer.all) func anEditThatItsTypesDoNotAllowIsRefusedAlike(_ server: ContractServer)
    async throws
  {
    guard let plane = try await Self.plane(server) else { return }
    let made = try await plane.native(Self.ref)
    for (name, operation) in Self.unsound {
      let wanted = try JSONPatch([operation]).applied(to: made.json)
      let step = try #require(Step.editing(made, to: wanted))
      let verdict = await plane.dryRun(step)
      // Field validation came with Kubernetes 1.25; a real server before it, the laboratory's say, prunes what it does not know.
      if name == "a misspelt field", server == .real, verdict.accepted == true { continue }
      #expect(verdict.accepted == false, "\(name): \(verdict.message)")
      #expect(verdict.failure == .refused, "\(name): \(verdict.message)")
      #expect(await KubernetesContractTests.code { try await plane.apply(step) } == .refused, "\(name)")
    }
    // A weight of -5 is nonsense that the server takes: the plan refuses it.
    let negative = try #require(
      Step.editing(made, to: JSONPatch([.replace("/spec/http/0/route/0/weight", -5)]).applied(to: made.json)))
    #expect(await plane.dryRun(negative).accepted == true)
    #expect(try await plane.native(Self.ref).version == made.version)
    try await KubernetesContractTests.clear(plane, Self.ref)
  }

  @Test(arguments: ContractServer.all) func peerAuthenticationsAreMadeAndTakenBack(_ server: ContractServer)
    async throws
  {
    guard let plane = try await Self.plane(server) else { return }
    try await KubernetesContractTests.clear(plane, Self.ref)
    let intent = Intent.mtls(MTLSIntent(plane: "contract", scope: .namespace, namespace: "default", mode: .strict))
    let existing = ObjectRef(plane: "contract", namespace: "default", kind: "peerauthentication", name: "default")
    try await KubernetesContractTests.clear(plane, existing)
    let step = try KubernetesContractTests.only(await plane.steps(for: intent, in: MeshSnapshot()))
    #expect(await plane.dryRun(step).accepted == true)
    let outcome = try await plane.apply(step)
    let made = try await plane.native(step.object)
    #expect(made.json["spec"]?["mtls"]?["mode"] == "STRICT")
    var undo = step
    undo.write = step.inverse
    undo.precondition = Precondition(version: outcome.version, uid: made.uid)
    #expect(try await plane.apply(undo).json == nil)
    #expect(await KubernetesContractTests.code { try await plane.native(step.object) } == .notFound)
  }
}
