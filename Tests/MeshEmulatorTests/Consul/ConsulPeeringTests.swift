import MeshModel
import Testing

@testable import MeshEmulator

/// What the embedded Consul tells of the cluster it is peered with.
@Suite struct EmbeddedPeeringTests {
  @Test func aPeersServiceIsInNoCatalogButThePeers() async throws {
    let consul = try SimulatedConsul()
    #expect(try await consul.json("/v1/catalog/services")["tax"] == nil)
    #expect(try await consul.json("/v1/health/service/tax").array?.isEmpty == true)
    let peering = try #require(try await consul.json("/v1/peerings")[0])
    #expect(peering["Name"] == "cloud-02" && peering["State"] == "ACTIVE")
    #expect(peering["StreamStatus"]?["ImportedServices"] == ["tax"])
    #expect(peering["StreamStatus"]?["ExportedServices"] == ["payments"])
    #expect(try await consul.json("/v1/peering/cloud-02") == peering)
    #expect(await consul.answer("GET", "/v1/peering/nowhere").status == 404)
    let instances = try #require(try await consul.json("/v1/health/service/tax", [("peer", "cloud-02")]).array)
    #expect(instances.count == 2)
    #expect(instances.allSatisfy { $0["Node"]?["PeerName"] == "cloud-02" && $0["Node"]?["Datacenter"] == "dc2" })
    let proxies = try await consul.json("/v1/health/connect/tax", [("peer", "cloud-02")])
    #expect(proxies[0]?["Service"]?["Connect"]?["PeerMeta"]?["Protocol"] == "http")
    #expect(try await consul.json("/v1/health/service/orders", [("peer", "cloud-02")]).array?.isEmpty == true)
    #expect(try await consul.json("/v1/imported-services") == [["Service": "tax", "SourcePeer": "cloud-02"]])
    #expect(
      try await consul.json("/v1/exported-services")
        == [["Service": "payments", "Consumers": ["Peers": ["cloud-02"]]]])
  }

  @Test func anExportIsWrittenAndTold() async throws {
    let consul = try SimulatedConsul()
    let written = await consul.put([
      "Kind": "exported-services", "Name": "default",
      "Services": [["Name": "stock", "Consumers": [["Peer": "cloud-02"]]]],
    ])
    #expect(written.text == "true")
    let peering = try await consul.json("/v1/peering/cloud-02")
    #expect(peering["StreamStatus"]?["ExportedServices"] == ["stock"])
  }

  @Test func callsToAPeerAreCountedWithItsLabel() async throws {
    let consul = try SimulatedConsul()
    consul.run(30)
    let text = String(decoding: try #require(consul.server.exposition()), as: UTF8.self)
    let line = try #require(
      text.split(separator: "\n").first {
        $0.hasPrefix("envoy_cluster_upstream_rq{") && $0.contains(#"consul_destination_service="tax""#)
      })
    #expect(line.contains(#"consul_destination_peer="cloud-02""#) && line.contains(#"consul_source_service="orders""#))
    #expect(!line.contains("consul_destination_datacenter"))
    let sidecar = try await consul.json("/v1/health/service/orders-sidecar-proxy")
    let upstreams = sidecar[0]?["Service"]?["Proxy"]?["Upstreams"]?.array ?? []
    #expect(upstreams.first { $0["DestinationName"] == "tax" }?["DestinationPeer"] == "cloud-02")
    #expect(upstreams.first { $0["DestinationName"] == "stock" }?["DestinationPeer"] == nil)
  }

  /// A caller of a peer that has the name of one's own is another.
  @Test func anIntentionForAPeersCallerIsNotForOnesOwn() throws {
    let entries = ConsulEntries([
      "service-intentions": [
        "payments": [
          "Sources": [["Name": "orders", "Peer": "cloud-02", "Action": "allow"], ["Name": "*", "Action": "deny"]]
        ]
      ]
    ])
    guard case .deny = ConsulIntentions(entries).decision("orders", "payments") else {
      Issue.record("the peer's intention was taken for this cluster's orders")
      return
    }
  }
}
