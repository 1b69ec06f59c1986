/// A look by meaning: which role the text has, on which ground, with which attributes. A theme turns it into colours.
public struct Style: Hashable, Sendable {
  /// The role that colours the text.
  public var foreground: Role
  /// The role that colours the ground.
  public var background: Role
  /// The attributes beyond those the theme gives the role.
  public var attributes: Attributes

  /// A style; on the screen's own ground unless said otherwise.
  public init(_ foreground: Role, on background: Role = .background, _ attributes: Attributes = []) {
    self.foreground = foreground
    self.background = background
    self.attributes = attributes
  }

  /// The same style on another ground.
  public func on(_ background: Role) -> Style { Style(foreground, on: background, attributes) }

  /// The same style with more attributes.
  public func with(_ more: Attributes) -> Style { Style(foreground, on: background, attributes.union(more)) }

  /// The same style in bold.
  public var bold: Style { with(.bold) }

  /// Ordinary text.
  public static let text = Style(.text)
  /// Text of less weight.
  public static let muted = Style(.muted)
  /// Text that draws the eye.
  public static let accent = Style(.accent)
  /// A good state.
  public static let good = Style(.good)
  /// A state to watch.
  public static let warn = Style(.warn)
  /// A bad state.
  public static let bad = Style(.bad)
  /// A title.
  public static let title = Style(.title)
  /// A border.
  public static let border = Style(.border)
  /// The chosen row.
  public static let selection = Style(.selectionText, on: .selection)
  /// The heading of a table.
  public static let header = Style(.header)
}

/// The attributes of a cell.
public struct Attributes: OptionSet, Hashable, Sendable {
  /// The bits.
  public let rawValue: UInt8

  /// Attributes by their bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Heavier strokes.
  public static let bold = Attributes(rawValue: 1)
  /// Fainter than usual.
  public static let dim = Attributes(rawValue: 2)
  /// Underlined.
  public static let underline = Attributes(rawValue: 4)
  /// Text and ground exchanged.
  public static let reverse = Attributes(rawValue: 8)
  /// Slanted, where the terminal can.
  public static let italic = Attributes(rawValue: 16)
}
