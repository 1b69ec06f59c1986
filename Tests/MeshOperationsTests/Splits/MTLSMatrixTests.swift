import MeshModel
import Testing

@testable import MeshOperations

@Suite struct MTLSMatrixTests {
  static func world(_ mode: String, clientProxy: ProxyMode = .sidecar, mtls: Double?) throws -> SmallWorld {
    var world = try SmallWorld()
    world.add("legacy", in: "old", versions: ["v1"], proxy: clientProxy)
    try world.add(
      object: """
        {"apiVersion":"security.istio.io/v1","kind":"PeerAuthentication","metadata":{"name":"default","namespace":"shop"},
         "spec":{"mtls":{"mode":"\(mode)"}}}
        """)
    world.call(by: "legacy-v1", from: "old", "reviews", "v1", ok: 10, mtls: mtls)
    return world
  }

  @Test(
    arguments: [
      ("STRICT", .sidecar, 1, "mTLS", "ok", false), ("PERMISSIVE", .sidecar, 1, "mTLS", "could be STRICT", false),
      ("PERMISSIVE", .none, 0, "plaintext", "ok", false), ("STRICT", .none, nil, "breaks", "BREAKS", true),
      ("DISABLE", .sidecar, 0, "plaintext", "ok", false),
      ("STRICT", .sidecar, 0.5, "mTLS", "policy says mTLS, traffic is not", true),
      ("PERMISSIVE", .none, 1, "plaintext", "policy says plaintext, traffic is mTLS", true),
    ] as [(String, ProxyMode, Double?, String, String, Bool)])
  func policyAndTrafficStandInOneRow(
    mode: String, proxy: ProxyMode, seen: Double?, outcome: String, verdict: String, isBad: Bool
  ) throws {
    let world = try Self.world(mode, clientProxy: proxy, mtls: seen)
    let pair = try #require(world.view.mtlsMatrix().first)
    #expect(pair.client.name == "legacy-v1")
    #expect(pair.server.name == "reviews-v1")
    #expect(pair.port == 8080)
    #expect(pair.policy.outcome.rawValue == outcome)
    #expect(pair.verdict == verdict)
    #expect(pair.needsAttention == isBad)
    #expect(pair.observed.value?.share == seen)
    #expect(pair.rps == 10)
    #expect(!pair.policy.reasons.isEmpty)
  }

  @Test func rowsTellThePortsThatDiffer() throws {
    var world = try SmallWorld()
    try world.add(
      object: """
        {"apiVersion":"security.istio.io/v1","kind":"PeerAuthentication","metadata":{"name":"reviews","namespace":"shop"},
         "spec":{"selector":{"matchLabels":{"app":"reviews"}},"mtls":{"mode":"STRICT"},"portLevelMtls":{"9090":{"mode":"DISABLE"}}}}
        """)
    let rows = world.view.mtlsRows(namespace: "shop")
    #expect(
      rows.map { "\($0.workload.name):\($0.port.map(String.init) ?? "all") \($0.mode.rawValue)" } == [
        "reviews-v1:all STRICT", "reviews-v1:9090 DISABLE", "reviews-v2:all STRICT", "reviews-v2:9090 DISABLE",
        "web-v1:all PERMISSIVE",
      ])
  }

  @Test func aStricterPolicyBreaksThePlaintextCallersSeen() throws {
    var world = try Self.world("PERMISSIVE", clientProxy: .none, mtls: 0)
    let before = world.view
    try world.add(
      object: """
        {"apiVersion":"security.istio.io/v1","kind":"PeerAuthentication","metadata":{"name":"default","namespace":"shop"},
         "spec":{"mtls":{"mode":"STRICT"}}}
        """)
    #expect(before.breaks(with: world.view.snapshot, plane: "lab").map(\.client.name) == ["legacy-v1"])
    #expect(
      world.view.breaks(with: world.view.snapshot, plane: "lab").isEmpty, "what breaks already is not broken by it")
  }
}
