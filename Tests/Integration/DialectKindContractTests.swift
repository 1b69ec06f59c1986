import Foundation
import MeshModel
import MeshPlanes
import Testing

@testable import MeshEmulator

/// Every kind of every dialect beside Istio: written through the client, read by its dialect, edited as an object and put
/// back, on the embedded mesh and on a real API server with their definitions.
@Suite(.serialized, .timeLimit(.minutes(20))) struct DialectKindContractTests {
  static let dialects: [any KubernetesDialect & DialectRules] =
    DialectContractTests.dialects + [ShardingSphereDialect()]

  /// An object of a kind, by its spec.
  struct Subject: Sendable, CustomTestStringConvertible {
    var kind: ObjectKind
    var version: String
    var spelling: String
    var spec: JSONValue

    var testDescription: String { kind }

    init(_ kind: ObjectKind, _ version: String, _ spelling: String, _ spec: JSONValue) {
      self.kind = kind
      self.version = version
      self.spelling = spelling
      self.spec = spec
    }

    var ref: ObjectRef { ObjectRef(plane: "contract", namespace: "default", kind: kind, name: "meshdeck-kind") }

    func object(group: String) -> JSONValue {
      [
        "apiVersion": .string("\(group)/\(version)"), "kind": .string(spelling),
        "metadata": ["name": "meshdeck-kind", "namespace": "default", "annotations": ["never/heard-of": "kept"]],
        "spec": spec,
      ]
    }
  }

  static let service: JSONValue = ["group": "", "kind": "Service", "name": "a", "port": 80]
  static let backend: JSONValue = ["group": "", "kind": "Service", "name": "a-v1", "port": 80, "weight": 1]
  static let pods: JSONValue = [
    "containers": [["image": "registry.example/a", "name": "user-container", "resources": [:]]]
  ]

  static let subjects: [Subject] = [
    Subject("httproute", "v1", "HTTPRoute", ["parentRefs": [service], "rules": [["backendRefs": [backend]]]]),
    Subject("grpcroute", "v1", "GRPCRoute", ["parentRefs": [service], "rules": [["backendRefs": [backend]]]]),
    Subject(
      "tlsroute", "v1", "TLSRoute",
      [
        "parentRefs": [["name": "edge"]], "hostnames": ["a.example.com"], "rules": [["backendRefs": [backend]]],
      ]),
    Subject("tcproute", "v1", "TCPRoute", ["parentRefs": [["name": "edge"]], "rules": [["backendRefs": [backend]]]]),
    Subject(
      "gateway.gateway.networking.k8s.io", "v1", "Gateway",
      ["gatewayClassName": "c", "listeners": [["name": "http", "port": 80, "protocol": "HTTP"]]]),
    Subject(
      "referencegrant", "v1beta1", "ReferenceGrant",
      [
        "from": [["group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "shop"]],
        "to": [["group": "", "kind": "Service"]],
      ]),
    Subject(
      "listenerset", "v1", "ListenerSet",
      ["parentRef": ["name": "edge"], "listeners": [["name": "http", "port": 81, "protocol": "HTTP"]]]),
    Subject(
      "backendtlspolicy", "v1", "BackendTLSPolicy",
      [
        "targetRefs": [["group": "", "kind": "Service", "name": "a"]],
        "validation": ["hostname": "a.example.com", "wellKnownCACertificates": "System"],
      ]),
    Subject(
      "trafficsplit", "v1alpha4", "TrafficSplit", ["service": "a", "backends": [["service": "b", "weight": 1]]]),
    Subject("httproutegroup", "v1alpha4", "HTTPRouteGroup", ["matches": [["name": "all", "pathRegex": "/.*"]]]),
    Subject(
      "traffictarget", "v1alpha3", "TrafficTarget",
      [
        "destination": ["kind": "ServiceAccount", "name": "a", "namespace": "default"],
        "rules": [["kind": "HTTPRouteGroup", "name": "all", "matches": ["all"]]],
        "sources": [["kind": "ServiceAccount", "name": "b", "namespace": "default"]],
      ]),
    Subject(
      "service.serving.knative.dev", "v1", "Service",
      ["template": ["spec": pods], "traffic": [["latestRevision": true, "percent": 100]]]),
    Subject("route.serving.knative.dev", "v1", "Route", ["traffic": [["revisionName": "a-00001", "percent": 100]]]),
    Subject("configuration.serving.knative.dev", "v1", "Configuration", ["template": ["spec": pods]]),
    Subject("revision", "v1", "Revision", pods),
    Subject(
      "httproute.policy.linkerd.io", "v1beta3", "HTTPRoute",
      ["parentRefs": [service], "rules": [["backendRefs": [backend]]]]),
    Subject(
      "serviceprofile", "v1alpha2", "ServiceProfile",
      ["routes": [["name": "GET /", "condition": ["method": "GET", "pathRegex": "/"]]]]),
    Subject("server", "v1beta3", "Server", ["podSelector": ["matchLabels": ["app": "a"]], "port": "http"]),
    Subject(
      "serverauthorization", "v1beta1", "ServerAuthorization",
      ["server": ["name": "a"], "client": ["meshTLS": ["serviceAccounts": [["name": "b"]]]]]),
    Subject(
      "authorizationpolicy.policy.linkerd.io", "v1alpha1", "AuthorizationPolicy",
      [
        "targetRef": ["group": "policy.linkerd.io", "kind": "Server", "name": "a"],
        "requiredAuthenticationRefs": [
          ["group": "policy.linkerd.io", "kind": "MeshTLSAuthentication", "name": "b"]
        ],
      ]),
    Subject("meshtlsauthentication", "v1alpha1", "MeshTLSAuthentication", ["identities": ["*"]]),
    Subject("networkauthentication", "v1alpha1", "NetworkAuthentication", ["networks": [["cidr": "10.0.0.0/8"]]]),
    Subject(
      "httplocalratelimitpolicy", "v1alpha1", "HTTPLocalRateLimitPolicy",
      [
        "targetRef": ["group": "policy.linkerd.io", "kind": "Server", "name": "a"],
        "total": ["requestsPerSecond": 100],
      ]),
    Subject("egressnetwork", "v1alpha1", "EgressNetwork", ["trafficPolicy": "Allow"]),
    Subject(
      "externalworkload", "v1beta1", "ExternalWorkload",
      [
        "meshTLS": ["identity": "spiffe://root.linkerd.cluster.local/vm", "serverName": "vm.cluster.local"],
        "ports": [["port": 8080]], "workloadIPs": [["ip": "10.9.0.7"]],
      ]),
    Subject(
      "computenode", "v1alpha1", "ComputeNode",
      [
        "replicas": 1, "selector": ["matchLabels": ["app": "a"]],
        "portBindings": [["name": "server", "containerPort": 3307, "servicePort": 3306]],
      ]),
    Subject("storagenode", "v1alpha1", "StorageNode", ["storageProviderName": "rds", "schema": "orders"]),
  ]

  @Test func everyKindHasASubject() {
    let kinds = Set(Self.dialects.flatMap(\.resources).map(\.kind))
    #expect(kinds.subtracting(Self.subjects.map(\.kind)).isEmpty)
  }

  /// What no scenario holds nobody sees used: Istio's kinds stand in `shop`, those of its first versions in `sofa`.
  @Test func everyKindIsUsedInAScenario() throws {
    var used: Set<String> = []
    for name in ["shop", "sofa", "dialects"] {
      var objects = ScenarioObjects(try .builtIn(name), seed: 7, created: 0) { object in
        let group = object["apiVersion"]?.string?.split(separator: "/").first ?? ""
        used.insert("\(object["kind"]?.string?.lowercased() ?? "").\(group)")
      }
      try objects.emitAll()
    }
    let kinds = (Self.dialects + [IstioDialect()]).flatMap(\.resources).map { resource in
      "\(resource.kind.prefix { $0 != "." }).\(resource.group)"
    }
    #expect(Set(kinds).subtracting(used).isEmpty)
  }

  @Test(arguments: ContractServer.speaking, subjects)
  func aKindIsReadEditedAndPutBack(_ server: ContractServer, _ subject: Subject) async throws {
    guard let plane = try await server.plane(dialects: Self.dialects) else { return }
    if server != .dialects, RealServer.others.isEmpty { return }
    let resource = try #require(Self.dialects.flatMap(\.resources).first { $0.kind == subject.kind })
    let ref = subject.ref
    if !(try await plane.natives("namespace", namespace: nil)).contains(where: { $0.ref.name == "default" }) {
      _ = try await plane.apply(
        Step.creating(
          ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "default"]],
          as: ObjectRef(plane: "contract", namespace: "", kind: "namespace", name: "default"), in: "/api/v1/namespaces")
      )
    }
    try await KubernetesContractTests.clear(plane, ref)
    let collection = "/apis/\(resource.group)/\(subject.version)/namespaces/default/\(resource.plural)"
    _ = try await plane.apply(Step.creating(subject.object(group: resource.group), as: ref, in: collection))
    let made = try await plane.native(ref)
    #expect(plane.kind(of: made.json) == subject.kind)
    var entities: [Entity] = []
    for dialect in Self.dialects { entities += (try? dialect.entities(from: made.json, plane: "contract")) ?? [] }
    #expect(entities.contains { $0.ref == ref }, "\(made.json)")

    let wanted = try JSONPatch([.add("/metadata/labels", ["tier": "contract"])]).applied(to: made.json)
    let steps = try await plane.steps(for: .object(ObjectIntent(ref: ref, json: wanted)), in: MeshSnapshot())
    let (edited, _) = try await Self.applied(steps, through: plane)
    #expect(edited["metadata"]?["labels"]?["tier"] == "contract")
    #expect(edited["metadata"]?["annotations"]?["never/heard-of"] == "kept")
    let left = try await plane.native(ref)
    #expect(left.json["metadata"]?["labels"] == nil)
    #expect(left.json["spec"]?.isEquivalent(to: made.json["spec"] ?? .null) == true)
    try await KubernetesContractTests.clear(plane, ref)
  }

  /// Applies a step, takes it back by its inverse, and gives the object as it was between.
  static func applied(_ steps: [Step], through plane: KubernetesPlane) async throws -> (edited: JSONValue, step: Step) {
    let step = try KubernetesContractTests.only(steps)
    let edited = try await written(step.write, of: step, through: plane)
    _ = try await written(step.inverse, of: step, through: plane)
    return (edited.json, step)
  }

  /// Writes on the object as it is just then, since the controllers of the embedded mesh may write a status meanwhile: the
  /// labels alone are at stake.
  private static func written(
    _ write: Step.Write, of step: Step, through plane: KubernetesPlane
  ) async throws -> NativeObject {
    var tries = 0
    while true {
      let now = try await plane.native(step.object)
      var fresh = step
      (fresh.path, fresh.write) = (now.path, write)
      fresh.precondition.version = now.version
      if case .patch(var patch) = write {
        patch.operations.removeAll { if case .test("/metadata/resourceVersion", _) = $0 { true } else { false } }
        fresh.write = .patch(patch)
      }
      tries += 1
      do throws(MeshError) { _ = try await plane.apply(fresh) } catch {
        if error.code == .conflict, tries < 5 { continue }
        throw error
      }
      return try await plane.native(step.object)
    }
  }
}
