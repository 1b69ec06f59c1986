/// A fault in JSON text: what is wrong and at which byte.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of fault.
  public enum Code: Sendable, Hashable {
    /// The text ended inside a value.
    case truncated
    /// The text is not JSON.
    case malformed
    /// The value is of another type than asked for.
    case wrongType
    /// The nesting is deeper than the limit.
    case tooDeep
    /// There are more values than the limit.
    case tooMany
    /// A number does not fit the type asked for.
    case outOfRange
  }

  /// The kind of fault.
  public var code: Code
  /// The byte offset in the text, from 0.
  public var offset: Int
  /// What was expected there, in words.
  public var expected: String

  /// Creates a fault.
  public init(_ code: Code, at offset: Int, expected: String) {
    self.code = code
    self.offset = offset
    self.expected = expected
  }

  /// The words shown to an operator.
  public var description: String {
    switch code {
    case .truncated: "JSON ends early at byte \(offset), expected \(expected)"
    case .malformed: "not JSON at byte \(offset), expected \(expected)"
    case .wrongType: "unexpected JSON type at byte \(offset), expected \(expected)"
    case .tooDeep: "JSON nested too deep at byte \(offset), expected \(expected)"
    case .tooMany: "too much JSON at byte \(offset), expected \(expected)"
    case .outOfRange: "number out of range at byte \(offset), expected \(expected)"
    }
  }
}
