import Foundation
import MeshKit
import MeshModel
import MeshOperations
import MeshTransport
import Testing

/// Mutual TLS between two real sidecars: programmed, proven by certificates, and observed.
@Suite("Real Envoys with mutual TLS", .serialized, .timeLimit(.minutes(20))) struct EnvoyMeshTests {
  @Test("TLS, certificates with their issuer, and how a proxy fares are read from the proxies themselves")
  func mutualTLSIsReadBack() async throws {
    guard let mesh = try await EnvoyMesh.start() else { return }
    defer { withExtendedLifetime(mesh) {} }
    let deck = try await EnvoyTests.deck(mesh.setting)
    try await mesh.drive { try await deck.load() }
    let view = await deck.view
    // Programmed: the server demands a certificate, the client shows one.
    let listeners = view.snapshot.gateways.values.flatMap(\.listeners)
    #expect(listeners.first { $0.port == mesh.inbound }?.tls == "MUTUAL")
    #expect(listeners.first { $0.port == mesh.entrance }?.tls == nil)
    let client = view.snapshot.destinations.values.first { $0.ref.namespace == "shop-web" }
    #expect(client?.settings.tls == .mutual)
    // Proven: who, by whom, for how long.
    let proxies = try #require(view.programmed["mesh"]?.value).proxies.map(\.ref)
    #expect(proxies.map(\.name).sorted() == ["reviews-1", "web-1"])
    let held = await deck.certificates(of: proxies)
    var roots: Set<String?> = []
    for proxy in proxies {
      let certificates = try #require(held[proxy]?.value, "\(held)")
      let name = proxy.name == "web-1" ? "web" : "reviews"
      #expect(certificates.workload?.spiffe == "spiffe://mesh.test/ns/shop/sa/\(name)")
      #expect(certificates.workload?.issuer == "CN=Test Root,O=mesh.test")
      #expect(certificates.workload?.subject == "")
      #expect(certificates.roots.count == 1)
      roots.insert(certificates.roots.first?.fingerprint)
    }
    #expect(roots.count == 1 && roots.first != .some(nil), "both believe one root, known whole")
    // How the client fares, and that a certificate nobody has keeps others out.
    let web = try #require(proxies.first { $0.name == "web-1" })
    let inspection = try await mesh.drive { try await deck.connection("mesh").control.inspect(web) }
    let condition = try #require(inspection.condition.value, "\(inspection.condition)")
    #expect(condition.state == "LIVE" && condition.isReady == true && condition.version == "1.40.0")
    let upstream = try #require(condition.upstreams.first { $0.name == "reviews" })
    #expect((upstream.rps ?? 0) > 1 && upstream.errorRate == 0)
    #expect(upstream.quantiles[50] != nil, "below half a millisecond it is 0")
    let plain = try? await EnvoyMesh.transport.send(HTTPRequest(.get, "http://127.0.0.1:\(mesh.inbound)/")).status
    #expect(plain != 200, "plaintext is refused")
  }

  @Test("identities of two meshes: those whose roots do not match come first, with issuers and days left")
  func rootsOfTwoMeshesAreCompared() async throws {
    guard let one = try await EnvoyMesh.start(), let other = try await EnvoyMesh.start() else { return }
    defer { withExtendedLifetime((one, other)) {} }
    let tool = try Tool(kubeconfig: nil)
    let planes = [("east", one), ("west", other)].map { name, mesh in
      let places = [mesh.clientAdmin, mesh.serverAdmin].map { "{url: \"http://127.0.0.1:\($0)\"}" }
      return "  - {name: \(name), kind: envoy, envoy: [\(places.joined(separator: ", "))]}"
    }
    _ = try tool.file("config/meshdeck/config.yaml", "planes:\n\(planes.joined(separator: "\n"))\n")
    let run = try await tool("get", "identities", "-A", "-o", "json")
    let items = try #require(try run.json["items"]?.array, "\(run.errors)")
    #expect(items.map { $0["plane"]?.string } == ["west", "west", "east", "east"], "\(run.output)")
    #expect(items.map { $0["trouble"]?.string } == ["root mismatch", "root mismatch", nil, nil])
    for item in items {
      #expect(item["proven"]?.string?.hasPrefix("spiffe://mesh.test/ns/shop/sa/") == true)
      #expect(item["issuer"]?.string == "CN=Test Root,O=mesh.test")
      #expect((item["certificateDaysLeft"]?.int).map { (1...2).contains($0) } == true, "\(item)")
      #expect(item["certificates"]?["own"]?[0]?["secret"]?.string == "default", "\(item)")
      #expect(item["certificates"]?["roots"]?[0]?["secret"]?.string == "ROOTCA")
      #expect(item["identity"]?["unknown"]?.string == "no service account of it is known")
    }
    let table = try await tool("get", "identities", "-A", "-o", "wide")
    #expect(table.output.split(separator: "\n").dropFirst().first?.contains("root mismatch") == true, "\(table.output)")
  }

  @Test("what a real Prometheus scrapes of the sidecars agrees with their own counters, mutual TLS included")
  func prometheusAgrees() async throws {
    guard let mesh = try await EnvoyMesh.start() else { return }
    defer { withExtendedLifetime(mesh) {} }
    let targets = [mesh.clientAdmin, mesh.serverAdmin].map { "'127.0.0.1:\($0)'" }.joined(separator: ", ")
    try await PrometheusTests.withPrometheus(
      scraping: "metrics_path: /stats/prometheus\nstatic_configs: [{targets: [\(targets)]}]"
    ) { url, _ in
      @Sendable func value(_ query: String) async -> Double? {
        var request = "\(url)/api/v1/query?query="
        for byte in query.utf8 { request += "%" + String(Int(byte) + 0x100, radix: 16).dropFirst() }
        guard let response = try? await EnvoyMesh.transport.send(HTTPRequest(.get, request)),
          let json = try? JSONValue(parsing: response.body)
        else { return nil }
        return json["data"]?["result"]?[0]?["value"]?[1]?.string.flatMap { Double($0) }
      }
      try await mesh.drive {
        try await PrometheusTests.until {
          (await value(#"sum(rate(envoy_cluster_upstream_rq_total{envoy_cluster_name="reviews"}[5s]))"#) ?? 0) > 1
        }
      }
      // Both ends count the same handshakes: every connection between them is mutual TLS.
      try await PrometheusTests.until {
        let sent = await value("sum(envoy_cluster_ssl_handshake)")
        let taken = await value("sum(envoy_listener_ssl_handshake)")
        return (sent ?? 0) >= 1 && sent == taken
      }
      #expect(await value("sum(envoy_listener_ssl_fail_verify_no_cert)") == 0)
    }
  }
}
