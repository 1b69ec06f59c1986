import MeshModel
import Testing

@testable import MeshEmulator

/// The leaf certificates of the embedded Consul's agent.
@Suite struct EmbeddedLeafTests {
  @Test func aLeafIsKeptUntilItIsToBeRenewed() throws {
    let authority = ConsulAuthority(made: 1_795_000_000)
    let first = try authority.leaf(of: "web", now: 1_795_000_000)
    #expect(try authority.leaf(of: "web", now: 1_795_000_000 + 53 * 3_600) == first)
    let renewed = try authority.leaf(of: "web", now: 1_795_000_000 + 55 * 3_600)
    #expect(renewed["CertPEM"] != first["CertPEM"] && renewed["ValidAfter"] != first["ValidAfter"])
    #expect(try authority.leaf(of: "api", now: 1_795_000_000)["CertPEM"] != first["CertPEM"])
  }

  @Test func theAgentHoldsTheLeafOfItsOwnProxy() async throws {
    let consul = try SimulatedConsul()
    let node = try #require(try await consul.json("/v1/agent/self")["Config"]?["NodeName"]?.string)
    let services = try #require(try await consul.json("/v1/agent/services").object)
    let sidecar = try #require(services.members.first { $0.value["Kind"] == "connect-proxy" }?.value)
    let service = try #require(sidecar["Proxy"]?["DestinationServiceName"]?.string)
    #expect(node.contains(service))
    let path = "/v1/agent/connect/ca/leaf/\(service)"
    let leaf = try await consul.json(path)
    #expect(leaf["ServiceURI"]?.string?.hasSuffix("/ns/default/dc/dc1/svc/\(service)") == true)
    #expect(leaf["CertPEM"]?.string?.hasPrefix("-----BEGIN CERTIFICATE-----") == true)
    #expect(leaf["PrivateKeyPEM"]?.string?.contains("PRIVATE") == true)
    #expect(try await consul.json(path) == leaf)
    let root = try await consul.json("/v1/connect/ca/roots")["Roots"]?[0]
    #expect(root?["RootCert"]?.string?.hasPrefix("-----BEGIN CERTIFICATE-----") == true)
  }
}
