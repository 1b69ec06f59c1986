/// One visible row of a tree: what is open is listed, what is closed is not.
public struct TreeRow: Hashable, Sendable {
  /// The distance from the root.
  public var depth: Int
  /// Whether a branch is open; nil for a leaf.
  public var isOpen: Bool?
  /// The text.
  public var line: Line

  /// A row.
  public init(depth: Int, isOpen: Bool? = nil, _ line: Line) {
    self.depth = max(depth, 0)
    self.isOpen = isOpen
    self.line = line
  }
}

/// A tree, or a plain list where every depth is 0. Only the visible rows are formatted.
public struct Tree {
  /// The number of rows.
  public var count: Int
  /// The choice and the window.
  public var state: ListState
  /// Whether the tree's pane has the focus.
  public var isFocused: Bool
  /// Formats a row by its number.
  public var row: (Int) -> TreeRow

  /// A tree.
  public init(count: Int, state: ListState, isFocused: Bool = true, row: @escaping (Int) -> TreeRow) {
    self.count = max(count, 0)
    self.state = state
    self.isFocused = isFocused
    self.row = row
  }

  /// Draws the visible rows.
  public func draw(in rect: Rect, on frame: inout Frame) {
    let top = state.top(count: count, height: rect.height)
    for line in 0..<max(min(rect.height, count - top), 0) {
      let number = top + line
      let row = row(number)
      let area = rect.row(line)
      let indent = min(1 + row.depth * 2, area.width)
      if let isOpen = row.isOpen, indent < area.width {
        frame.put(isOpen ? frame.glyphs.opened : frame.glyphs.closed, x: area.x + indent, y: area.y, style: .muted)
      }
      let start = indent + 2
      if start < area.width {
        frame.put(row.line, at: Point(x: area.x + start, y: area.y), width: area.width - start)
      }
      guard number == min(max(state.selected, 0), count - 1) else { continue }
      frame.restyle(area) { style in
        style.background = isFocused ? .selection : .selectionDim
        if isFocused, style.foreground == .text { style.foreground = .selectionText }
      }
      frame.put(
        frame.glyphs.cursor, x: area.x, y: area.y, style: Style(.accent, on: isFocused ? .selection : .selectionDim))
    }
  }
}
