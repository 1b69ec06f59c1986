/// What a view knows of the place it draws on.
public struct Viewport: Hashable, Sendable {
  /// The size in cells.
  public var size: Size
  /// The theme in use.
  public var theme: Theme
  /// The signs the terminal can show.
  public var glyphs: GlyphSet
  /// The colours the terminal can show.
  public var depth: ColorDepth

  /// A place to draw on.
  public init(size: Size, theme: Theme = .plain, glyphs: GlyphSet = .unicode, depth: ColorDepth = .trueColor) {
    self.size = size
    self.theme = theme
    self.glyphs = glyphs
    self.depth = depth
  }
}

/// How many colours can be shown.
public enum ColorDepth: Int, Comparable, Hashable, Sendable, CaseIterable {
  /// Attributes only.
  case mono = 1
  /// The eight basic colours.
  case basic = 8
  /// The eight basic colours and their bright forms.
  case bright = 16
  /// The 6×6×6 cube and the grey ramp.
  case indexed = 256
  /// Red, green and blue of eight bits each.
  case trueColor = 16_777_216

  /// Fewer colours come first.
  public static func < (left: ColorDepth, right: ColorDepth) -> Bool { left.rawValue < right.rawValue }
}

/// Something that shows frames: a terminal, or memory in a test.
public protocol Screen: AnyObject {
  /// The size in cells.
  var size: Size { get }
  /// The signs it can show.
  var glyphs: GlyphSet { get }
  /// The colours it can show.
  var depth: ColorDepth { get }
  /// Shows a frame in a theme's colours; only what changed since the last one is sent.
  func show(_ frame: Frame, theme: Theme) throws(ScreenError)
}

extension Screen {
  /// The place to draw on, with a theme.
  public func viewport(theme: Theme) -> Viewport {
    Viewport(size: size, theme: theme, glyphs: glyphs, depth: depth)
  }
}
