import Foundation
import Testing

extension CommandTests {
  /// A kubeconfig whose credential plugin asks a question, and who lets it: a command on a real pseudo-terminal does.
  @Suite(.serialized, .timeLimit(.minutes(5))) struct CredentialPluginTests {
    static let question = "the code, please: "

    /// A home with a plugin that gives whoever answers its question the operator's token.
    private static func tool() async throws -> Tool {
      let endpoints = try await DemoServer.reading.endpoints()
      let tool = try Tool(kubeconfig: nil)
      let plugin = try tool.file(
        "ask",
        """
        #!/bin/sh
        printf '\(question)' >&2
        read code
        [ "$code" = 4711 ] || exit 1
        echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"admin"}}'

        """)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: plugin)
      let exec =
        #"exec: {apiVersion: client.authentication.k8s.io/v1, command: "\#(plugin)", interactiveMode: Always}"#
      let text = try String(contentsOfFile: endpoints.kubeconfig, encoding: .utf8)
      let asking = text.replacing(#"token: "admin""#, with: exec)
      try #require(asking != text)
      _ = try tool.file("none", asking)
      return tool
    }

    @Test func aCommandOnATerminalLetsItAsk() async throws {
      let terminal = try await Terminal(try await Self.tool(), columns: 200)
      defer { terminal.close() }
      terminal.forget()
      terminal.type("\"$deck\" get services -A -o name\n")
      try await terminal.wait(for: "the question") { $0.contains(Self.question) }
      terminal.type("4711\n")
      #expect(try await terminal.ended() == 0)
      #expect(terminal.text.contains("/service/reviews"), "\(terminal.text)")
    }

    @Test func whereNobodyCanAnswerNothingIsAsked() async throws {
      let tool = try await Self.tool()
      let script = try await tool("get", "services", "-A", "-o", "name")
      #expect(script.code == 5 && script.errors.contains("standard input is no terminal"), "\(script.errors)")
      #expect(!script.errors.contains(Self.question))
      // What reads a manifest from the terminal shares it with nobody, and the dashboard has all of it.
      let terminal = try await Terminal(tool, columns: 200, rows: 50)
      defer { terminal.close() }
      let manifest = try await terminal.run(#""$deck" diff -f -"#)
      #expect(manifest.contains("something else reads it") && !manifest.contains(Self.question), "\(manifest)")
      _ = try await terminal.start()
      try await terminal.wait(for: "why the plane is down") { $0.contains("credential") }
      #expect(!terminal.text.contains(Self.question))
      terminal.type("q")
      #expect(try await terminal.ended() == 0)
    }
  }
}
