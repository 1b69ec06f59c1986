import Foundation
import Glibc
import Testing

extension CommandTests {
  /// The dashboard on a real pseudo-terminal, under a shell with job control: however it ends, the terminal is as before.
  @Suite(.serialized, .timeLimit(.minutes(5))) struct TerminalTests {
    static let leave = "\u{1b}[?1049l"
    static let enter = "\u{1b}[?1049h"
    static let showCursor = "\u{1b}[?25h"

    /// Starts the dashboard, ends it in a way, and holds the terminal against what it was.
    private func check(
      _ status: Int, _ location: SourceLocation = #_sourceLocation, _ end: (Terminal, pid_t) async throws -> Void
    ) async throws {
      let terminal = try await Terminal(try await DemoServer.reading.tool())
      defer { terminal.close() }
      let before = try await terminal.modes()
      let process = try await terminal.start()
      terminal.forget()
      try await end(terminal, process)
      let code = try await terminal.ended()
      #expect(code == status, "exit status", sourceLocation: location)
      let text = terminal.text
      #expect(text.contains(Self.leave), "the alternate screen is left", sourceLocation: location)
      let last = try #require(text.range(of: Self.leave, options: .backwards), sourceLocation: location)
      #expect(!text[last.upperBound...].contains(Self.enter), "and not entered again", sourceLocation: location)
      let shown = text.range(of: Self.showCursor, options: .backwards)
      let hidden = text.range(of: "\u{1b}[?25l", options: .backwards)
      #expect(shown != nil, "the cursor is shown", sourceLocation: location)
      if let shown, let hidden { #expect(hidden.lowerBound < shown.lowerBound, sourceLocation: location) }
      #expect(try await terminal.modes() == before, "the line's modes are as before", sourceLocation: location)
      // And the shell reads its keys again.
      #expect(try await terminal.run("echo a'b'c").contains("\nabc"), sourceLocation: location)
    }

    @Test func qLeavesTheTerminalAsItWas() async throws { try await check(0) { terminal, _ in terminal.type("q") } }

    @Test func controlCLeavesItToo() async throws { try await check(0) { terminal, _ in terminal.type("\u{03}") } }

    @Test(arguments: [SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGSEGV])
    func aSignalLeavesTheTerminalAsItWas(_ signal: Int32) async throws {
      try await check(128 + Int(signal)) { _, process in #expect(kill(process, signal) == 0) }
    }

    @Test func controlZGivesTheTerminalBackAndFgTakesItAgain() async throws {
      let terminal = try await Terminal(try await DemoServer.reading.tool())
      defer { terminal.close() }
      let before = try await terminal.modes()
      _ = try await terminal.start()
      terminal.forget()
      terminal.type("\u{1A}")
      #expect(try await terminal.ended() == 128 + Int(SIGTSTP))
      #expect(terminal.text.contains(Self.leave) && terminal.text.contains(Self.showCursor))
      #expect(terminal.text.contains("Stopped"))
      #expect(try await terminal.modes() == before)
      terminal.forget()
      terminal.type("fg\n")
      try await terminal.wait(for: "the dashboard again") { $0.contains(Self.enter) && $0.contains("NEEDS ATTENTION") }
      terminal.forget()
      terminal.type("q")
      #expect(try await terminal.ended() == 0)
      #expect(terminal.text.contains(Self.leave))
      #expect(try await terminal.modes() == before)
    }

    @Test func aTinyWindowAsksForRoomAndAWideOneIsUsed() async throws {
      let terminal = try await Terminal(try await DemoServer.reading.tool())
      defer { terminal.close() }
      let before = try await terminal.modes()
      _ = try await terminal.start()
      terminal.forget()
      terminal.resize(columns: 10, rows: 3)
      try await terminal.wait(for: "the request for room") { $0.contains("needs") }
      terminal.forget()
      terminal.resize(columns: 160, rows: 50)
      try await terminal.wait(for: "the dashboard again") { $0.contains("NEEDS ATTENTION") && $0.contains("Topology") }
      terminal.resize(columns: 10, rows: 3)
      terminal.forget()
      try await terminal.wait(for: "the request for room") { $0.contains("needs") }
      terminal.type("q")
      #expect(try await terminal.ended() == 0)
      #expect(try await terminal.modes() == before)
    }

    @Test func itOpensInATinyWindowToo() async throws {
      let terminal = try await Terminal(try await DemoServer.reading.tool(), columns: 10, rows: 3)
      defer { terminal.close() }
      terminal.forget()
      terminal.type(#""$deck""# + "\n")
      try await terminal.wait(for: "the request for room") { $0.contains(Self.enter) && $0.contains("needs") }
      terminal.type("q")
      #expect(try await terminal.ended() == 0)
      #expect(terminal.text.contains(Self.leave))
    }

    @Test(arguments: ["dumb", "unknown", "no-such-terminal"])
    func aTerminalThatIsNoScreenIsRefusedInWords(_ type: String) async throws {
      let terminal = try await Terminal(try await DemoServer.reading.tool(), type: type)
      defer { terminal.close() }
      let said = try await terminal.run(#""$deck""#)
      #expect(said.hasSuffix("<2>"), "\(said)")
      #expect(said.contains("commands work without a terminal") && said.contains("meshdeck --help"), "\(said)")
      #expect(!said.contains("\u{1b}"), "nothing but words: \(said.debugDescription)")
    }

    @Test(arguments: [
      #""$deck" >&-"#, #""$deck" | cat; exit_of=${PIPESTATUS[0]}; (exit $exit_of)"#, #""$deck" </dev/null"#,
    ])
    func withoutATerminalOnBothSidesItIsRefusedInWords(_ command: String) async throws {
      let terminal = try await Terminal(try await DemoServer.reading.tool())
      defer { terminal.close() }
      let before = try await terminal.modes()
      let said = try await terminal.run(command)
      #expect(said.hasSuffix("<2>"), "\(said)")
      #expect(said.contains("commands work without a terminal"), "\(said)")
      #expect(!said.contains(Self.enter))
      #expect(try await terminal.modes() == before)
    }
  }
}
