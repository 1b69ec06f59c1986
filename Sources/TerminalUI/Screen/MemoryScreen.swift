/// A screen in memory, read back as text by tests.
public final class MemoryScreen: Screen {
  /// The size in cells; a new size clears the picture.
  public var size: Size {
    didSet { frame = Frame(size: size, glyphs: glyphs) }
  }
  /// The signs it can show.
  public let glyphs: GlyphSet
  /// The colours it claims to show.
  public let depth: ColorDepth
  /// The last frame shown.
  public private(set) var frame: Frame
  /// The theme of the last frame.
  public private(set) var theme: Theme = .plain
  /// How many frames were shown.
  public private(set) var frames = 0

  /// An empty screen.
  public init(size: Size = .standard, glyphs: GlyphSet = .unicode, depth: ColorDepth = .trueColor) {
    self.size = size
    self.glyphs = glyphs
    self.depth = depth
    self.frame = Frame(size: size, glyphs: glyphs)
  }

  /// Keeps a frame.
  public func show(_ frame: Frame, theme: Theme) {
    self.frame = frame
    self.theme = theme
    frames += 1
  }

  /// The picture as lines of text, spaces at line ends removed.
  public func text() -> String { frame.text() }

  /// The picture with marks where the style is not that of ordinary text: `{bad+bold|ledger}`.
  public func styledText() -> String { frame.styledText() }
}

extension Frame {
  /// The frame as lines of text, spaces at line ends removed; each line ends in a line feed.
  public func text() -> String {
    var text = ""
    for y in 0..<size.height {
      text += Frame.trimmed(row(y).map(\.text).joined()) + "\n"
    }
    return text
  }

  /// The frame as text with marks around runs that are not ordinary text: `{role/ground+attribute|run}`.
  public func styledText() -> String {
    var text = ""
    for y in 0..<size.height {
      var line = ""
      var open: Style?
      for cell in row(y) {
        let style = cell.style == .text ? nil : cell.style
        if style != open {
          if open != nil { line += "}" }
          if let style { line += "{\(style.mark)|" }
          open = style
        }
        line += cell.text
      }
      if open != nil { line += "}" }
      text += Frame.trimmed(line) + "\n"
    }
    return text
  }

  /// The cells of a row, none outside the frame.
  func row(_ y: Int) -> ArraySlice<Cell> {
    guard y >= 0, y < size.height else { return [] }
    return cells[(y * size.width)..<((y + 1) * size.width)]
  }

  private static func trimmed(_ line: String) -> String {
    var scalars = Substring(line).unicodeScalars
    while scalars.last == " " { scalars.removeLast() }
    return String(scalars)
  }
}

extension Style {
  /// The style in words, as `styledText` writes it.
  var mark: String {
    var mark = foreground.name
    if background != .background { mark += "/" + background.name }
    for (attribute, name) in Attributes.names where attributes.contains(attribute) { mark += "+" + name }
    return mark
  }
}

extension Attributes {
  /// The names in theme files and in marked text.
  static let names: [(Attributes, String)] = [
    (.bold, "bold"), (.dim, "dim"), (.underline, "underline"), (.reverse, "reverse"), (.italic, "italic"),
  ]
}
