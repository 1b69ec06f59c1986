/// The paint of every role.
public struct Theme: Hashable, Sendable {
  /// The name.
  public var name: String
  private var paints: [Paint]

  /// The terminal's own colours everywhere, told apart by attributes.
  public static let plain = Theme(name: "plain")

  /// A theme of the terminal's own colours.
  public init(name: String) {
    self.name = name
    self.paints = Role.allCases.map { Paint(.terminal, attributes: $0.monoAttributes, mono: $0.monoAttributes) }
  }

  /// A theme to build on: no attributes where there will be colour.
  static func bare(_ name: String) -> Theme {
    var theme = Theme(name: name)
    for role in Role.allCases { theme[role].attributes = [] }
    return theme
  }

  /// The paint of a role.
  public subscript(role: Role) -> Paint {
    get { paints[Int(role.rawValue)] }
    set { paints[Int(role.rawValue)] = newValue }
  }

  /// How a style looks at a depth. Text and ground never come out as the same colour.
  public func appearance(of style: Style, depth: ColorDepth) -> Appearance {
    let front = self[style.foreground]
    let back = self[style.background]
    if depth == .mono {
      return Appearance(attributes: style.attributes.union(front.mono).union(back.mono))
    }
    var foreground = front.resolved(depth)
    let background = back.resolved(depth)
    if foreground == background {
      switch background {
      case .index(let index): foreground = .index(Palette.lightness(Palette.colors[Int(index)]) > 110 ? 0 : 7)
      case .rgb(let value): foreground = .rgb(Palette.lightness(value) > 127 ? 0 : 0xFFFFFF)
      case .terminal: break
      }
    }
    return Appearance(
      foreground: foreground, background: background,
      attributes: style.attributes.union(front.attributes).union(back.attributes))
  }
}

/// What a terminal is told about a cell's look.
public struct Appearance: Hashable, Sendable {
  /// The colour of the text.
  public var foreground: ResolvedColor
  /// The colour of the ground.
  public var background: ResolvedColor
  /// The attributes.
  public var attributes: Attributes

  /// A look.
  public init(
    foreground: ResolvedColor = .terminal, background: ResolvedColor = .terminal, attributes: Attributes = []
  ) {
    self.foreground = foreground
    self.background = background
    self.attributes = attributes
  }
}

extension Role {
  /// The attributes that tell a role apart where there are no colours, unless a theme says otherwise.
  var monoAttributes: Attributes {
    switch self {
    case .selection, .bar: [.reverse]
    case .bad: [.bold, .underline]
    case .warn, .title, .key, .accent, .marked, .borderFocus, .added: [.bold]
    case .muted, .ghost, .stale, .removed: [.dim]
    case .header, .match, .input, .changed, .selectionDim: [.underline]
    default: []
    }
  }
}
