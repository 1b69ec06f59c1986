extension Key {
  /// A key by its name in a configuration: `j`, `G`, `ctrl-l`, `alt-x`, `shift-tab`, `f5`, `pgup`, `space`, `enter`.
  public init?(notation: String) {
    var rest = Substring(notation)
    var modifiers: Modifiers = []
    while let (word, modifier) = Key.modifierNames.first(where: { rest.lowercased().hasPrefix($0.0 + "-") }),
      rest.count > word.count + 1
    {
      rest = rest.dropFirst(word.count + 1)
      modifiers.insert(modifier)
    }
    if let named = Key.names.first(where: { $0.0 == rest.lowercased() }) {
      self.init(named.1, modifiers)
    } else if rest.count > 1, rest.lowercased().hasPrefix("f"), let number = Int(rest.dropFirst()),
      (1...24).contains(number)
    {
      self.init(.function(number), modifiers)
    } else if rest.count == 1, let character = rest.first {
      guard modifiers.contains(.control) else {
        self.init(.character(character), modifiers.subtracting(.shift))
        return
      }
      self.init(.character(Character(character.lowercased())), modifiers)
    } else {
      return nil
    }
  }

  /// The name of the key in a configuration; `Key(notation:)` reads it back.
  public var notation: String {
    var name = ""
    for (word, modifier) in Key.modifierNames.reversed() where modifiers.contains(modifier) { name += word + "-" }
    switch code {
    case .function(let number): name += "f\(number)"
    case .character(" "): name += "space"
    case .character(let character): name += String(character)
    default: name += Key.names.first { $0.1 == code }?.0 ?? "?"
    }
    return name
  }

  /// The key as hints show it: `⏎`, `^L`, `PgUp`, or words where only ASCII can be shown.
  public func label(_ glyphs: GlyphSet) -> String {
    var name = modifiers.contains(.alt) ? "Alt-" : ""
    if modifiers.contains(.shift) { name += "Shift-" }
    if modifiers.contains(.control) { name += "^" }
    switch code {
    case .character(" "): return name + "Space"
    case .character(let character):
      return name + (modifiers.contains(.control) ? character.uppercased() : String(character))
    case .function(let number): return name + "F\(number)"
    default:
      let words = Key.labels.first { $0.0 == code }
      return name + ((glyphs.isASCII ? words?.1 : words?.2) ?? "")
    }
  }

  private static let modifierNames: [(String, Modifiers)] = [
    ("shift", .shift), ("alt", .alt), ("ctrl", .control),
  ]

  private static let names: [(String, Code)] = [
    ("enter", .enter), ("esc", .escape), ("tab", .tab), ("backspace", .backspace), ("del", .delete),
    ("ins", .insert), ("up", .up), ("down", .down), ("left", .left), ("right", .right), ("home", .home),
    ("end", .end), ("pgup", .pageUp), ("pgdn", .pageDown), ("space", .character(" ")), ("escape", .escape),
    ("delete", .delete), ("insert", .insert), ("pageup", .pageUp), ("pagedown", .pageDown), ("return", .enter),
    ("minus", .character("-")),
  ]

  private static let labels: [(Code, String, String)] = [
    (.enter, "Enter", "⏎"), (.escape, "Esc", "Esc"), (.tab, "Tab", "Tab"), (.backspace, "Bksp", "⌫"),
    (.delete, "Del", "Del"), (.insert, "Ins", "Ins"), (.up, "Up", "↑"), (.down, "Down", "↓"), (.left, "Left", "←"),
    (.right, "Right", "→"), (.home, "Home", "Home"), (.end, "End", "End"), (.pageUp, "PgUp", "PgUp"),
    (.pageDown, "PgDn", "PgDn"),
  ]
}
