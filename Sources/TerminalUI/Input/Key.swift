/// A key press: which key, with which modifiers. Usable in a `switch`: `case .up:`, `case .char("j"):`, `case .ctrl("l"):`.
public struct Key: Hashable, Sendable {
  /// The keys a terminal tells apart.
  public enum Code: Hashable, Sendable {
    /// A character as typed, shift already applied.
    case character(Character)
    /// A function key, counted from 1.
    case function(Int)
    /// The editing and moving keys.
    case enter, escape, tab, backspace, delete, insert, up, down, left, right, home, end, pageUp, pageDown
  }

  /// The modifiers a terminal reports.
  public struct Modifiers: OptionSet, Hashable, Sendable {
    /// The bits, as xterm sends them less one.
    public let rawValue: UInt8

    /// Modifiers by their bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Shift, on keys that are not characters.
    public static let shift = Modifiers(rawValue: 1)
    /// Alt, also called Meta.
    public static let alt = Modifiers(rawValue: 2)
    /// Control.
    public static let control = Modifiers(rawValue: 4)
  }

  /// The key.
  public var code: Code
  /// What was held with it.
  public var modifiers: Modifiers

  /// A key with modifiers.
  public init(_ code: Code, _ modifiers: Modifiers = []) {
    self.code = code
    self.modifiers = modifiers
  }

  /// The character typed, if the key is one and neither Control nor Alt was held.
  public var character: Character? {
    if case .character(let character) = code, modifiers.isEmpty { character } else { nil }
  }

  /// A character key.
  public static func char(_ character: Character) -> Key { Key(.character(character)) }
  /// A character with Control; letters in lower case.
  public static func ctrl(_ character: Character) -> Key { Key(.character(character), .control) }
  /// A character with Alt.
  public static func alt(_ character: Character) -> Key { Key(.character(character), .alt) }
  /// A function key, counted from 1.
  public static func function(_ number: Int) -> Key { Key(.function(number)) }
  /// Return.
  public static let enter = Key(.enter)
  /// Escape.
  public static let escape = Key(.escape)
  /// Tab.
  public static let tab = Key(.tab)
  /// Shift and Tab.
  public static let backTab = Key(.tab, .shift)
  /// The space bar.
  public static let space = Key.char(" ")
  /// Backspace.
  public static let backspace = Key(.backspace)
  /// Delete.
  public static let delete = Key(.delete)
  /// Insert.
  public static let insert = Key(.insert)
  /// Arrow up.
  public static let up = Key(.up)
  /// Arrow down.
  public static let down = Key(.down)
  /// Arrow left.
  public static let left = Key(.left)
  /// Arrow right.
  public static let right = Key(.right)
  /// Home.
  public static let home = Key(.home)
  /// End.
  public static let end = Key(.end)
  /// Page up.
  public static let pageUp = Key(.pageUp)
  /// Page down.
  public static let pageDown = Key(.pageDown)
}
