import Foundation
import MeshKit
import MeshModel
import MeshOperations
import MeshPlanes
import Testing

/// REST discovery of the control plane `sovereign`, which others wrote.
@Suite("REST discovery of sovereign", .serialized, .timeLimit(.minutes(3))) struct RESTDiscoveryTests {
  /// A running sovereign that serves a world.
  private static func start(_ world: ADSServer.World) async throws -> (port: Int, folder: String, server: Server)? {
    guard let commands = try await PythonLaboratory.commands("sovereign==0.32.12") else { return nil }
    let folder = try Program.temporaryFolder()
    let types = [
      ("listeners", "Listener"), ("routes", "RouteConfiguration"), ("clusters", "Cluster"),
      ("endpoints", "ClusterLoadAssignment"),
    ]
    var configuration = """
      sources: [{type: inline, config: {instances: [{name: shop, service_clusters: ["*"]}]}}]
      templates:
        default:

      """
    for (name, type) in types {
      let template = """
        import json
        def call(**_):
            for resource in json.load(open("\(folder)/world"))["resources"]:
                if resource["@type"].endswith(".\(type)"):
                    yield resource
        """
      try Data(template.utf8).write(to: URL(filePath: "\(folder)/\(name).py"))
      configuration += "    \(name): python://\(folder)/\(name).py\n"
    }
    try Data(configuration.utf8).write(to: URL(filePath: folder + "/config.yaml"))
    try world.write(to: folder)
    let port = MetricsServer.freePort()
    let server = try await PythonLaboratory.serving(
      [
        "/usr/bin/env", "SOVEREIGN_CONFIG=file://\(folder)/config.yaml", "SOVEREIGN_HOST=127.0.0.1",
        "SOVEREIGN_PORT=\(port)", "SOVEREIGN_WORKERS=1", commands + "/sovereign",
      ], port: port)
    return (port, folder, server)
  }

  @Test("listeners, routes, clusters and hosts are read by REST, and read again as they change")
  func readsAndFollows() async throws {
    guard let (port, folder, server) = try await Self.start(try .shop(weights: (80, 20))) else { return }
    defer { withExtendedLifetime(server) {} }
    var setting = PlaneSetting(name: "cp", kind: .xds, readOnly: true)
    setting.xds = XDSSetting(
      settings: XDSSettings(
        url: "http://127.0.0.1:\(port)", transport: .rest, node: XDSSettings.Node(id: "operator", cluster: "edge")))
    let deck = try await EnvoyTests.deck(setting)
    try await deck.load()
    let view = await deck.view
    #expect(view.planes.first?.error == nil, "\(view.planes)")
    #expect(view.splits().first?.backends.map { $0.desired.value?.weight } == [80, 20])
    #expect(view.snapshot.endpoints.values.map(\.ports).sorted { $0[0] < $1[0] } == [[1], [2]])
    #expect(view.splits().first?.backends[0].programmed.reason?.contains("offers no client status") == true)
    try ADSServer.World.shop(weights: (30, 70)).write(to: folder)
    try await PrometheusTests.until(20) {
      try? await deck.load(truths: false)
      return await deck.view.splits().first?.backends.map { $0.desired.value?.weight } == [30, 70]
    }
    let checks = try await deck.connection("cp").control.check()
    #expect(!checks.contains { $0.result == .failed }, "\(checks)")
    setting.xds?.settings.url = "http://127.0.0.1:\(port)/elsewhere"
    let lost = try await EnvoyTests.deck(setting)
    try? await lost.load(truths: false)
    let error = await lost.view.planes.first?.error ?? ""
    #expect(error.contains("has no discovery"), "\(error)")
  }
}
