/// One line of a difference.
public struct DiffLine: Hashable, Sendable {
  /// What became of the line.
  public enum Kind: Hashable, Sendable {
    /// The same on both sides.
    case same
    /// Only on the new side.
    case added
    /// Only on the old side.
    case removed
    /// A heading: the file or the place.
    case heading
  }

  /// What became of it.
  public var kind: Kind
  /// The text, without a sign.
  public var text: SafeText

  /// A line.
  public init(_ kind: Kind, _ text: SafeText) {
    self.kind = kind
    self.text = text
  }

  /// The lines of a unified difference, told by their first sign.
  public static func unified(_ text: String) -> [DiffLine] {
    SafeText.lines(text).map { line in
      let rest = SafeText(escaped: String(line.text.dropFirst()))
      if line.text.hasPrefix("+++") || line.text.hasPrefix("---") || line.text.hasPrefix("@@") {
        return DiffLine(.heading, line)
      }
      if line.text.hasPrefix("+") { return DiffLine(.added, rest) }
      if line.text.hasPrefix("-") { return DiffLine(.removed, rest) }
      return DiffLine(.same, line.text.hasPrefix(" ") ? rest : line)
    }
  }

  /// The line with its sign and style, for a `TextView`.
  public func line(on ground: Role = .background) -> Line {
    switch kind {
    case .same: Line("  \(text)", Style(.text, on: ground))
    case .added: Line("+ \(text)", Style(.added, on: ground))
    case .removed: Line("- \(text)", Style(.removed, on: ground))
    case .heading: Line(text, Style(.muted, on: ground))
    }
  }
}

/// A difference in a window that scrolls: signs at the left, so that it reads without colour.
public struct DiffView {
  /// The lines.
  public var lines: [DiffLine]
  /// The line at the top.
  public var offset: Int
  /// The role of the ground.
  public var ground: Role

  /// A view of a difference.
  public init(_ lines: [DiffLine], offset: Int = 0, ground: Role = .background) {
    self.lines = lines
    self.offset = offset
    self.ground = ground
  }

  /// Draws the visible lines.
  public func draw(in rect: Rect, on frame: inout Frame) {
    guard !rect.isEmpty, !lines.isEmpty else { return }
    let first = min(max(offset, 0), lines.count - 1)
    TextView(lines[first...].prefix(rect.height).map { $0.line(on: ground) }).draw(in: rect, on: &frame)
  }
}
