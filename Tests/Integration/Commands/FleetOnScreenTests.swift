import Foundation
import MeshModel
import MeshTransport
import Testing

extension CommandTests {
  /// The dashboard beside a fleet of a thousand proxies that take minutes not to answer.
  @Suite(.serialized, .timeLimit(.minutes(5))) struct FleetOnScreenTests {
    @Test func readingAThousandProxiesIsBoundedAndNeverBlocksTheScreen() async throws {
      let fleet = try await Server.start(
        Server.untilEnd(
          ["/usr/bin/env", "python3", "\(Program.root)/Tests/Laboratory/silent-fleet"],
          environment: ProcessInfo.processInfo.environment))
      defer { withExtendedLifetime(fleet) {} }
      let port = try #require(fleet.announced["port"]?.int)
      @Sendable func counted(_ name: String) async -> Int {
        let request = HTTPRequest(.get, "http://127.0.0.1:\(port)/counted")
        guard let response = try? await EnvoyMesh.transport.send(request),
          let json = try? JSONValue(parsing: response.body)
        else { return -1 }
        return json[name]?.int ?? -1
      }
      let tool = try await DemoServer.reading.tool()
      let places = try tool.file(
        "fleet", (0..<1000).map { "127.7.\($0 / 250).\($0 % 250 + 1):\(port)" }.joined(separator: "\n") + "\n")
      _ = try tool.file(
        "config/meshdeck/config.yaml",
        """
        planes:
          - {name: demo, kind: kubernetes, kubeconfig: \(tool.kubeconfig ?? "")}
          - {name: fleet, kind: envoy, envoy: [{url: "file://\(places)"}]}

        """)
      let terminal = try await Terminal(tool, columns: 160, rows: 50)
      defer { terminal.close() }
      // The other plane is shown although the fleet is still being asked.
      _ = try await terminal.start()
      try await PrometheusTests.until(30) { await counted("asked") >= 16 }
      // Every key is answered while the fleet is read: each look is of another screen, with what the other plane has.
      for (key, words) in [("7", "PROXY"), ("4", "ledger"), ("1", "NEEDS ATTENTION"), ("?", "Show these keys")] {
        terminal.forget()
        terminal.type(key)
        try await terminal.wait(for: "the screen of \(key)") { $0.localizedCaseInsensitiveContains(words) }
      }
      let asked = await counted("asked")
      #expect((16..<1000).contains(asked), "\(asked) of 1,000 were asked: the fleet was being read meanwhile")
      let most = await counted("most")
      #expect((1...16).contains(most), "\(most) at once")
      terminal.forget()
      terminal.type("\u{03}")
      #expect(try await terminal.ended() == 0, "and it ends at once")
      #expect(await counted("asked") < 1000)
    }
  }
}
