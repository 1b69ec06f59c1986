/// What a piece of the screen means. Views name roles; only themes know colours.
public enum Role: UInt8, CaseIterable, Hashable, Sendable {
  /// The ground everything is drawn on.
  case background
  /// Ordinary text.
  case text
  /// Text of less weight: units, ages, absent values.
  case muted
  /// What draws the eye without alarm: the active tab, a link, a number that matters.
  case accent
  /// A good state.
  case good
  /// A state to watch.
  case warn
  /// A bad state.
  case bad
  /// A neutral remark.
  case info
  /// The ground of the chosen row.
  case selection
  /// The text of the chosen row.
  case selectionText
  /// The ground of the chosen row in a pane without focus.
  case selectionDim
  /// A marked row.
  case marked
  /// The lines of a box.
  case border
  /// The lines of the box that has the focus.
  case borderFocus
  /// The title of a box or screen.
  case title
  /// The heading of a table.
  case header
  /// The ground of the top and bottom bars.
  case bar
  /// The text of the top and bottom bars.
  case barText
  /// A key in a hint.
  case key
  /// The ground of a field that takes text.
  case input
  /// The text of a field that takes text.
  case inputText
  /// A completion not yet accepted.
  case ghost
  /// The ground of a sheet above the screen.
  case sheet
  /// A line added in a difference.
  case added
  /// A line removed in a difference.
  case removed
  /// A line or value changed.
  case changed
  /// The part of a text that matched a search.
  case match
  /// Something protected: an encrypted edge, a locked field.
  case locked
  /// Something unprotected.
  case exposed
  /// Data too old to trust.
  case stale
  /// The line of a chart.
  case chart
  /// The second line of a chart.
  case chartAlternate

  /// The name in a theme file: lower case, words joined by `-`.
  public var name: String { Role.names[Int(rawValue)] }

  /// The role of a name in a theme file.
  public init?(name: String) {
    guard let index = Role.names.firstIndex(of: name) else { return nil }
    self = Role.allCases[index]
  }

  private static let names: [String] = allCases.map { role in
    var name = ""
    for character in String(describing: role) {
      if character.isUppercase { name += "-" }
      name += character.lowercased()
    }
    return name
  }
}
