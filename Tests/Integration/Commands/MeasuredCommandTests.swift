import Foundation
import MeshModel
import MeshTelemetry
import MeshTransport
import Testing

extension CommandTests {
  /// A real Prometheus that scrapes the embedded mesh: its rates are read back as a library and by the commands.
  @Suite(.serialized, .timeLimit(.minutes(4))) struct MeasuredCommandTests {
    /// What a server of the laboratory said when it was ready; `nil` where it cannot be had here.
    static func laboratory(_ name: String, _ arguments: [String]) async throws -> JSONValue? {
      let environment = ProcessInfo.processInfo.environment
      let run = try await Tool(kubeconfig: nil).run(
        [
          // The server stays: it must not keep what Foundation waits on to see that the script ended.
          "bash", "-c", #"for fd in $(ls /proc/$$/fd); do [ "$fd" -le 2 ] || eval "exec $fd>&-"; done; exec "$@""#,
          "bash",
          "timeout", "170", "\(Program.root)/Tests/Laboratory/\(name)", "start",
        ] + arguments,
        more: ["HOME": environment["HOME"] ?? "/", "TMPDIR": environment["TMPDIR"] ?? "/tmp"], limit: .seconds(180))
      if run.code == 77 {
        print("SKIPPED: \(name) cannot be had here: \(run.errors)")
        return nil
      }
      try #require(run.code == 0, "\(run.errors)")
      return try run.json
    }

    @Test func observedSharesAreThoseAskedForAndMoveWithThem() async throws {
      let endpoints = try await DemoServer.measured.endpoints()
      let tool = try await DemoServer.measured.tool()
      let folder = try Program.temporaryFolder()
      guard let prometheus = try await Self.laboratory("prometheus", [folder, endpoints.metrics]) else { return }
      let url = try #require(prometheus["url"]?.string)
      do {
        _ = try tool.file(
          "config/meshdeck/config.yaml",
          """
          planes:
            - {name: demo, kind: kubernetes, kubeconfig: "\(endpoints.kubeconfig)", telemetry: {prometheus: {url: "\(url)"}}}
          """)
        try await Self.reviews(tool) { v1, v2 in
          Self.holds(v1, 0.8) && Self.holds(v2, 0.2)
        }
        // As a library, over the same server.
        var options = Session.Options()
        options.settings.proxy = .none
        let source = try Prometheus(PrometheusSettings(url: url), options: options)
        try await PrometheusTests.until(60) {
          guard let report = try? await source.traffic(window: 10, plane: "demo") else { return false }
          let edges = report.edges.filter { $0.reporter == .destination && $0.destination.service.hasPrefix("reviews") }
          // 340 requests a second arrive and 79 % of them ask for reviews: 268, once the window is full.
          let rate = edges.map(\.traffic.requestsPerSecond).reduce(0, +)
          return (228...308).contains(rate)
            && report.edges.contains { $0.transport == "tcp" && ($0.traffic.bytesInPerSecond ?? 0) > 0 }
        }

        let set = try await tool("canary", "set", "reviews", "v1=30", "v2=70", "-y")
        #expect(set.code == 0, "\(set.errors)")
        // The window is a minute: after half of it the share of v2 is well on its way from 20 % to 70 %.
        try await Self.reviews(tool) { _, v2 in
          v2["desired"]?["share"]?.double == 0.7 && (v2["observed"]?["low"]?.double ?? 0) > 0.35
        }
        #expect(try await tool("undo", "-y").code == 0)
      } catch {
        _ = try? await Tool(kubeconfig: nil).run(["\(Program.root)/Tests/Laboratory/prometheus", "stop", folder])
        throw error
      }
      _ = try await Tool(kubeconfig: nil).run(["\(Program.root)/Tests/Laboratory/prometheus", "stop", folder])
    }

    /// Whether a backend's measured share is, within its interval, what is asked for.
    static func holds(_ backend: JSONValue, _ share: Double) -> Bool {
      guard let asked = backend["desired"]?["share"]?.double, let low = backend["observed"]?["low"]?.double,
        let high = backend["observed"]?["high"]?.double, let n = backend["observed"]?["n"]?.double
      else { return false }
      // The interval is of 95 %: a hundredth beside it is chance, not drift.
      return abs(asked - share) < 1e-9 && low - 0.01 <= share && share <= high + 0.01 && n > 100
    }

    /// Asks for the split until it is as wanted.
    static func reviews(_ tool: Tool, _ isWanted: (JSONValue, JSONValue) -> Bool) async throws {
      let deadline = ContinuousClock.now.advanced(by: .seconds(100))
      while true {
        let run = try await tool("get", "splits", "reviews", "-n", "shop", "-o", "json")
        #expect(run.code == 0, "\(run.errors)")
        let backends = (try? run.json["items"]?[0]?["backends"]?.array) ?? []
        if backends.count == 2, isWanted(backends[0], backends[1]) { return }
        try #require(ContinuousClock.now < deadline, "the measured shares never became those asked for: \(run.output)")
        try await Task.sleep(for: .seconds(1))
      }
    }
  }
}
