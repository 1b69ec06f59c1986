import Testing

@testable import TerminalUI

@Suite struct FrameTests {
  @Test(arguments: [(0, 0), (1, 1), (2, 1), (1, 2), (3, 2), (10, 3), (300, 100)])
  func `no size makes a widget trap`(width: Int, height: Int) {
    var frame = Frame(size: Size(width: width, height: height))
    for rect in [frame.bounds, Rect(x: -3, y: -3, width: 400, height: 200), Rect(x: 5, y: 5, width: -2, height: 1)] {
      drawEverything(in: rect, on: &frame)
    }
    #expect(frame.cells.count == width * height)
    #expect(frame.text().split(separator: "\n", omittingEmptySubsequences: false).count == height + 1)
  }

  private func drawEverything(in rect: Rect, on frame: inout Frame) {
    frame.put("数 wide and long", at: Point(x: -1, y: rect.y))
    let inside = frame.box(rect, title: "title", note: "note", isFocused: true, isDouble: true)
    Table(
      columns: [Column("A", minimum: 5, flex: 1), Column("B", minimum: 8, align: .right)], count: 50, state: .init()
    ) {
      TableRow(["row \($0)", "数数数数数"], style: .bad, isMarked: true)
    }.draw(in: inside, on: &frame)
    TextView(text: "one\ntwo two two", offset: 1, wraps: true).draw(in: rect, on: &frame)
    TextView(text: "one\ntwo two two", column: 4).draw(in: inside, on: &frame)
    LineEditor("some text").draw(in: rect, on: &frame, prompt: ": ")
    Form([.text("a", "name"), .number("b", "count", 3), .choice("c", "mode", ["x", "y"])]).draw(in: rect, on: &frame)
    KeyHints([Binding("a", [.enter], "open", "Opens.")]).draw(in: rect, on: &frame)
    Sparkline([1, nil, .nan, .infinity, -4, 1e300]).draw(in: rect, on: &frame)
    Sparkline([1, 2, 3], grain: .braille).draw(in: rect, on: &frame)
    Toast("done", .good).draw(in: rect, on: &frame)
    HelpOverlay(title: "x", keymap: Keymap([Binding("a", [.enter], "open", "Opens.")]), context: "x").draw(
      in: rect, on: &frame)
    frame.sheet(Size(width: 30, height: 8), in: rect, title: "sheet")
    frame.tooSmall(needed: Size(width: 80, height: 24))
  }

  @Test func `half a wide character is never left behind`() {
    var frame = Frame(size: Size(width: 6, height: 1))
    frame.put("数数数", at: .zero)
    frame.put("x", at: Point(x: 1, y: 0))
    #expect(frame.text() == " x数数\n")
    frame.put("y", at: Point(x: 2, y: 0))
    #expect(frame.text() == " xy 数\n")
    frame.put("数", at: Point(x: 5, y: 0))
    #expect(frame.text() == " xy 数\n" || frame.text() == " xy\n")
    #expect(frame[5, 0]?.width == 1)
  }

  @Test func `drawing stays inside the clip`() {
    var frame = Frame(size: Size(width: 8, height: 2))
    frame.clipped(to: Rect(x: 2, y: 0, width: 3, height: 1)) { frame in
      frame.put("abcdefgh", at: .zero)
      frame.put("abcdefgh", at: Point(x: 0, y: 1))
    }
    #expect(frame.text() == "  cde\n\n")
  }

  @Test func `combining marks share the cell of their base`() {
    var frame = Frame(size: Size(width: 4, height: 1))
    let used = frame.put(SafeText("e\u{301}x"), at: .zero)
    #expect(used == 2)
    #expect(frame[0, 0]?.text == "e\u{301}")
    #expect(frame[1, 0]?.text == "x")
    // As many as a cell holds, some of them beyond 16 bits.
    let stack = "a\u{1D167}\u{302}\u{1D168}"
    #expect(frame.put(SafeText(stack), at: .zero) == 1)
    #expect(frame[0, 0]?.text == stack)
    var cell = Cell("a")
    for mark in ["\u{301}", "\u{302}", "\u{303}", "\u{304}"] as [Unicode.Scalar] { cell.add(mark: mark) }
    #expect(cell.text == "a\u{301}\u{302}\u{303}")
  }

  @Test func `ASCII frames show only ASCII`() {
    var frame = Frame(size: Size(width: 40, height: 4), glyphs: .ascii)
    let inside = frame.box(frame.bounds, title: "größe ✓")
    frame.put("a › b … ±1 数", at: inside.origin)
    Sparkline([0, 5, 10]).draw(in: inside.row(1), on: &frame)
    let foreign = frame.text().unicodeScalars.filter { !$0.isASCII }
    #expect(foreign.isEmpty)
    #expect(frame.text().contains("a > b ~ ~1 \\u{6570}"))
    #expect(frame.text().contains("gr\\u{f6}\\u{df}e v"))
  }

  @Test func `signs that take two columns in ASCII are aligned and cut by what they take`() {
    var frame = Frame(size: Size(width: 8, height: 2), glyphs: .ascii)
    frame.put("≤120ms", in: Rect(x: 0, y: 0, width: 8, height: 1), align: .right)
    frame.put("≤120ms", at: Point(x: 0, y: 1), width: 6)
    #expect(frame.text() == " <=120ms\n<=120~\n")
  }

  @Test func `marked text names roles and attributes`() {
    var frame = Frame(size: Size(width: 20, height: 1))
    frame.put("ok ", at: .zero)
    frame.put("late", at: Point(x: 3, y: 0), style: Style(.bad, on: .bar, .bold))
    #expect(frame.styledText() == "ok {bad/bar+bold|late}\n")
  }

  @Test func `rectangles never become negative`() {
    let rect = Rect(x: 0, y: 0, width: 3, height: 2)
    #expect(rect.inset(horizontal: 5, vertical: 5).isEmpty)
    #expect(rect.splitTop(9).rest.height == 0)
    #expect(rect.splitBottom(1).bottom == Rect(x: 0, y: 1, width: 3, height: 1))
    #expect(rect.intersection(Rect(x: 10, y: 10, width: 1, height: 1)).isEmpty)
    #expect(rect.centered(Size(width: 1, height: 1)).origin == Point(x: 1, y: 0))
  }
}
