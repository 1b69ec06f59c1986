import MeshModel
import Testing

@testable import MeshEmulator

/// The tables of Istio, `policy_applier.go` and `cluster_tls.go`.
@Suite struct MutualTLSTests {
  @Test(arguments: [
    (MutualTLS.ClientMode.automatic, "STRICT", true, MutualTLS.Verdict.mutualTLS),
    (.automatic, "PERMISSIVE", true, .mutualTLS), (.automatic, "DISABLE", true, .plaintext),
    (.automatic, "PERMISSIVE", false, .plaintext),
    (.mesh, "STRICT", true, .mutualTLS), (.mesh, "PERMISSIVE", true, .mutualTLS), (.mesh, "DISABLE", true, .broken),
    (.mesh, "PERMISSIVE", false, .broken),
    (.plaintext, "STRICT", true, .broken), (.plaintext, "PERMISSIVE", true, .plaintext),
    (.plaintext, "DISABLE", true, .plaintext), (.plaintext, "PERMISSIVE", false, .plaintext),
    (.own, "STRICT", true, .broken), (.own, "PERMISSIVE", true, .plaintext), (.own, "DISABLE", true, .plaintext),
    (.own, "PERMISSIVE", false, .plaintext),
  ])
  func everyRowOfTheVerdicts(
    sent: MutualTLS.ClientMode, accepts: String, meshed: Bool, verdict: MutualTLS.Verdict
  ) throws {
    let accepted = try #require(PeerAuthentication.Mode(rawValue: accepts))
    // An endpoint offers mesh TLS when it has a sidecar and does not refuse TLS.
    let offered = meshed && accepted != .disable
    #expect(MutualTLS.verdict(sent, offered: offered, accepted: accepted, serverHasProxy: meshed) == verdict)
  }

  private func accepted(_ policies: [JSONValue], port: Int = 8_080) throws -> PeerAuthentication.Mode {
    let mesh = try SimulatedMesh(.demo)
    for policy in policies { try mesh.put(policy) }
    mesh.run(4)
    let state = mesh.state
    return MutualTLS(configuration: state.configuration, mesh: mesh.simulation.scenario.mesh, registry: state.registry)
      .accepted(by: try mesh.proxy("demo/api-v1"), port: port)
  }

  private func policy(
    _ name: String, _ namespace: String, _ mode: String?, selector: JSONValue? = nil, ports: JSONValue? = nil,
    created: String? = nil
  ) -> JSONValue {
    var metadata: JSONValue = ["name": .string(name), "namespace": .string(namespace)]
    if let created { metadata["creationTimestamp"] = .string(created) }
    var spec: JSONValue = [:]
    if let mode { spec["mtls"] = ["mode": .string(mode)] }
    if let selector { spec["selector"] = ["matchLabels": selector] }
    if let ports { spec["portLevelMtls"] = ports }
    return [
      "apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication", "metadata": metadata, "spec": spec,
    ]
  }

  @Test func theServersModeIsInheritedDownToThePort() throws {
    let mesh = policy("default", "istio-system", "STRICT")
    let namespace = policy("default", "demo", "DISABLE")
    let workload = policy("api", "demo", "PERMISSIVE", selector: ["app": "api"], ports: ["9090": ["mode": "DISABLE"]])
    #expect(try accepted([]) == .permissive)
    #expect(try accepted([mesh]) == .strict)
    #expect(try accepted([mesh, namespace]) == .disable)
    #expect(try accepted([mesh, namespace, workload]) == .permissive)
    #expect(try accepted([mesh, namespace, workload], port: 9_090) == .disable)
    #expect(try accepted([mesh, policy("api", "demo", "UNSET", selector: ["app": "api"])]) == .strict)
    // Ports of policies without a selector, and selectors in the root namespace, do not count.
    #expect(try accepted([policy("default", "demo", "STRICT", ports: ["8080": ["mode": "DISABLE"]])]) == .strict)
    #expect(try accepted([policy("odd", "istio-system", "STRICT", selector: ["app": "api"])]) == .permissive)
  }

  @Test func theOldestOfEqualsWins() throws {
    let old = policy("z", "demo", "STRICT", created: "2026-01-01T00:00:00Z")
    let young = policy("a", "demo", "DISABLE", created: "2026-02-01T00:00:00Z")
    #expect(try accepted([young, old]) == .strict)
  }

  /// The trap of §4.3: choosing a cluster's TLS looks at the namespace, not at the workload.
  @Test func aStrictWorkloadInADisabledNamespaceBreaksItsCallers() throws {
    let mesh = try SimulatedMesh(.demo)
    try mesh.put(policy("default", "demo", "DISABLE"))
    try mesh.put(policy("api", "demo", "STRICT", selector: ["app": "api"]))
    mesh.run(4)
    #expect(abs(mesh.rate("reporter=\"source\"", "response_code=\"503\"", "UC") - 100) < 1e-6)
  }
}
