import Foundation
import MeshModel
import Testing

extension CommandTests {
  /// Runs that are recorded and answered again without a server.
  @Suite(.timeLimit(.minutes(3))) struct RecordingCommandTests {
    @Test func aRecordedCommandIsAnsweredAgainWithoutAServer() async throws {
      let endpoints = try await DemoServer.reading.endpoints()
      let tool = try await DemoServer.reading.tool()
      let recording = tool.home + "/routes.ndjson"
      let recorded = try await tool("get", "routes", "-n", "shop", "-o", "json", "--record", recording)
      #expect(recorded.code == 0, "\(recorded.errors)")
      #expect(try recorded.json["items"]?.array?.isEmpty == false)
      let text = try String(contentsOfFile: recording, encoding: .utf8)
      #expect(!text.contains("Bearer") && !text.contains(#""Authorization""#))
      let attributes = try FileManager.default.attributesOfItem(atPath: recording)
      #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)

      let kubeconfig = try String(contentsOfFile: endpoints.kubeconfig, encoding: .utf8)
      let folder = try Tool(kubeconfig: nil)
      let gone = try Tool(
        kubeconfig: folder.file("kubeconfig", kubeconfig.replacing(endpoints.kubernetes, with: "http://127.0.0.1:9")))
      _ = try gone.file(
        "config/meshdeck/config.yaml",
        "planes: [{name: demo, kind: kubernetes, kubeconfig: \(gone.kubeconfig ?? "")}]\n")
      let replayed = try await gone("--replay", recording, "get", "routes", "-n", "shop", "-o", "json")
      #expect(replayed.code == 0, "\(replayed.errors)")
      #expect(replayed.output == recorded.output)
      let other = try await gone("get", "objects", "serviceentry", "-A", "--replay", recording)
      #expect(other.code == 6 && other.errors.contains("the recording has no GET"), "\(other.errors)")
    }

    @Test func whatCannotBeRecordedOrReplayedIsRefused() async throws {
      let tool = try await DemoServer.reading.tool()
      let nonsense = try tool.file("nonsense", "no exchange\n")
      for (arguments, words) in [
        (["get", "routes", "--record", "a", "--replay", "b"], "exclude each other"),
        (["get", "routes", "--replay", "nosuch"], "nosuch cannot be read"),
        (["get", "routes", "--replay", nonsense], "line 1 of the recording is no exchange"),
        (["dashboard", "--record", "a"], "neither recorded nor replayed"),
      ] {
        let run = try await tool.run([Program.meshdeck] + arguments)
        #expect(run.code == 2 && run.errors.contains(words), "\(arguments): \(run.errors)")
      }
    }
  }
}
