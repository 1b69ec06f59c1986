import MeshModel
import Testing

@testable import MeshPlanes

/// Modes set in the API of Istio 1.0 to 1.4: the smallest patch, its inverse, and what that API cannot say.
@Suite struct AuthenticationPolicyEditTests {
  typealias Policies = AuthenticationPolicyTests

  static func native(_ text: String) throws -> NativeObject {
    var native = try IstioFixtures.native(text)
    if native.ref.kind == "policy" { native.ref.kind = IstioKind.policy.rawValue }
    return native
  }

  static func step(
    _ scope: MTLSScope, _ mode: MTLSMode, port: Int? = nil, _ objects: [String] = [], workload: String = "cart-v1",
    versions: [String] = ["v1"]
  ) async throws -> Step? {
    var mesh = SmallMesh()
    for version in versions { mesh.add("cart", version: version, ports: Policies.ports) }
    // Plans name workloads by the kind they have in a snapshot of a plane.
    for ref in mesh.snapshot.workloads.keys {
      guard var workload = mesh.snapshot.workloads[ref] else { continue }
      workload.ref.kind = "workload"
      mesh.snapshot.apply(.remove(ref))
      mesh.snapshot.apply(.upsert(.workload(workload)))
    }
    let stored = StoredObjects(objects: try objects.map(native), isOfOld: true)
    let intent = MTLSIntent(
      plane: "lab", scope: scope, namespace: scope == .mesh ? "" : "shop", workload: workload, port: port, mode: mode)
    let steps = try await IstioDialect().steps(for: .mtls(intent), in: mesh.snapshot, using: stored)
    #expect(steps.count <= 1)
    return steps.first
  }

  static func refusal(_ body: () async throws -> Step?) async -> MeshError? {
    do {
      _ = try await body()
      return nil
    } catch { return error as? MeshError }
  }

  @Test(arguments: [
    (MTLSScope.mesh, Int?.none, "MeshPolicy", "default", #"{"peers":[{"mtls":{"mode":"STRICT"}}]}"#),
    (.namespace, nil, "Policy", "default", #"{"peers":[{"mtls":{"mode":"STRICT"}}]}"#),
    (
      .workload, nil, "Policy", "cart", #"{"targets":[{"name":"cart"}],"peers":[{"mtls":{"mode":"STRICT"}}]}"#
    ),
    (
      .port, 9090, "Policy", "cart-9000",
      #"{"targets":[{"name":"cart","ports":[{"number":9000}]}],"peers":[{"mtls":{"mode":"STRICT"}}]}"#
    ),
  ])
  func aPolicyIsMadeWhereThereIsNone(scope: MTLSScope, port: Int?, kind: String, name: String, spec: String)
    async throws
  {
    let step = try #require(try await Self.step(scope, .strict, port: port))
    guard case .create(let json) = step.write else {
      Issue.record("not a create")
      return
    }
    #expect(step.inverse == .delete)
    #expect(json["apiVersion"] == "authentication.istio.io/v1alpha1")
    #expect(json["kind"]?.string == kind)
    #expect(json["metadata"]?["name"]?.string == name)
    #expect(json["metadata"]?["namespace"]?.string == (scope == .mesh ? nil : "shop"))
    #expect(json["spec"]?.isEquivalent(to: try JSONValue(parsing: spec)) == true)
  }

  @Test(arguments: [
    (
      #"{"peers":[{"mtls":null}],"x":1.0}"#, MTLSMode.permissive,
      #"{"peers":[{"mtls":{"mode":"PERMISSIVE"}}],"x":1.0}"#
    ),
    (
      #"{"peers":[{"jwt":{"issuer":"a"}},{"mtls":{"allowTls":true}}]}"#, .permissive,
      #"{"peers":[{"jwt":{"issuer":"a"}},{"mtls":{"allowTls":true,"mode":"PERMISSIVE"}}]}"#
    ),
    (#"{"peers":[{"mtls":{"mode":"PERMISSIVE"}}]}"#, .strict, #"{"peers":[{"mtls":{"mode":"STRICT"}}]}"#),
    (
      #"{"peers":[{"jwt":{"issuer":"a"}},{"mtls":{}}]}"#, .disable, #"{"peers":[{"jwt":{"issuer":"a"}}]}"#
    ),
    (#"{"peers":[{"mtls":{}}],"origins":[]}"#, .disable, #"{"origins":[]}"#),
    (#"{"origins":[]}"#, .strict, #"{"origins":[],"peers":[{"mtls":{"mode":"STRICT"}}]}"#),
  ])
  func onlyTheMethodChangesAndTheInversePutsItBack(before: String, mode: MTLSMode, after: String) async throws {
    let text = Policies.policy("default", before)
    let step = try #require(try await Self.step(.namespace, mode, [text]))
    guard case .patch(let patch) = step.write, case .patch(let inverse) = step.inverse else {
      Issue.record("not a patch")
      return
    }
    #expect(step.precondition.version == "7")
    let edited = try patch.applied(to: JSONValue(parsing: text))
    #expect(edited["spec"]?.isEquivalent(to: try JSONValue(parsing: after)) == true)
    let restored = try inverse.applied(to: edited)
    #expect(restored["spec"]?.isEquivalent(to: try JSONValue(parsing: before)) == true)
  }

  @Test func whatIsSoAlreadyNeedsNoWrite() async throws {
    let strict = Policies.policy("default", #"{"peers":[{"mtls":null}]}"#)
    #expect(try await Self.step(.namespace, .strict, [strict]) == nil)
    #expect(try await Self.step(.namespace, .disable, [Policies.policy("default", "{}")]) == nil)
    #expect(try await Self.step(.workload, .unset) == nil)
  }

  @Test func takingASettingAwayDeletesThePolicyThatSaysNothingElse() async throws {
    let own = Policies.policy("cart", #"{"targets":[{"name":"cart"}],"peers":[{"mtls":{}}]}"#)
    #expect(try await Self.step(.workload, .unset, [own])?.write == .delete)
    let tokens = Policies.policy("default", #"{"peers":[{"mtls":{}}],"origins":[{"jwt":{"issuer":"a"}}]}"#)
    #expect(await Self.refusal { try await Self.step(.namespace, .unset, [tokens]) }?.code == .refused)
  }

  @Test func whatTheAPICannotSayIsRefusedWithTheReason() async throws {
    let version = await Self.refusal { try await Self.step(.workload, .strict, versions: ["v1", "v2"]) }
    #expect(version?.code == .refused)
    #expect(version?.message.contains("cart-v2") == true)
    let port = await Self.refusal { try await Self.step(.port, .strict, port: 7070) }
    #expect(port?.message.contains("7070") == true)
    let whole = Policies.policy("cart", #"{"targets":[{"name":"cart"}],"peers":[{"mtls":{}}]}"#)
    let chance = await Self.refusal { try await Self.step(.port, .permissive, port: 9090, [whole]) }
    #expect(chance?.message.contains("chance") == true)
    let other = Policies.policy("web", #"{"targets":[{"name":"cart","ports":[{"number":80}]}],"peers":[{"mtls":{}}]}"#)
    #expect(try await Self.step(.port, .permissive, port: 9090, [other])?.object.name == "cart-9000")
    let shared = Policies.policy("both", #"{"targets":[{"name":"cart"},{"name":"web"}],"peers":[{"mtls":{}}]}"#)
    #expect(await Self.refusal { try await Self.step(.workload, .permissive, [shared]) }?.code == .refused)
    let tokens = Policies.policy("default", #"{"origins":[{"jwt":{"issuer":"a"}}]}"#)
    let hidden = await Self.refusal { try await Self.step(.workload, .strict, [tokens]) }
    #expect(hidden?.message.contains("tokens") == true)
  }
}
