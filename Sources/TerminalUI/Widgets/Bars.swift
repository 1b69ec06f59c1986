/// The tabs of a program on one line.
public struct Tabs {
  /// One tab.
  public struct Tab: Hashable, Sendable {
    /// The key that opens it.
    public var key: SafeText
    /// The title.
    public var title: SafeText
    /// A remark behind the title, such as a count of alarms.
    public var badge: Line?

    /// A tab.
    public init(_ key: SafeText, _ title: SafeText, badge: Line? = nil) {
      self.key = key
      self.title = title
      self.badge = badge
    }
  }

  /// The tabs from left to right.
  public var tabs: [Tab]
  /// The open one.
  public var selected: Int

  /// A line of tabs.
  public init(_ tabs: [Tab], selected: Int) {
    self.tabs = tabs
    self.selected = selected
  }

  /// Draws the tabs; where they do not fit, titles shorten to their keys, the open one last.
  public func draw(in rect: Rect, on frame: inout Frame) {
    guard !rect.isEmpty else { return }
    let line = rect.row(0)
    func columns(_ tab: Tab) -> Int {
      tab.key.columns + tab.title.columns + (tab.badge.map { $0.columns + 1 } ?? 0) + 3
    }
    let fits = tabs.reduce(1) { $0 + columns($1) } <= line.width
    var x = line.x + 1
    frame.clipped(to: line) { frame in
      for (index, tab) in tabs.enumerated() {
        let isOpen = index == selected
        let ground: Role = isOpen ? .selection : .background
        x += frame.put(tab.key, at: Point(x: x, y: line.y), style: Style(.key, on: ground))
        if fits || isOpen {
          let style = isOpen ? Style(.selectionText, on: ground, .bold) : Style(.text, on: ground)
          x += frame.put(" \(tab.title)", at: Point(x: x, y: line.y), style: style)
        }
        if let badge = tab.badge, fits || isOpen {
          x += frame.put(" ", at: Point(x: x, y: line.y), style: Style(.text, on: ground))
          x += frame.put(badge, at: Point(x: x, y: line.y))
        }
        x += fits ? 2 : 1
      }
    }
  }
}

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
