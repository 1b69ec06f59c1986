/// A scenario that cannot be read: where, what is wrong, and what to write instead.
public struct ScenarioError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of fault.
  public enum Code: Sendable, Hashable {
    /// The text is not YAML.
    case syntax
    /// A field is missing, of another type, out of range or unknown.
    case field
    /// Something names what the scenario does not have.
    case reference
    /// There is no scenario of that name.
    case unknown
  }

  /// The kind of fault.
  public var code: Code
  /// The file, as it was named.
  public var file: String
  /// The line, from 1.
  public var line: Int
  /// What is wrong and what to do.
  public var message: String

  /// The place and the message, `file:line: message`.
  public var description: String { "\(file):\(line): \(message)" }
}
