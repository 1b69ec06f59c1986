/// The keys of a screen on one line, made from bindings.
public struct KeyHints {
  /// The bindings in order of weight; what does not fit is left out.
  public var bindings: [Binding]

  /// A line of hints.
  public init(_ bindings: [Binding]) { self.bindings = bindings.filter { $0.isHint && !$0.keys.isEmpty } }

  /// Draws the hints and answers the columns used.
  @discardableResult
  public func draw(in rect: Rect, on frame: inout Frame, ground: Role = .bar) -> Int {
    guard !rect.isEmpty else { return 0 }
    let line = rect.row(0)
    var x = line.x + 1
    for binding in bindings {
      let key = binding.keyLabel(frame.glyphs)
      let width = key.columns + 1 + binding.title.columns
      guard x + width < line.maxX else { break }
      let isDisabled = binding.disabledReason != nil
      x += frame.put(key, at: Point(x: x, y: line.y), style: Style(isDisabled ? .muted : .key, on: ground))
      x += 1
      x += frame.put(
        binding.title, at: Point(x: x, y: line.y),
        style: Style(isDisabled ? .muted : .barText, on: ground, isDisabled ? .dim : []))
      x += 2
    }
    return max(x - line.x - 2, 0)
  }
}

/// A short message for the operator, such as the result of the last action.
public struct Toast: Hashable, Sendable {
  /// The message.
  public var text: SafeText
  /// Its role: `.good`, `.warn`, `.bad`, `.info`.
  public var role: Role

  /// A message.
  public init(_ text: SafeText, _ role: Role = .info) {
    self.text = text
    self.role = role
  }

  /// Draws the message on a bar, with a sign that tells its role without colour.
  public func draw(in rect: Rect, on frame: inout Frame, ground: Role = .bar) {
    guard !rect.isEmpty else { return }
    let sign: Unicode.Scalar =
      switch role {
      case .good: frame.glyphs.check
      case .bad: frame.glyphs.cross
      case .warn: frame.glyphs.alarm
      default: frame.glyphs.dot
      }
    let line = rect.row(0)
    frame.fill(line, style: Style(.barText, on: ground))
    frame.put(sign, x: line.x + 1, y: line.y, style: Style(role, on: ground))
    frame.put(text, in: line.inset(left: 3), style: Style(role, on: ground))
  }
}
