import Foundation
import Testing

extension CommandTests {
  /// Editors that read the keys, as every real one does: on a pseudo-terminal, under a shell with job control.
  @Suite(.serialized, .timeLimit(.minutes(5))) struct EditorTests {
    static let question = "which time? "

    /// The command line of an editor that sets the terminal, asks for a time and writes it in place of the one there was.
    private static func editor(_ tool: Tool) throws -> String {
      let path = try tool.file(
        "editor",
        """
        #!/bin/sh
        stty -echo; printf '\(question)' >&2; read time; stty echo
        [ -z "$time" ] || sed -i "s/1500ms/$time/" "$1"

        """)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
      return path
    }

    @Test func aCommandGivesItTheTerminal() async throws {
      let tool = try await EditingCommandTests.plant("by-hand")
      let terminal = try await Terminal(tool, columns: 200)
      defer { terminal.close() }
      let before = try await terminal.modes()
      terminal.forget()
      terminal.type("EDITOR='\(try Self.editor(tool))' \"$deck\" route edit by-hand -y\n")
      try await terminal.wait(for: "the editor's question") { $0.contains(Self.question) }
      terminal.type("8s\n")
      #expect(try await terminal.ended() == 0)
      #expect(try await EditingCommandTests.spec("by-hand").contains("8s"))
      #expect(try await terminal.modes() == before)
    }

    @Test func theDashboardGivesItTheTerminalAndTakesItBack() async throws {
      let tool = try await DemoServer.reading.tool()
      let terminal = try await Terminal(tool)
      defer { terminal.close() }
      _ = try await terminal.start("EDITOR='\(try Self.editor(tool))' \"$deck\"")
      terminal.type("4")
      try await terminal.wait(for: "the routes") { $0.contains("ledger") }
      terminal.forget()
      terminal.type("E")
      try await terminal.wait(for: "the editor's question") { $0.contains(Self.question) }
      terminal.type("\n")
      try await terminal.wait(for: "the dashboard again") { $0.contains("nothing was changed") }
      terminal.forget()
      terminal.type("q")
      #expect(try await terminal.ended() == 0)
    }
  }
}
