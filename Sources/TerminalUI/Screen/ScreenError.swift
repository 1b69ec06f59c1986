/// A screen that cannot be used, in one sentence and with a remedy.
public struct ScreenError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Storage: String, Sendable { case notATerminal, unusableTerminal, gone }
    private let storage: Storage

    /// Standard input or output is not a terminal.
    public static let notATerminal = Code(storage: .notATerminal)
    /// The terminal's type is unset, unknown or cannot move its cursor.
    public static let unusableTerminal = Code(storage: .unusableTerminal)
    /// The terminal has gone away.
    public static let gone = Code(storage: .gone)

    /// The name of the kind.
    public var description: String { storage.rawValue }
  }

  /// The kind of failure.
  public var code: Code
  /// What was tried and how it failed.
  public var what: String
  /// What to do about it.
  public var remedy: String

  /// A failure of a screen.
  public init(_ code: Code, _ what: String, remedy: String) {
    self.code = code
    self.what = what
    self.remedy = remedy
  }

  /// One sentence for the operator.
  public var description: String { remedy.isEmpty ? what : "\(what); \(remedy)" }
}
