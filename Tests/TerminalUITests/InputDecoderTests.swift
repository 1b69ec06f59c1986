import Testing

@testable import TerminalUI

@Suite struct InputDecoderTests {
  static let sequences: [(String, [InputEvent])] = [
    ("j", [.key(.char("j"))]), ("\r", [.key(.enter)]), ("\t", [.key(.tab)]), ("\u{7F}", [.key(.backspace)]),
    ("\u{C}", [.key(.ctrl("l"))]), ("\u{1A}", [.key(.ctrl("z"))]),
    ("é数😀", [.key(.char("é")), .key(.char("数")), .key(.char("😀"))]),
    ("\u{1B}[A", [.key(.up)]), ("\u{1B}OB", [.key(.down)]), ("\u{1B}[1;5C", [.key(Key(.right, .control))]),
    ("\u{1B}[1;2D", [.key(Key(.left, .shift))]), ("\u{1B}[H", [.key(.home)]), ("\u{1B}[4~", [.key(.end)]),
    ("\u{1B}[5~\u{1B}[6~", [.key(.pageUp), .key(.pageDown)]), ("\u{1B}[3~", [.key(.delete)]),
    (
      "\u{1B}OP\u{1B}[15~\u{1B}[24~\u{1B}[[C",
      [.key(.function(1)), .key(.function(5)), .key(.function(12)), .key(.function(3))]
    ),
    ("\u{1B}[Z", [.key(.backTab)]), ("\u{1B}x", [.key(.alt("x"))]), ("\u{1B}\u{1B}[A", [.key(Key(.up, .alt))]),
    (
      "\u{1B}[<0;5;3M\u{1B}[<0;5;3m",
      [.mouse(MouseEvent(.press(0), at: Point(x: 4, y: 2))), .mouse(MouseEvent(.release(0), at: Point(x: 4, y: 2)))]
    ),
    ("\u{1B}[<65;1;1M", [.mouse(MouseEvent(.wheelDown, at: .zero))]),
    ("\u{1B}[200~y\ry\n\u{1B}[A\u{1B}[201~", [.paste("y\ny\n\u{1B}[A")]),
    ("\u{1B}[97u", [.key(.char("a"))]), ("\u{1B}[13;5u", [.key(Key(.enter, .control))]),
  ]

  /// Answers of a terminal: cursor position, device attributes, status, colours, clipboard, version, focus, window size.
  static let answers = [
    "\u{1B}[7;15R", "\u{1B}[?7;15R", "\u{1B}[?64;1;2;6c", "\u{1B}[>41;354;0c", "\u{1B}[0n",
    "\u{1B}]11;rgb:0000/0000/0000\u{7}",
    "\u{1B}]52;c;eWVzDQo=\u{1B}\\", "\u{1B}P>|tmux 3.3a\u{1B}\\", "\u{1B}[I", "\u{1B}[O", "\u{1B}[8;24;80t",
    "\u{1B}[?2026;2$y",
    "\u{1B}[?1;2c", "\u{1B}_Gi=1;OK\u{1B}\\",
  ]

  @Test(arguments: sequences)
  func `keys are the same at every cut`(text: String, events: [InputEvent]) {
    let bytes = Array(text.utf8)
    for cut in 0...bytes.count {
      var decoder = InputDecoder()
      let found = decoder.feed(bytes[..<cut]) + decoder.feed(bytes[cut...])
      #expect(found == events, "cut at \(cut)")
    }
  }

  @Test(arguments: answers)
  func `answers of the terminal never become keys, wherever they are cut`(text: String) {
    let bytes = Array(text.utf8)
    for cut in 0...bytes.count {
      var decoder = InputDecoder()
      var found = decoder.feed(bytes[..<cut])
      // A pause inside a sequence already begun must not let its rest out as text; what begins a string is, alone, a key.
      if cut > 2 || cut == 2 && bytes[1] == 0x5B { found += decoder.flush() }
      found += decoder.feed(bytes[cut...])
      #expect(found.isEmpty, "cut at \(cut): \(found)")
      #expect(decoder.feed(Array("q".utf8)) == [.key(.char("q"))])
    }
    var decoder = InputDecoder()
    var found: [InputEvent] = []
    for byte in bytes { found += decoder.feed([byte]) }
    #expect(found.isEmpty)
  }

  @Test func `a lone escape byte is the Escape key after a pause`() {
    var decoder = InputDecoder()
    #expect(decoder.feed([0x1B]).isEmpty)
    #expect(decoder.isWaiting)
    #expect(decoder.flush() == [.key(.escape)])
    #expect(!decoder.isWaiting)
  }

  @Test(arguments: ["]", "P", "X", "^", "_"] as [Character])
  func `what begins a string is a key held with Alt after a pause`(character: Character) {
    var decoder = InputDecoder()
    #expect(decoder.feed(Array("\u{1B}\(character)".utf8)).isEmpty)
    #expect(decoder.isWaiting)
    #expect(decoder.flush() == [.key(.alt(character))])
    #expect(decoder.feed(Array("q".utf8)) == [.key(.char("q"))])
  }

  @Test func `Control-C gets out of a string that was begun by hand`() {
    var decoder = InputDecoder()
    #expect(decoder.feed(Array("\u{1B}]abc".utf8)).isEmpty)
    #expect(decoder.flush().isEmpty)
    #expect(decoder.feed([0x03]) == [.key(.ctrl("c"))])
    #expect(decoder.feed(Array("q".utf8)) == [.key(.char("q"))])
  }

  @Test func `no bytes make the decoder trap or grow`() {
    var decoder = InputDecoder()
    var generator: UInt64 = 42
    for _ in 0..<200_000 {
      generator = generator &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      _ = decoder.feed([UInt8(truncatingIfNeeded: generator >> 33)])
      if generator >> 60 == 0 { _ = decoder.flush() }
    }
    _ = decoder.feed([0x18, 0x1B, 0x5B, 0x32, 0x30, 0x31, 0x7E])
    _ = decoder.feed(Array("\u{1B}[201~\u{1B}\\".utf8))
    #expect(decoder.feed(Array("q".utf8)) == [.key(.char("q"))])
  }

  @Test(arguments: [
    "j", "G", "ctrl-l", "alt-x", "shift-tab", "f5", "pgup", "space", "enter", "-", "ctrl-left", "?", "ctrl-alt-x",
  ])
  func `the notation of a key reads back`(notation: String) throws {
    let key = try #require(Key(notation: notation))
    #expect(Key(notation: key.notation) == key)
  }

  @Test(arguments: ["", "ctrl-", "hello", "f99"])
  func `what is no key has no notation`(notation: String) {
    #expect(Key(notation: notation) == nil)
  }
}
