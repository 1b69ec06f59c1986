import Foundation
import MeshModel
import Testing

@testable import MeshPlanes

/// Edits of the dialects beside Istio through the same client on the embedded mesh and on a real API server with their
/// definitions.
@Suite(.serialized, .timeLimit(.minutes(20))) struct DialectContractTests {
  static let dialects: [any KubernetesDialect & DialectRules] = [
    GatewayAPIDialect(), SMIDialect(), KnativeDialect(), LinkerdDialect(),
  ]

  /// An object of a dialect with two backends, and their names.
  struct Subject: Sendable, CustomTestStringConvertible {
    var kind: String
    var collection: String
    var object: JSONValue
    var names: [String]

    var testDescription: String { kind }
    var ref: ObjectRef { ObjectRef(plane: "contract", namespace: "default", kind: kind, name: "meshdeck-contract") }
  }

  static func route(_ group: String, _ version: String, _ kind: String) -> Subject {
    Subject(
      kind: group == "policy.linkerd.io" ? "\(kind.lowercased()).\(group)" : kind.lowercased(),
      collection: "/apis/\(group)/\(version)/namespaces/default/\(kind.lowercased())s",
      object: [
        "apiVersion": .string("\(group)/\(version)"), "kind": .string(kind), "metadata": metadata,
        "spec": [
          "parentRefs": [["group": "", "kind": "Service", "name": "a", "port": 80]],
          "rules": [
            [
              "backendRefs": [
                ["name": "a-v1", "port": 80, "weight": 90], ["name": "a-v2", "port": 80, "weight": 10],
              ]
            ]
          ],
        ],
      ], names: ["a-v1", "a-v2"])
  }

  static let metadata: JSONValue = [
    "name": "meshdeck-contract", "namespace": "default", "annotations": ["never/heard-of": "kept"],
  ]

  static let subjects: [Subject] = [
    route("gateway.networking.k8s.io", "v1", "HTTPRoute"), route("gateway.networking.k8s.io", "v1", "GRPCRoute"),
    route("policy.linkerd.io", "v1beta3", "HTTPRoute"),
    Subject(
      kind: "trafficsplit", collection: "/apis/split.smi-spec.io/v1alpha4/namespaces/default/trafficsplits",
      object: [
        "apiVersion": "split.smi-spec.io/v1alpha4", "kind": "TrafficSplit", "metadata": metadata,
        "spec": [
          "service": "a", "backends": [["service": "a-v1", "weight": 90], ["service": "a-v2", "weight": 10]],
        ],
      ], names: ["a-v1", "a-v2"]),
    Subject(
      kind: "service.serving.knative.dev", collection: "/apis/serving.knative.dev/v1/namespaces/default/services",
      object: [
        "apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": metadata,
        "spec": [
          "template": ["spec": ["containers": [["image": "registry.example/a"]]]],
          "traffic": [
            ["revisionName": "a-00001", "percent": 90], ["revisionName": "a-00002", "percent": 10],
          ],
        ],
      ], names: ["a-00001", "a-00002"]),
  ]

  /// Applies the one step of an intent, takes it back by its inverse, and returns the object as edited.
  static func applied(
    _ intent: Intent, in snapshot: MeshSnapshot, through plane: KubernetesPlane
  ) async throws -> (edited: JSONValue, step: Step) {
    var step = try KubernetesContractTests.only(await plane.steps(for: intent, in: snapshot))
    let dry = await plane.dryRun(step)
    #expect(dry.accepted == true, "\(dry.message)")
    step = try KubernetesContractTests.only(await plane.steps(for: intent, in: snapshot))
    let outcome = try await plane.apply(step)
    let edited = try await plane.native(step.object)
    var undo = step
    undo.path = edited.path
    undo.write = step.inverse
    undo.precondition = Precondition(version: edited.version, uid: edited.uid)
    #expect(edited.version == outcome.version)
    _ = try await plane.apply(undo)
    return (edited.json, step)
  }

  @Test(arguments: ContractServer.speaking) func whoLinkerdLetsInIsPlannedAppliedAndTakenBack(
    _ server: ContractServer
  ) async throws {
    guard let plane = try await server.plane(dialects: Self.dialects) else { return }
    if server != .dialects, RealServer.others.isEmpty { return }
    let namespace = try await KubernetesContractTests.namespace(plane)
    let claimed = ObjectRef(plane: "contract", namespace: namespace, kind: "server", name: "meshdeck-contract-8080")
    try await KubernetesContractTests.clear(plane, claimed)
    var snapshot = MeshSnapshot()
    snapshot.apply(
      .upsert(
        .workload(
          Workload(
            ref: ObjectRef(plane: "contract", namespace: namespace, kind: "workload", name: "meshdeck-contract"),
            labels: ["app": "meshdeck-contract"], nativeKind: "deployment"))))
    let port = MTLSIntent(
      plane: "contract", scope: .port, namespace: namespace, workload: "meshdeck-contract", port: 8080, mode: .strict)
    let made = try await Self.applied(.mtls(port), in: snapshot, through: plane)
    #expect(made.edited["spec"]?["accessPolicy"] == "all-authenticated")
    #expect(await KubernetesContractTests.code { try await plane.native(claimed) } == .notFound)
    let all = MTLSIntent(plane: "contract", scope: .namespace, namespace: namespace, mode: .strict)
    let annotated = try await Self.applied(.mtls(all), in: snapshot, through: plane)
    let annotation = "config.linkerd.io/default-inbound-policy"
    #expect(annotated.edited["metadata"]?["annotations"]?[annotation] == "all-authenticated")
    let left = try await plane.native(annotated.step.object)
    #expect(left.json["metadata"]?["annotations"]?[annotation] == nil)
  }

  @Test(arguments: [ContractServer.sofa] + ContractServer.all.filter { $0 != .embedded })
  func policiesOfIstio11ArePlannedAppliedAndTakenBack(_ server: ContractServer) async throws {
    if server != .sofa, RealServer.authentication == nil { return }
    guard let plane = try await server.plane(dialects: [IstioDialect()]) else { return }
    guard let known = try? await plane.natives("policy.authentication.istio.io", namespace: nil) else { return }
    let namespace = try await KubernetesContractTests.namespace(plane)
    let name = "meshdeck-contract"
    var snapshot = MeshSnapshot()
    func ref(_ kind: String) -> ObjectRef {
      ObjectRef(plane: "contract", namespace: namespace, kind: kind, name: name)
    }
    snapshot.apply(.upsert(.workload(Workload(ref: ref("workload"), labels: ["app": name], nativeKind: "deployment"))))
    let ports = [ServicePort(name: "http", port: 80, targetPort: 8080, appProtocol: "http")]
    snapshot.apply(
      .upsert(.service(Service(ref: ref("service"), hosts: [name], ports: ports, selector: ["app": name]))))
    func intent(_ mode: MTLSMode, port: Int? = nil) -> MTLSIntent {
      MTLSIntent(
        plane: "contract", scope: port == nil ? .workload : .port, namespace: namespace, workload: name, port: port,
        mode: mode)
    }
    #expect(!known.contains { $0.ref.name == "\(name)-80" })
    if server == .sofa {
      let made = try await Self.applied(.mtls(intent(.strict, port: 8080)), in: snapshot, through: plane)
      #expect(made.edited["spec"]?["targets"]?[0]?["ports"]?[0]?["number"] == 80)
      #expect(made.edited["spec"]?["peers"]?[0]?["mtls"]?["mode"] == "STRICT")
    }
    // Where a newer Istio is served beside it, intents go there; the older API's own edits are the same everywhere.
    let own = ref("policy.authentication.istio.io")
    try await KubernetesContractTests.clear(plane, own)
    let object: JSONValue = [
      "apiVersion": "authentication.istio.io/v1alpha1", "kind": "Policy",
      "metadata": [
        "name": .string(name), "namespace": .string(namespace), "annotations": ["never/heard-of": "kept"],
      ],
      "spec": ["targets": [["name": .string(name)]], "peers": [["mtls": [:]]], "neverHeardOf": 1],
    ]
    _ = try await plane.apply(
      Step.creating(
        object, as: own, in: "/apis/authentication.istio.io/v1alpha1/namespaces/\(namespace)/policies"))
    let before = try await plane.native(own)
    let steps = try await AuthenticationPolicyEdit.steps(
      for: intent(.permissive), in: snapshot, using: plane.access)
    let step = try KubernetesContractTests.only(steps)
    #expect(await plane.dryRun(step).accepted == true)
    _ = try await plane.apply(step)
    let edited = try await plane.native(own)
    #expect(edited.json["spec"]?["peers"] == [["mtls": ["mode": "PERMISSIVE"]]])
    #expect(edited.json["spec"]?["neverHeardOf"] == 1)
    #expect(await KubernetesContractTests.code { try await plane.apply(step) } == .conflict)
    var undo = step
    undo.write = step.inverse
    undo.precondition = Precondition(version: edited.version, uid: edited.uid)
    _ = try await plane.apply(undo)
    #expect(try await plane.native(own).json["spec"] == before.json["spec"])
    try await KubernetesContractTests.clear(plane, own)
  }

  @Test(arguments: ContractServer.speaking, subjects)
  func weightsArePlannedAppliedAndTakenBack(_ server: ContractServer, _ subject: Subject) async throws {
    guard let plane = try await server.plane(dialects: Self.dialects) else { return }
    if server != .dialects, RealServer.others.isEmpty { return }
    let ref = subject.ref
    if !(try await plane.natives("namespace", namespace: nil)).contains(where: { $0.ref.name == "default" }) {
      _ = try await plane.apply(
        Step.creating(
          ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "default"]],
          as: ObjectRef(plane: "contract", namespace: "", kind: "namespace", name: "default"), in: "/api/v1/namespaces")
      )
    }
    try await KubernetesContractTests.clear(plane, ref)
    _ = try await plane.apply(Step.creating(subject.object, as: ref, in: subject.collection))
    let made = try await plane.native(ref)
    let intent = Intent.weights(
      WeightsIntent(route: ref, weights: zip(subject.names, [70, 30]).map { .init(backend: $0, weight: $1) }))
    // The controllers of the embedded mesh may write a status meanwhile: the step is planned on what is there then.
    func planned() async throws -> Step {
      try KubernetesContractTests.only(await plane.steps(for: intent, in: MeshSnapshot()))
    }
    let step = try await planned()
    var dry = await plane.dryRun(step)
    for _ in 0..<5 where dry.accepted != true { dry = await plane.dryRun(try await planned()) }
    #expect(dry.accepted == true, "\(dry.message)")
    var fresh = try await planned()
    for _ in 0..<5 {
      guard await KubernetesContractTests.code({ try await plane.apply(fresh) }) == .conflict else { break }
      fresh = try await planned()
    }
    let edited = try await plane.native(ref)
    #expect(edited.json["spec"]?.isEquivalent(to: fresh.after?["spec"] ?? .null) == true)
    #expect(edited.json["spec"]?.isEquivalent(to: made.json["spec"] ?? .null) == false)
    #expect(edited.json["metadata"]?["annotations"]?["never/heard-of"] == "kept")
    #expect(await KubernetesContractTests.code { try await plane.apply(step) } == .conflict)
    var read: Route?
    for dialect in Self.dialects {
      for case .route(let route) in try dialect.entities(from: edited.json, plane: "contract") { read = route }
    }
    #expect(read?.ref == ref)
    #expect(read?.rules.first?.backends.map(\.weight) == [70, 30])
    try await KubernetesContractTests.clear(plane, ref)
  }
}
