import Foundation
import MeshKit
import MeshModel
import MeshOperations
import MeshPlanes
import MeshTransport
import Testing

/// istiod's debug interface by discovery, as istioctl asks for it.
@Suite("istiod by discovery", .serialized, .timeLimit(.minutes(20))) struct IstiodDiscoveryTests {
  /// What a recorded istiod tells of itself.
  private static func world() throws -> ADSServer.World {
    var world = ADSServer.World()
    for name in ["syncz", "registryz", "endpointz", "push_status", "mesh", "adsz", "configz"] {
      let bytes = try Data(contentsOf: URL(filePath: "\(Program.root)/Fixtures/Recordings/istiod/\(name).json"))
      world.debug[name] = try JSONValue(parsing: Array(bytes))
    }
    world.resources = [
      [
        "istio": "networking.istio.io/v1/VirtualService", "name": "shop/reviews", "version": "1",
        "spec": ["hosts": ["reviews"]],
      ]
    ]
    return world
  }

  @Test("an istiod without access to its cluster tells of its proxies, its registry and its troubles")
  func readsAnIstiodAlone() async throws {
    guard let server = try await ADSServer.start(try Self.world(), tls: true) else { return }
    let deck = try await EnvoyTests.deck(server.setting(content: .istio))
    try await deck.load()
    let view = await deck.view
    #expect(view.planes.first?.error == nil, "\(view.planes)")
    let proxy = try #require(view.programmed["cp"]?.value?.proxies.first)
    #expect(proxy.ref.description == "cp/shop/pod/storefront-v1-0")
    #expect(proxy.version == "1.14.3" && proxy.sync[.rds] == .synced)
    let control = try deck.connection("cp").control
    let checks = await control.check().filter { $0.name == "istiod" }
    #expect(checks.contains { $0.detail.contains("trust domain cluster.local, auto mTLS off") }, "\(checks)")
    #expect(checks.contains { $0.detail.contains("registry of 28 services (2 from External, 26 from Kubernetes)") })
    #expect(checks.contains { $0.result == .warning && $0.detail.contains("pilot_vservice_dup_domain 1") })
    let connection = try #require(await control.inspect(proxy.ref).connection.value)
    #expect(connection.watches["ClusterLoadAssignment"] == 34)
    let report = try #require(await control.distribution(in: view.snapshot))
    #expect(report.pushErrors.count == 2)
  }

  @Test("over a plain connection istiod tells nothing of itself, and nothing is asked")
  func asksOverTLSAlone() async throws {
    guard let server = try await ADSServer.start(try Self.world()) else { return }
    let deck = try await EnvoyTests.deck(server.setting(content: .istio))
    try await deck.load()
    #expect(await deck.view.snapshot.routes.count == 1, "its configuration is read all the same")
    let check = try #require(try await deck.connection("cp").control.check().first { $0.name == "istiod" })
    #expect(check.result == .skipped && check.remedy?.contains("https://istiod:15012") == true, "\(check)")
    let settings = XDSSettings(url: "http://127.0.0.1:\(server.port)", content: .istio)
    #expect(throws: MeshError.self) {
      try IstiodDiscovery(settings, options: Session.Options(), plane: "cp")
    }
  }

  @Test("a Kubernetes plane asks its istiod by discovery where it is told to")
  func commandsAskByDiscovery() async throws {
    guard let server = try await ADSServer.start(try Self.world(), tls: true) else { return }
    let tool = try await DemoServer.reading.tool()
    func configure(_ members: String, _ scheme: String = "https") throws {
      _ = try tool.file(
        "config/meshdeck/config.yaml",
        """
        planes:
          - name: demo
            kind: kubernetes
            kubeconfig: \(tool.kubeconfig ?? "")
            istiod:
              xds: {url: "\(scheme)://127.0.0.1:\(server.port)", caFile: \(server.folder)/ca.pem\(members)}

        """)
    }
    try configure(", certFile: \(server.folder)/client.pem, keyFile: \(server.folder)/client.key")
    let check = try await tool("planes", "check")
    #expect(check.output.contains("registry of 28 services"), "\(check.output)\(check.errors)")
    let proxies = try await tool("get", "proxies", "-A", "-o", "json")
    #expect(try proxies.json["items"]?.array?.map { $0["version"]?.string } == ["1.14.3"], "\(proxies.output)")
    let service = try await tool("describe", "service/ledger", "-n", "payments")
    #expect(service.output.contains("istiod holds ledger.payments.svc.cluster.local from Kubernetes"), "\(service)")
    #expect(service.output.contains("4 endpoints, all healthy"), "\(service.output)")
    let added = try await tool("planes", "add", "other", "--kind", "envoy", "--admin", "http://127.0.0.1:1")
    #expect(added.code == 0, "\(added.errors)")
    #expect(try await tool("planes", "check").output.contains("registry of 28 services"), "it was written back")
    try configure("")
    let stranger = try await tool("planes", "check")
    #expect(!stranger.output.contains("registry of"), "\(stranger.output)")
    #expect(stranger.output.contains("istiod at its configured address"), "\(stranger.output)")
    try configure("", "http")
    let plain = try await tool("planes", "check")
    #expect(plain.code == 2 && plain.errors.contains("over TLS alone"), "\(plain.errors)")
  }
}
