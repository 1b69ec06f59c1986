import CNCurses
import Testing

@testable import TerminalUI

@Suite struct TerminalOptionsTests {
  @Test(
    arguments: [
      (nil, []), ("", []), ("dumb", []), ("unknown", []), ("vt100", ["vt100"]), ("linux", ["linux"]),
      ("xterm-kitty", ["xterm-kitty", "xterm-256color", "xterm"]),
      ("tmux-256color", ["tmux-256color", "xterm-256color", "xterm"]), ("nonsense", ["nonsense"]),
    ] as [(String?, [String])])
  func `the types to try follow from TERM`(term: String?, types: [String]) {
    let options = TerminalOptions(environment: term.map { ["TERM": $0] } ?? [:])
    #expect(options.types == types)
  }

  @Test(
    arguments: [
      (nil, ["NO_COLOR": "1"], false), (nil, ["NO_COLOR": ""], true), (nil, [:], true), (true, ["NO_COLOR": "1"], true),
      (false, [:], false),
    ] as [(Bool?, [String: String], Bool)])
  func `NO_COLOR counts unless the operator says otherwise`(color: Bool?, environment: [String: String], allowed: Bool)
  {
    #expect(TerminalOptions(color: color, environment: environment).allowsColor == allowed)
  }

  @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
  func `base64 follows the vectors of RFC 4648`(text: String, encoded: String) {
    #expect(Base64.encode(Array(text.utf8)) == encoded)
  }

  @Test @TerminalActor func `a screen on something that is no terminal is refused`() throws {
    var ends: [Int32] = [-1, -1]
    try #require(cn_pipe(&ends) == 0)
    let error = #expect(throws: ScreenError.self) {
      _ = try CursesScreen(options: TerminalOptions(environment: ["TERM": "xterm"]), input: ends[0], output: ends[1])
    }
    #expect(error?.code == .notATerminal)
  }
}
