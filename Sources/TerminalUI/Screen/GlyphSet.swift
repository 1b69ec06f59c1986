/// The signs the toolkit draws with: Unicode where the terminal can, ASCII where it cannot.
public struct GlyphSet: Hashable, Sendable {
  /// Whether only ASCII may be drawn; foreign text beyond ASCII is then escaped.
  public let isASCII: Bool
  /// The lines of boxes.
  public let border: BorderGlyphs
  /// The lines of boxes that stand for something of another kind.
  public let doubleBorder: BorderGlyphs
  /// The levels of a sparkline from empty to full.
  public let levels: [Unicode.Scalar]
  /// The sign of a cut text.
  public let ellipsis: String
  /// The mark of ascending order.
  public let sortUp: Unicode.Scalar
  /// The mark of descending order.
  public let sortDown: Unicode.Scalar
  /// The mark of the chosen row, visible without colour.
  public let cursor: Unicode.Scalar
  /// The mark of a good state.
  public let check: Unicode.Scalar
  /// The mark of a bad state.
  public let cross: Unicode.Scalar
  /// A dot.
  public let dot: Unicode.Scalar
  /// The mark of an alarm.
  public let alarm: Unicode.Scalar

  /// Box drawing, blocks and signs of one column.
  public static let unicode = GlyphSet(
    isASCII: false, border: .light, doubleBorder: .double, levels: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    ellipsis: "…", sortUp: "▲", sortDown: "▼", cursor: "▌", check: "✓", cross: "✗", dot: "●", alarm: "▲")

  /// ASCII only.
  public static let ascii = GlyphSet(
    isASCII: true, border: .ascii, doubleBorder: .asciiDouble, levels: ["_", ".", "-", "~", "=", "+", "*", "#"],
    ellipsis: "~", sortUp: "^", sortDown: "v", cursor: ">", check: "v", cross: "x", dot: "*", alarm: "!")

  /// Text as it is drawn: in ASCII a sign may take two columns, which is to be known before it is aligned or cut.
  func spelled(_ text: SafeText) -> SafeText {
    guard isASCII, text.text.utf8.contains(where: { $0 >= 0x80 }) else { return text }
    return SafeText(
      escaped: text.text.unicodeScalars.reduce(into: "") { spelled, scalar in
        if scalar.isASCII {
          spelled.unicodeScalars.append(scalar)
        } else {
          spelled += Self.asciiWord(for: scalar) ?? "\\u{\(String(scalar.value, radix: 16))}"
        }
      })
  }

  /// The ASCII words for signs that programs write in their own text; nil where a scalar has none.
  static func asciiWord(for scalar: Unicode.Scalar) -> String? { asciiWords[scalar] }

  private static let asciiWords: [Unicode.Scalar: String] = [
    "…": "~", "·": "-", "–": "-", "—": "-", "●": "*", "○": "o", "◐": "o", "▲": "^", "▼": "v", "△": "^", "▽": "v",
    "▸": ">", "▾": "v", "◂": "<", "▌": ">", "▐": "|", "✓": "v", "✗": "x", "→": ">", "←": "<", "↑": "^", "↓": "v",
    "⏎": "Enter", "⏸": "||", "›": ">", "‹": "<", "≈": "~", "≠": "!=", "≤": "<=", "≥": ">=", "±": "~", "×": "x",
    "─": "-", "│": "|", "┌": "+", "┐": "+", "└": "+", "┘": "+", "├": "+", "┤": "+", "┬": "+", "┴": "+", "┼": "+",
    "╭": "+", "╮": "+", "╰": "+", "╯": "+", "═": "=", "║": "|", "╔": "+", "╗": "+", "╚": "+", "╝": "+", "╠": "+",
    "╣": "+", "╦": "+", "╩": "+", "╬": "+", "━": "=", "┃": "|", "┄": "-", "┆": ":", "╌": "-", "╎": ":", "▶": ">",
    "◀": "<", "█": "#", "▓": "#", "▒": ":", "░": ".", "¹": "1", "²": "2", "³": "3", "Δ": "d", "⇣": "v", "⇡": "^",
    "•": "*", "°": "o", "µ": "u", "σ": "s", "∞": "inf", "⚑": "!", "⚠": "!", "🔒": "L",
  ]
}

/// The line signs of one kind of box.
public struct BorderGlyphs: Hashable, Sendable {
  /// The straight lines.
  public let horizontal, vertical: Unicode.Scalar
  /// The corners.
  public let topLeft, topRight, bottomLeft, bottomRight: Unicode.Scalar
  /// The branches, named by where they open to.
  public let teeRight, teeLeft, teeDown, teeUp: Unicode.Scalar
  /// The crossing.
  public let cross: Unicode.Scalar

  init(_ signs: String) {
    let all = Array(signs.unicodeScalars)
    func sign(_ index: Int) -> Unicode.Scalar { index < all.count ? all[index] : "+" }
    (horizontal, vertical, topLeft, topRight) = (sign(0), sign(1), sign(2), sign(3))
    (bottomLeft, bottomRight, teeRight, teeLeft) = (sign(4), sign(5), sign(6), sign(7))
    (teeDown, teeUp, cross) = (sign(8), sign(9), sign(10))
  }

  /// Thin lines.
  public static let light = BorderGlyphs("─│┌┐└┘├┤┬┴┼")
  /// Double lines.
  public static let double = BorderGlyphs("═║╔╗╚╝╠╣╦╩╬")
  /// `+ - |`.
  public static let ascii = BorderGlyphs("-|+++++++++")
  /// `+ = |`.
  public static let asciiDouble = BorderGlyphs("=|+++++++++")
}
