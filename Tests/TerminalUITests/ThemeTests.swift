import Testing

@testable import TerminalUI

@Suite struct ThemeTests {
  @Test(arguments: ThemeFile.builtInNames)
  func `every built-in theme names every role`(name: String) throws {
    let theme = try ThemeFile.builtIn(name)
    #expect(theme.name == name)
    if name == "mono" {
      #expect(Role.allCases.allSatisfy { theme[$0].color == .terminal })
    } else {
      #expect(Role.allCases.allSatisfy { theme[$0].color != .terminal })
    }
  }

  @Test(arguments: ThemeFile.builtInNames, ColorDepth.allCases)
  func `text differs from its ground at every depth`(name: String, depth: ColorDepth) throws {
    let theme = try ThemeFile.builtIn(name)
    for ground in [Role.background, .selection, .bar, .sheet, .input, .selectionDim] {
      for role in [Role.text, .muted, .accent, .good, .warn, .bad, .selectionText, .key, .barText, .inputText, .added] {
        let look = theme.appearance(of: Style(role, on: ground), depth: depth)
        #expect(look.foreground != look.background || look.foreground == .terminal, "\(role) on \(ground)")
      }
    }
    if depth == .mono {
      let bad = theme.appearance(of: .bad, depth: depth)
      #expect(bad.foreground == .terminal && bad.background == .terminal && !bad.attributes.isEmpty)
    }
  }

  /// WCAG contrast of text that must be read, on the grounds it is read on.
  @Test(arguments: ThemeFile.builtInNames.filter { $0 != "mono" })
  func `ordinary text has contrast`(name: String) throws {
    let theme = try ThemeFile.builtIn(name)
    for (role, ground) in [
      (Role.text, Role.background), (.selectionText, .selection), (.barText, .bar), (.bad, .background),
      (.warn, .background), (.good, .background),
    ] {
      #expect(
        contrast(theme[role], theme[ground]) >= 3, "\(role) on \(ground): \(contrast(theme[role], theme[ground]))")
    }
  }

  private func contrast(_ front: Paint, _ back: Paint) -> Double {
    guard case .rgb(let front) = front.color, case .rgb(let back) = back.color else { return 0 }
    let (high, low) = (max(luminance(front), luminance(back)), min(luminance(front), luminance(back)))
    return (high + 0.05) / (low + 0.05)
  }

  private func luminance(_ value: UInt32) -> Double {
    func part(_ shift: UInt32) -> Double {
      let share = Double(value >> shift & 0xFF) / 255
      // 2.2 stands in for the sRGB curve, near enough for a bound.
      var result = share * share
      result *= 0.8 + 0.2 * share
      return result
    }
    return 0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0)
  }

  @Test func `colour does not bring the attributes that stand in for it`() throws {
    let midnight = try ThemeFile.builtIn("midnight")
    #expect(midnight.appearance(of: .selection, depth: .trueColor).attributes == [])
    #expect(midnight.appearance(of: .selection, depth: .mono).attributes.contains(.reverse))
    #expect(try ThemeFile.builtIn("mono").appearance(of: .selection, depth: .trueColor).attributes.contains(.reverse))
  }

  @Test func `a user's file overrides only what it names`() throws {
    let base = try ThemeFile.builtIn("daylight")
    let yaml =
      "name: mine\nextends: daylight\nroles:\n  accent: \"#f80\"\n  bad: { color: \"#ff0000\", indexed: 203, basic: bright-red, mono: [reverse] }\n"
    let theme = try ThemeFile.parse(yaml, file: "mine.yaml")
    #expect(theme.name == "mine")
    #expect(theme[.accent].color == .rgb(0xFF8800))
    #expect(theme[.bad].resolved(.indexed) == .index(203))
    #expect(theme[.bad].resolved(.bright) == .index(9))
    #expect(theme[.bad].mono == .reverse)
    #expect(theme[.text] == base[.text])
  }

  @Test(
    arguments: [
      ("roles:\n  accent: \"#12\"\n", 2, "accent"),
      ("name: x\nroles:\n  text: \"#ffffff\"\n  sparkle: \"#ffffff\"\n", 4, "sparkle"),
      ("roles:\n  bad:\n    color: \"#ffffff\"\n    basic: pinkish\n", 4, "bad"),
      ("roles:\n  bad: { color: \"#ffffff\", indexed: 300 }\n", 2, "bad"),
      ("roles:\n  bad: { attributes: [blink] }\n", 2, "bad"),
      ("roles:\n  bad: { colour: red }\n", 2, "bad"),
      ("roles: 7\n", 1, nil), ("colors: {}\n", 1, nil), ("- a\n", 1, nil), ("roles: {\n", 2, nil),
      ("extends: nope\n", nil, nil),
    ] as [(String, Int?, String?)])
  func `a broken theme names its file, line and role`(yaml: String, line: Int?, role: String?) {
    let error = #expect(throws: ThemeError.self) { try ThemeFile.parse(yaml, file: "mine.yaml") }
    #expect(error?.line == line)
    #expect(error?.role == role)
    #expect(error?.description.contains(line == nil ? "nope" : "mine.yaml:\(line ?? 0)") == true)
  }
}
