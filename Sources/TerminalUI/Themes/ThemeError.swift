/// A theme that cannot be used: where, what and what to do.
public struct ThemeError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file, or the name asked for.
  public var file: String
  /// The line, counted from 1, where known.
  public var line: Int?
  /// The role at fault, if one is.
  public var role: String?
  /// What is wrong.
  public var what: String
  /// What to do about it.
  public var remedy: String

  init(file: String, line: Int? = nil, role: String? = nil, what: String, remedy: String) {
    self.file = file
    self.line = line
    self.role = role
    self.what = what
    self.remedy = remedy
  }

  /// One sentence for the operator.
  public var description: String {
    let place = line.map { "\(SafeText.escape(file)):\($0)" } ?? SafeText.escape(file)
    return "theme \(place): \(role.map { "role \($0): " } ?? "")\(what); \(remedy)"
  }
}
