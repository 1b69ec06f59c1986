import MeshModel
import Testing

@testable import MeshPlanes

/// What App Mesh's listeners and client policies come to.
@Suite struct AppMeshMTLSTests {
  static let outcomes: [(ServerTLS, ClientTLSMode?, MTLSVerdict.Outcome)] = [
    (ServerTLS.plaintext, ClientTLSMode?.none, MTLSVerdict.Outcome.plaintext),
    (.plaintext, .simple, .breaks), (.plaintext, .mutual, .breaks),
    (.oneWayPermissive, nil, .plaintext), (.oneWayPermissive, .simple, .applicationTLS),
    (.oneWayPermissive, .mutual, .applicationTLS), (.oneWayStrict, nil, .breaks),
    (.oneWayStrict, .simple, .applicationTLS), (.oneWayStrict, .mutual, .applicationTLS),
    (.mutualPermissive, nil, .plaintext), (.mutualPermissive, .simple, .breaks), (.mutualPermissive, .mutual, .mtls),
    (.mutualStrict, nil, .breaks), (.mutualStrict, .simple, .breaks), (.mutualStrict, .mutual, .mtls),
  ]

  @Test(arguments: outcomes)
  func aListenerAndAClientComeTo(
    _ server: ServerTLS, _ client: ClientTLSMode?, _ outcome: MTLSVerdict.Outcome
  ) {
    #expect(server.outcome(with: client) == outcome)
  }

  @Test func oneWayTLSCountsAsNoMutualTLSAndSaysSo() async throws {
    let snapshot = try await AppMeshPlaneTests.snapshot(try FakeAppMesh.shop().plane())
    let mtls = AppMeshRules().mtls(in: snapshot, plane: "aws")
    func accepted(_ name: String) throws -> (mode: MTLSMode, reasons: [Reason]) {
      let workload = try #require(snapshot.workloads.values.first { $0.ref.name == name })
      return mtls.accepted(by: workload, port: nil)
    }
    #expect(try accepted("reviews-v1").mode == .strict)
    #expect(try accepted("reviews-v2").mode == .disable)
    #expect(try accepted("reviews-v2").reasons.first?.text.contains("no client certificate is asked for") == true)
    #expect(try accepted("web").mode == .disable)
  }

  @Test func aCallerWithACertificateReachesAStrictListener() async throws {
    let snapshot = try await AppMeshPlaneTests.snapshot(try FakeAppMesh.shop().plane())
    let mtls = AppMeshRules().mtls(in: snapshot, plane: "aws")
    func workload(_ name: String) throws -> Workload {
      try #require(snapshot.workloads.values.first { $0.ref.name == name })
    }
    let service = try #require(snapshot.services.values.first { $0.ref.name == "reviews.shop.local" })
    #expect(
      mtls.verdict(client: try workload("web"), server: try workload("reviews-v1"), service: service, port: 9080)
        .outcome == .mtls)
    #expect(
      mtls.verdict(
        client: try workload("reviews-v2"), server: try workload("reviews-v1"), service: service, port: 9080
      ).outcome == .breaks)
  }

  @Test func aModeIsSetOnlyWhereItWouldBeMutual() async throws {
    let mesh = FakeAppMesh.shop()
    let plane = try mesh.plane()
    func intent(_ workload: String, _ mode: MTLSMode) -> Intent {
      .mtls(MTLSIntent(plane: "aws", scope: .workload, namespace: "shop", workload: workload, mode: mode))
    }
    let step = try #require(try await plane.steps(for: intent("reviews-v1", .permissive), in: MeshSnapshot()).first)
    _ = try await plane.apply(step)
    #expect(mesh.spec("shop/virtualNodes/reviews-v1")?["listeners"]?[0]?["tls"]?["mode"]?.string == "PERMISSIVE")
    for (name, words) in [("reviews-v2", "validates no clients"), ("web", "no certificate")] {
      await #expect { _ = try await plane.steps(for: intent(name, .strict), in: MeshSnapshot()) } throws: {
        ($0 as? MeshError)?.message.contains(words) == true
      }
    }
    #expect(try await plane.steps(for: intent("web", .disable), in: MeshSnapshot()).isEmpty)
  }
}
