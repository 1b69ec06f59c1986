import Testing

@testable import TerminalUI

@Suite struct WidgetTests {
  private func picture(_ width: Int, _ height: Int, _ draw: (inout Frame) -> Void) -> String {
    var frame = Frame(size: Size(width: width, height: height))
    draw(&frame)
    return frame.text()
  }

  @Test func `a table shows its window, its choice and the order of sorting`() {
    let table = Table(
      columns: [
        Column("NAME", minimum: 6, flex: 1), Column("RPS", minimum: 5, align: .right, sorted: false),
        Column("NOTE", minimum: 10, priority: 1),
      ], count: 5, state: ListState(selected: 3)
    ) { TableRow(["svc-\($0)", "\($0 * 100)", "n\($0)"]) }
    #expect(table.position == "4 of 5")
    #expect(
      picture(28, 3) { table.draw(in: $0.bounds, on: &$0) } == """
         NAME       RPS▼  NOTE
         svc-2       200  n2
        ▌svc-3       300  n3

        """)
    #expect(
      picture(16, 2) { table.draw(in: $0.bounds, on: &$0) } == """
         NAME       RPS▼
        ▌svc-3       300

        """)
  }

  @Test func `a column of identifiers keeps their ends`() {
    let table = Table(columns: [Column("PROXY", minimum: 12, keepsEnd: true)], count: 2) {
      TableRow(["ledger-v1-ptbg5mtcb-\($0)"])
    }
    #expect(
      picture(12, 3) { table.draw(in: $0.bounds, on: &$0) } == """
        PROXY
        ledger…tcb-0
        ledger…tcb-1

        """)
    #expect(SafeText("ledger").cutInside(to: 6).text == "ledger")
  }

  @Test func `a table formats only the rows it shows`() {
    var formatted = 0
    let table = Table(columns: [Column("N", minimum: 8)], count: 10_000, state: ListState(selected: 5_000)) {
      formatted += 1
      return TableRow(["\($0)"])
    }
    _ = picture(20, 12) { table.draw(in: $0.bounds, on: &$0) }
    #expect(formatted == 11)
  }

  @Test func `the window follows the choice and else stays`() {
    var state = ListState()
    for _ in 0..<12 { state.move(by: 1, count: 50, height: 10) }
    #expect(state == ListState(selected: 12, offset: 3))
    state.move(by: -5, count: 50, height: 10)
    #expect(state == ListState(selected: 7, offset: 3))
    let moved = state.handle(.end, count: 50, height: 10)
    #expect(moved)
    #expect(state == ListState(selected: 49, offset: 40))
    state.move(by: .max, count: 0, height: 10)
    #expect(state.selected == 0)
    let ignored = !state.handle(.char("x"), count: 5, height: 5)
    #expect(ignored)
  }

  @Test func `wrapped text breaks after spaces and splits long words`() {
    let line: Line = "one two threefourfive"
    #expect(line.wrapped(to: 8).map(\.text) == ["one two ", "threefou", "rfive"])
    #expect(line.wrapped(to: 0).isEmpty)
    #expect(Line("  one two three").wrapped(to: 8).map(\.text) == ["  one ", "  two ", "  three"])
    #expect(Line("      one two").wrapped(to: 9).map(\.text) == ["      one", "two"], "a wide margin is not kept")
    #expect(Line(SafeText("数数")).wrapped(to: 1).count == 2)
  }

  @Test func `a box and hints draw as in the sketches`() {
    let text = picture(44, 4) { frame in
      frame.box(Rect(x: 0, y: 0, width: 44, height: 3), title: "Plan", note: "1 of 2")
      KeyHints([Binding("o", [.enter], "open", "Opens."), Binding("f", [.char("/")], "filter", "Filters.")])
        .draw(in: Rect(x: 0, y: 3, width: 44, height: 1), on: &frame)
    }
    #expect(
      text == """
        ┌ Plan ──────────────────────────── 1 of 2 ┐
        │                                          │
        └──────────────────────────────────────────┘
         ⏎ open  / filter

        """)
  }

  @Test func `charts keep absent apart from zero`() {
    #expect(picture(6, 1) { Sparkline([0, nil, 4, .nan, 8]).draw(in: $0.bounds, on: &$0) } == " ▁ ▄ █\n")
    #expect(
      picture(3, 1) { Sparkline([1, 2, 3, 4], maximum: 4, grain: .braille).draw(in: $0.bounds, on: &$0) } == " ⣠⣾\n")
    #expect(picture(2, 2) { Sparkline([8, 16], maximum: 16).draw(in: $0.bounds, on: &$0) } == " █\n██\n")
  }

  @Test func `a line editor edits, recalls and completes`() {
    var editor = LineEditor(history: ["first"])
    func press(_ keys: Key...) { for key in keys { _ = editor.handle(.key(key)) } }
    press(.char("a"), .char("c"), .left, .char("b"))
    #expect(editor.text == "abc")
    press(.home, .delete, .end, .backspace)
    #expect(editor.text == "b")
    press(.up)
    #expect(editor.text == "first")
    press(.down)
    #expect(editor.text == "b")
    editor.text = "canary set"
    press(.ctrl("w"))
    #expect(editor.text == "canary ")
    editor.completions = ["canary abort", "canary set"]
    #expect(editor.ghost == "abort")
    press(.tab, .tab)
    #expect(editor.text == "canary set")
    #expect(editor.handle(.key(.enter)) == .submitted("canary set"))
    #expect(editor.history == ["first", "canary set"])
    #expect(editor.handle(.key(.escape)) == .cancelled)
    #expect(editor.handle(.key(.function(3))) == .ignored)
  }

  @Test func `a paste with line ends never submits`() {
    var editor = LineEditor()
    #expect(editor.handle(.paste("y\nrm\r\nx")) == .changed)
    #expect(editor.text == "y rm x")
    var form = Form([.number("weight", "weight", 5, in: 0...100)])
    #expect(form.handle(.paste("\n")) == .changed)
  }

  @Test func `a form moves between fields and keeps numbers in range`() {
    var form = Form([
      .number("weight", "weight", 98, in: 0...100), .choice("mode", "mode", ["STRICT", "PERMISSIVE"]),
      .text("why", "reason"),
    ])
    for _ in 0..<5 { #expect(form.handle(.key(.char("+"))) == .changed) }
    #expect(form["weight"]?.number == 100)
    #expect(form.handle(.key(.char("5"))) == .changed)
    #expect(form.problem?.text == "weight: not from 0 to 100")
    #expect(form.handle(.key(.tab)) == .changed)
    #expect(form.handle(.key(.space)) == .changed)
    #expect(form["mode"]?.content == "PERMISSIVE")
    #expect(form.handle(.key(.down)) == .changed)
    #expect(form.handle(.key(.char("x"))) == .changed)
    #expect(form["why"]?.content == "x")
    #expect(form.handle(.key(.enter)) == .submitted)
    #expect(form.handle(.key(.escape)) == .cancelled)
    #expect(picture(30, 3) { form.draw(in: $0.bounds, on: &$0) }.contains("mode      PERMISSIVE"))
  }

  @Test func `help is made from the bindings, with the reason for what cannot be done`() {
    let keymap = Keymap([
      Binding("routes.edit", [.char("e")], "edit", "Edits the route.", context: "routes", disabledReason: "read-only"),
      Binding("quit", [.char("q"), .ctrl("c")], "quit", "Quits."),
    ])
    let help = HelpOverlay(title: "Routes", keymap: keymap, context: "routes").lines(.unicode).map(\.text)
    #expect(help == ["Routes", "  e     Edits the route.  (not now: read-only)", "", "everywhere", "  q ^C  Quits."])
  }

  @Test func `help breaks what has no room, below the column where it stands`() {
    let keymap = Keymap([
      Binding(
        "e", [.char("e")], "edit", "Edits the route as it is.", context: "routes", disabledReason: "read-only"),
      Binding(
        "up", [.pageUp, .pageDown, .char("k"), .ctrl("b")], "up", "Goes.", context: "routes"),
    ])
    let help = HelpOverlay(title: "Routes", keymap: keymap, context: "routes")
    let lines = help.lines(.ascii, width: 36).map { $0.text.split(separator: " ").joined(separator: " ") }
    #expect(lines.count > 4 && help.lines(.ascii, width: 36).allSatisfy { $0.columns <= 36 })
    #expect(lines.joined(separator: " ").contains("(not now: read-only)"))
    #expect(help.lines(.ascii, width: 36)[2].text.hasPrefix("                "))
    let drawn = picture(40, 12) { help.draw(in: $0.bounds, on: &$0) }
    #expect(drawn.contains("read-only)"))
  }

  @Test func `a keymap finds collisions and refuses to make one`() throws {
    var keymap = Keymap([
      Binding("a", [.char("a")], "a", "A."), Binding("b", [.char("b")], "b", "B."),
      Binding("c", [.char("a")], "c", "C.", context: "routes"),
    ])
    #expect(keymap.collisions().isEmpty)
    #expect(keymap.binding(for: .char("a"), in: "routes")?.id == "c")
    try keymap.remap(["b": ["ctrl-x", "f2"]])
    #expect(keymap.binding(for: .function(2), in: "routes")?.id == "b")
    #expect(throws: KeymapError.self) { try keymap.remap(["b": ["a"]]) }
    #expect(throws: KeymapError.self) { try keymap.remap(["nothing": ["a"]]) }
    #expect(throws: KeymapError.self) { try keymap.remap(["b": ["hyper-a"]]) }
    #expect(keymap.binding(for: .function(2), in: "routes")?.id == "b")
  }
}
