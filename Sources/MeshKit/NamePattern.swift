import Foundation

/// Names as operators abbreviate them: `*` stands for any text, `?` for one character.
public enum NamePattern {
  /// Whether a pattern means a name. A pattern without signs means the name alone.
  public static func isMatch(_ pattern: String, _ name: String) -> Bool {
    pattern == name || fnmatch(pattern, name, 0) == 0
  }

  /// Whether a text is a pattern rather than a name.
  public static func isPattern(_ text: String) -> Bool { text.contains { "*?[".contains($0) } }
}
