import Testing

@testable import TerminalUI

@Suite struct SafeTextTests {
  /// Faults A1–A10 and the mapping they rest on.
  @Test(arguments: [
    ("\u{1B}[2J\u{1B}[H", "^[[2J^[[H"),
    ("\u{1B}]52;c;AA\u{07}", "^[]52;c;AA^G"),
    ("\u{9B}\u{9D}\u{90}", "\\x9b\\x9d\\x90"),
    ("prod\u{8}\u{8}\u{8}\u{8}dev ", "prod^H^H^H^Hdev "),
    ("a\r\n\t\u{B}\u{C}b", "a^M^J^I^K^Lb"),
    ("\u{202E}evil\u{2066}", "\\u{202e}evil\\u{2066}"),
    ("a\u{200B}\u{FEFF}\u{AD}\u{E0041}b", "a\\u{200b}\\u{feff}\\u{ad}\\u{e0041}b"),
    ("\u{7F}", "^?"),
    ("e\u{301}\u{301}\u{301}\u{301}\u{301}", "e\u{301}\u{301}\u{301}\\u{301}\\u{301}"),
    ("\u{301}a", "\\u{301}a"),
    ("👨\u{200D}👩", "👨\\u{200d}👩"),
    ("^/api/v1/.*\\.json$", "^/api/v1/.*\\.json$"),
    ("^A", "\\^A"),
    ("\\x1b \\\\ \\u{41} \\^", "\\\\x1b \\\\\\ \\\\u{41} \\\\^"),
    ("größe 数 ✓", "größe 数 ✓"),
  ])
  func `foreign text is escaped visibly and reversibly`(input: String, shown: String) {
    #expect(SafeText.escape(input) == shown)
    #expect(SafeText.unescape(shown) == input)
  }

  @Test func `bytes that are not UTF-8 are shown one by one`() {
    let bytes: [UInt8] = [0x9B, 0xFF, 0xC0, 0x80, 0xED, 0xA0, 0x80, 0x41, 0xE2, 0x9C, 0x93, 0xE2, 0x9C]
    #expect(SafeText.escape(bytes: bytes) == "\\x9b\\xff\\xc0\\x80\\xed\\xa0\\x80A✓\\xe2\\x9c")
    let high: [UInt8] = [0x41, 0xFF, 0xFE, 0x42]
    #expect(SafeText.unescapeBytes(SafeText.escape(bytes: high)) == high)
  }

  @Test func `no scalar of Unicode reaches a terminal with an effect, and each reads back`() {
    var wrong: [UInt32] = []
    var count = 0
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      count += 1
      let input = "a" + String(Character(scalar)) + "\\"
      let escaped = SafeText.escape(input)
      let isClean = escaped.unicodeScalars.allSatisfy { sign in
        if sign.value < 0x7F { return sign.value >= 0x20 }
        switch sign.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate: return false
        default: return !sign.properties.isDefaultIgnorableCodePoint
        }
      }
      if !isClean || !SafeText.unescape(escaped).unicodeScalars.elementsEqual(input.unicodeScalars) {
        wrong.append(value)
      }
    }
    #expect(count == 1_112_064)
    #expect(wrong.isEmpty, "\(wrong.prefix(10).map { String($0, radix: 16) })")
  }

  @Test func `every string of few risky signs reads back`() {
    let signs = ["\\", "^", "x", "u", "{", "}", "9", "A", "?", "\u{1B}", "\u{9B}", "\u{202E}", "\u{301}"]
    var strings = [""]
    for _ in 0..<4 { strings = strings.flatMap { head in signs.map { head + $0 } } }
    var seen: Set<String> = []
    for string in strings {
      let escaped = SafeText.escape(string)
      #expect(SafeText.unescape(escaped).unicodeScalars.elementsEqual(string.unicodeScalars))
      seen.insert(escaped)
    }
    #expect(seen.count == strings.count)
  }

  @Test func `interpolated strings are escaped and literals are not`() {
    let name = "a\u{1B}b^C"
    #expect(SafeText("^x \(name) \\").text == "^x a^[b\\^C \\")
    #expect(("\(SafeText(name))" as SafeText).text == "a^[b\\^C")
  }

  @Test func `long foreign text is cut with a mark`() {
    let text = SafeText(String(repeating: "x", count: 10_000))
    #expect(text.columns == SafeText.defaultLimit + 1)
    #expect(text.text.hasSuffix("…"))
  }

  @Test(arguments: [
    ("reviews", 10, "reviews   "), ("reviews", 7, "reviews"), ("reviews", 4, "rev…"), ("数数数", 5, "数数…"),
    ("数数数", 4, "数… "), ("é", 3, "é  "), ("reviews", 0, ""), ("abc", -3, ""), ("abc", 1, "…"),
  ])
  func `text is cut and padded by columns`(text: String, width: Int, shown: String) {
    #expect(SafeText(text).padded(to: width).text == shown)
  }

  @Test func `lines lose their ends and tabs become spaces`() {
    #expect(SafeText.lines("a\tb\r\nc\n").map(\.text) == ["a       b", "c"])
  }
}
