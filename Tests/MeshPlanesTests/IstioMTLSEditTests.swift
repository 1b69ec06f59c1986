import MeshModel
import Testing

@testable import MeshPlanes

@Suite struct IstioMTLSEditTests {
  static func pa(_ namespace: String, _ name: String, _ spec: String, created: String = "2026-01-01T00:00:00Z")
    -> String
  {
    #"{"apiVersion":"security.istio.io/v1","kind":"PeerAuthentication","metadata":{"name":"\#(name)","namespace":"\#(namespace)","resourceVersion":"7","creationTimestamp":"\#(created)"},"spec":\#(spec)}"#
  }

  static func mesh() -> MeshSnapshot {
    var mesh = SmallMesh()
    mesh.add("cart", version: "v1")
    mesh.add("cart", version: "v2")
    return mesh.snapshot
  }

  static func intent(_ scope: MTLSScope, _ mode: MTLSMode, port: Int? = nil) -> Intent {
    .mtls(
      MTLSIntent(
        plane: "lab", scope: scope, namespace: scope == .mesh ? "" : "shop",
        workload: scope == .workload || scope == .port ? "cart-v1" : "", port: port, mode: mode))
  }

  static func only(_ intent: Intent, _ objects: [String]) async throws -> Step? {
    let stored = StoredObjects(objects: try objects.map { try IstioFixtures.native($0) })
    let steps = try await IstioDialect().steps(for: intent, in: mesh(), using: stored)
    #expect(steps.count <= 1)
    return steps.first
  }

  @Test(arguments: [
    (MTLSScope.mesh, "istio-system", "default"), (.namespace, "shop", "default"), (.workload, "shop", "cart-v1"),
  ])
  func createsAPolicyWhereThereIsNone(scope: MTLSScope, namespace: String, name: String) async throws {
    let step = try #require(try await Self.only(Self.intent(scope, .strict), []))
    guard case .create(let json) = step.write else {
      Issue.record("not a create")
      return
    }
    #expect(step.inverse == .delete)
    #expect(step.precondition.version == nil)
    #expect(json["metadata"]?["namespace"]?.string == namespace)
    #expect(json["metadata"]?["name"]?.string == name)
    #expect(json["spec"]?["mtls"]?["mode"]?.string == "STRICT")
    let labels: JSONValue? = scope == .workload ? ["matchLabels": ["app": "cart", "version": "v1"]] : nil
    #expect(json["spec"]?["selector"] == labels)
  }

  @Test func editsTheOldestOfSeveral() async throws {
    let step = try #require(
      try await Self.only(
        Self.intent(.namespace, .strict),
        [
          Self.pa("shop", "young", #"{"mtls":{"mode":"DISABLE"}}"#, created: "2026-02-01T00:00:00Z"),
          Self.pa("shop", "old", #"{"mtls":{"mode":"PERMISSIVE"},"extra":[1.0]}"#),
          Self.pa(
            "shop", "selecting", #"{"selector":{"matchLabels":{"app":"cart"}},"mtls":{"mode":"DISABLE"}}"#,
            created: "2025-01-01T00:00:00Z"),
        ]))
    #expect(step.object.name == "old")
    guard case .patch(let patch) = step.write else {
      Issue.record("not a patch")
      return
    }
    #expect(
      patch.operations == [
        .test("/metadata/resourceVersion", "7"), .test("/spec/mtls/mode", "PERMISSIVE"),
        .replace("/spec/mtls/mode", "STRICT"),
      ])
  }

  @Test func setsThePortOfAWorkloadPolicy() async throws {
    let text = Self.pa("shop", "cart", #"{"selector":{"matchLabels":{"app":"cart"}},"mtls":{"mode":"STRICT"}}"#)
    let step = try #require(try await Self.only(Self.intent(.port, .disable, port: 9090), [text]))
    guard case .patch(let patch) = step.write else {
      Issue.record("not a patch")
      return
    }
    #expect(patch.changes == [.add("/spec/portLevelMtls", ["9090": ["mode": "DISABLE"]])])
    _ = try IstioEditTests.roundTrip(step, on: text)
  }

  @Test func createsAWorkloadPolicyForAPort() async throws {
    let step = try #require(try await Self.only(Self.intent(.port, .disable, port: 9090), []))
    guard case .create(let json) = step.write else {
      Issue.record("not a create")
      return
    }
    #expect(json["spec"]?["mtls"] == nil)
    #expect(json["spec"]?["portLevelMtls"]?["9090"]?["mode"]?.string == "DISABLE")
    #expect(json["spec"]?["selector"] != nil)
  }

  @Test func takesASettingAwaySoThatItInherits() async throws {
    let plain = try #require(
      try await Self.only(Self.intent(.namespace, .unset), [Self.pa("shop", "default", #"{"mtls":{"mode":"STRICT"}}"#)])
    )
    #expect(plain.write == .delete)
    guard case .create(let again) = plain.inverse else {
      Issue.record("a delete is undone by a create")
      return
    }
    #expect(again["spec"]?["mtls"]?["mode"]?.string == "STRICT")
    #expect(again["metadata"]?["resourceVersion"] == nil)
    let rich = Self.pa(
      "shop", "cart",
      #"{"selector":{"matchLabels":{"app":"cart"}},"mtls":{"mode":"STRICT"},"portLevelMtls":{"80":{"mode":"DISABLE"},"81":{"mode":"STRICT"}}}"#
    )
    let mode = try #require(try await Self.only(Self.intent(.workload, .unset), [rich]))
    guard case .patch(let patch) = mode.write else {
      Issue.record("not a patch")
      return
    }
    #expect(patch.changes == [.remove("/spec/mtls")])
    _ = try IstioEditTests.roundTrip(mode, on: rich)
    let port = try #require(try await Self.only(Self.intent(.port, .unset, port: 80), [rich]))
    guard case .patch(let patch) = port.write else {
      Issue.record("not a patch")
      return
    }
    #expect(patch.changes == [.remove("/spec/portLevelMtls/80")])
    #expect(try await Self.only(Self.intent(.mesh, .unset), []) == nil)
  }

  @Test func refusesWhatMakesNoSense() async throws {
    func code(_ intent: MTLSIntent) async -> MeshError.Code? {
      do {
        _ = try await IstioDialect().steps(for: .mtls(intent), in: Self.mesh(), using: StoredObjects())
        return nil
      } catch {
        return error.code
      }
    }
    #expect(await code(MTLSIntent(plane: "lab", scope: .namespace, mode: .strict)) == .usage)
    #expect(
      await code(MTLSIntent(plane: "lab", scope: .namespace, namespace: "istio-system", mode: .strict)) == .refused)
    #expect(
      await code(MTLSIntent(plane: "lab", scope: .workload, namespace: "shop", workload: "x", mode: .strict))
        == .notFound)
    #expect(
      await code(MTLSIntent(plane: "lab", scope: .port, namespace: "shop", workload: "cart-v1", mode: .strict))
        == .usage)
    #expect(
      await code(MTLSIntent(plane: "lab", scope: .port, namespace: "shop", workload: "cart-v1", port: 0, mode: .strict))
        == .usage)
  }
}
