/// How a terminal is to be used.
public struct TerminalOptions: Sendable {
  /// Whether the operator wants colour: nil decides by `NO_COLOR` and the terminal.
  public var color: Bool?
  /// The signs to draw with: nil decides by the locale.
  public var glyphs: GlyphSet?
  /// The greatest depth of colour to use.
  public var depth: ColorDepth
  /// Whether the mouse is reported; the terminal's own selection then needs Shift.
  public var mouse: Bool
  /// Whether frames are bracketed so that terminals show them in one piece.
  public var synchronizesOutput: Bool
  /// The environment to read `TERM`, `COLORTERM` and `NO_COLOR` from.
  public var environment: [String: String]

  /// The usual way.
  public init(
    color: Bool? = nil, glyphs: GlyphSet? = nil, depth: ColorDepth = .trueColor, mouse: Bool = false,
    synchronizesOutput: Bool = true, environment: [String: String]
  ) {
    self.color = color
    self.glyphs = glyphs
    self.depth = depth
    self.mouse = mouse
    self.synchronizesOutput = synchronizesOutput
    self.environment = environment
  }

  /// The types to try in turn for a terminal: its own, then what nearly every terminal understands.
  ///
  /// Nothing for types that are no screen: unset, `dumb`, `unknown`.
  var types: [String] {
    guard let type = environment["TERM"], !type.isEmpty, type != "dumb", type != "unknown" else { return [] }
    // Families known to understand xterm, although their own description may be missing here.
    let families = ["xterm", "alacritty", "foot", "kitty", "ghostty", "wezterm", "tmux", "screen", "rio", "contour"]
    guard families.contains(where: { type.hasPrefix($0) }) else { return [type] }
    return [type, "xterm-256color", "xterm"]
  }

  /// Whether the terminal says that it shows 24-bit colour.
  var announcesDirectColor: Bool {
    let word = environment["COLORTERM"] ?? ""
    if word == "truecolor" || word == "24bit" { return true }
    return environment["TERM"]?.hasSuffix("-direct") ?? false
  }

  /// Whether colour may be used at all.
  var allowsColor: Bool {
    color ?? (environment["NO_COLOR"] ?? "").isEmpty
  }
}
