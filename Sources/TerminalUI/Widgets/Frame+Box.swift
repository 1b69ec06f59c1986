extension Frame {
  /// Draws a box with titles on its border and answers what is inside.
  ///
  /// - Parameters:
  ///   - rect: the box, border included.
  ///   - title: the title at the left of the top border.
  ///   - note: a remark at the right of the top border, such as `3 of 120`.
  ///   - isFocused: whether its pane has the focus.
  ///   - isDouble: whether its lines are double.
  ///   - ground: the role of the ground inside.
  @discardableResult
  public mutating func box(
    _ rect: Rect, title: SafeText = .empty, note: SafeText = .empty, isFocused: Bool = false, isDouble: Bool = false,
    ground: Role = .background
  ) -> Rect {
    guard rect.width >= 2, rect.height >= 2 else { return Rect(x: rect.x, y: rect.y, width: 0, height: 0) }
    let signs = isDouble ? glyphs.doubleBorder : glyphs.border
    let style = Style(isFocused ? .borderFocus : .border, on: ground)
    let (right, bottom) = (rect.maxX - 1, rect.maxY - 1)
    fill(Rect(x: rect.x, y: rect.y, width: rect.width, height: 1), signs.horizontal, style: style)
    fill(Rect(x: rect.x, y: bottom, width: rect.width, height: 1), signs.horizontal, style: style)
    fill(Rect(x: rect.x, y: rect.y, width: 1, height: rect.height), signs.vertical, style: style)
    fill(Rect(x: right, y: rect.y, width: 1, height: rect.height), signs.vertical, style: style)
    put(signs.topLeft, x: rect.x, y: rect.y, style: style)
    put(signs.topRight, x: right, y: rect.y, style: style)
    put(signs.bottomLeft, x: rect.x, y: bottom, style: style)
    put(signs.bottomRight, x: right, y: bottom, style: style)
    let room = rect.width - 4
    if title.columns > 0, room > 0 {
      put(" \(title) ", at: Point(x: rect.x + 1, y: rect.y), style: Style(.title, on: ground), width: room + 2)
    }
    if note.columns > 0, title.columns + note.columns + 6 <= room {
      put(" \(note) ", at: Point(x: right - note.columns - 2, y: rect.y), style: Style(.muted, on: ground))
    }
    return rect.inset(horizontal: 1, vertical: 1)
  }

  /// Draws a sheet above the screen: a box of at most `size` in the middle of `rect`. Answers what is inside its border.
  @discardableResult
  public mutating func sheet(_ size: Size, in rect: Rect, title: SafeText, note: SafeText = .empty) -> Rect {
    let area = rect.centered(size)
    fill(area, style: Style(.text, on: .sheet))
    return box(area, title: title, note: note, isFocused: true, ground: .sheet).inset(horizontal: 1)
  }

  /// Draws a horizontal rule.
  public mutating func rule(_ rect: Rect, style: Style = .border) {
    fill(rect.row(0), glyphs.border.horizontal, style: style)
  }

  /// Asks for more room, in as many words as there is room for; for screens too small to be useful.
  public mutating func tooSmall(needed: Size) {
    fill(bounds)
    let least: SafeText = "\(needed.width)x\(needed.height)"
    let asks: [Line] = [
      Line("needs \(least), has \(size.width)x\(size.height)", .warn), Line("needs \(least)", .warn),
    ]
    let lines =
      asks.map { $0.wrapped(to: size.width) }
      .first { $0.count <= size.height && size.width > least.columns } ?? [Line(least, .warn)]
    let top = max(size.height - lines.count, 0) / 2
    for (row, line) in lines.enumerated() {
      let text = Rect(x: 0, y: top + row, width: size.width, height: 1).centered(Size(width: line.columns, height: 1))
      put(line, at: text.origin, width: text.width)
    }
  }
}
