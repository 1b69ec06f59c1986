import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// Every kind of plane says of every ability whether it has it, and why not where it has not.
@Suite(.timeLimit(.minutes(10))) struct CapabilityTableTests {
  /// A plane of a kind with what it knows once it has looked.
  static func plane(_ kind: Plane.Kind, writes: WritePolicy) async throws -> any ControlPlane {
    switch kind {
    case .consul: return try FakeConsul.stock().plane(writes: writes)
    case .appMesh: return try FakeAppMesh.shop().plane(writes: writes)
    case .trafficDirector: return try FakeTrafficDirector.shop().plane(writes: writes)
    case .serviceFabric: return try FakeServiceFabric.shop().plane(writes: writes)
    case .envoy, .mosn, .xds:
      let ports = AdminPorts { _, _ in (404, "") }
      var options = ports.options
      options.writes = writes
      if kind == .xds {
        return try XDSPlane(
          name: "x", settings: XDSSettings(url: "http://10.0.0.1:18000"), options: options, now: { Instant(seconds: 0) }
        )
      }
      return try EnvoyPlane(
        name: "e", places: ["http://10.0.0.9:9901"], kind: kind == .mosn ? .mosn : .envoy, options: options,
        now: { Instant(seconds: 0) })
    case .kubernetes:
      let plane = try Recorded.plane(Recorded.server(), dialects: [IstioDialect()], writes: writes)
      _ = try await plane.snapshot(["namespace"])
      return plane
    }
  }

  @Test(arguments: Plane.Kind.allCases)
  func everyNoHasItsReason(_ kind: Plane.Kind) async throws {
    for writes in [WritePolicy.allowed, .refused(reason: "read-only here")] {
      let plane = await (try await Self.plane(kind, writes: writes)).plane
      #expect(plane.kind == kind)
      for ability in Capabilities.Ability.allCases {
        let answer = try #require(plane.capabilities.answers[ability], "\(kind) says nothing of \(ability)")
        guard case .no(let reason) = answer else { continue }
        #expect(reason.count > 10 && !reason.contains("not probed"), "\(kind) \(ability): \(reason)")
      }
      guard case .refused = writes else { continue }
      for ability in [Capabilities.Ability.editWeights, .editRules, .editMTLS] {
        #expect(!plane.capabilities[ability].isYes, "\(kind) would edit where writing is refused: \(ability)")
      }
    }
  }
}
