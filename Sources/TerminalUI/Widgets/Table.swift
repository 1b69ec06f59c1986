/// A column of a table.
public struct Column: Hashable, Sendable {
  /// The heading.
  public var title: SafeText
  /// The columns it takes at least.
  public var minimum: Int
  /// Its share of the room left over; 0 keeps it at its minimum.
  public var flex: Int
  /// The columns it takes at most.
  public var maximum: Int
  /// The side its text keeps to.
  public var align: Alignment
  /// The order of dropping where there is no room: the lowest goes first.
  public var priority: Int
  /// The order of sorting shown in the heading; true is ascending.
  public var sorted: Bool?
  /// Whether what has no room is cut in its middle, as identifiers are, rather than at its end.
  public var keepsEnd: Bool

  /// A column.
  public init(
    _ title: SafeText, minimum: Int, flex: Int = 0, maximum: Int = Size.limit, align: Alignment = .left,
    priority: Int = 100, sorted: Bool? = nil, keepsEnd: Bool = false
  ) {
    self.title = title
    self.minimum = max(minimum, 0)
    self.flex = max(flex, 0)
    self.maximum = maximum
    self.align = align
    self.priority = priority
    self.sorted = sorted
    self.keepsEnd = keepsEnd
  }
}

/// One row of a table.
public struct TableRow: Hashable, Sendable {
  /// The cells by column; missing ones stay empty.
  public var cells: [Line]
  /// The look of the whole row beneath the cells' own; nil leaves them.
  public var style: Style?
  /// Whether the row carries a mark.
  public var isMarked: Bool
  /// What stands before a row that is neither chosen nor marked.
  public var sign: Unicode.Scalar?

  /// A row.
  public init(_ cells: [Line], style: Style? = nil, isMarked: Bool = false, sign: Unicode.Scalar? = nil) {
    self.cells = cells
    self.style = style
    self.isMarked = isMarked
    self.sign = sign
  }
}

/// A table of which only the visible rows are ever formatted: ten thousand rows cost what twenty do.
public struct Table {
  /// The columns from left to right.
  public var columns: [Column]
  /// The number of rows.
  public var count: Int
  /// The choice and the window; nil for a table without choice.
  public var state: ListState?
  /// Whether the table's pane has the focus.
  public var isFocused: Bool
  /// What is shown where there is no row.
  public var placeholder: SafeText
  /// Formats a row by its number.
  public var row: (Int) -> TableRow

  /// A table.
  public init(
    columns: [Column], count: Int, state: ListState? = nil, isFocused: Bool = true, placeholder: SafeText = "none",
    row: @escaping (Int) -> TableRow
  ) {
    self.columns = columns
    self.count = max(count, 0)
    self.state = state
    self.isFocused = isFocused
    self.placeholder = placeholder
    self.row = row
  }

  /// The rows that fit below the heading.
  public static func height(in rect: Rect) -> Int { max(rect.height - 1, 0) }

  /// `3 of 120`, or `120`, for a box's title.
  public var position: SafeText {
    guard let state, count > 0 else { return "\(count)" }
    return "\(min(max(state.selected, 0), count - 1) + 1) of \(count)"
  }

  /// Draws the heading and the visible rows.
  public func draw(in rect: Rect, on frame: inout Frame) {
    guard !rect.isEmpty else { return }
    let gutter = state == nil ? 0 : 1
    let layout = Table.layout(columns, width: rect.width - gutter)
    let (head, body) = rect.splitTop(1)
    for (index, x, width) in layout {
      let column = columns[index]
      var title = column.title
      if let sorted = column.sorted {
        title = title + SafeText(escaped: String(sorted ? frame.glyphs.sortUp : frame.glyphs.sortDown))
      }
      let cell = Rect(x: rect.x + gutter + x, y: head.y, width: width, height: head.height)
      frame.put(title, in: cell, style: column.sorted == nil ? .header : Style.header.with(.bold), align: column.align)
    }
    guard count > 0 else {
      frame.put(placeholder, in: body.inset(left: gutter), style: .muted)
      return
    }
    let top = state?.top(count: count, height: body.height) ?? 0
    for line in 0..<min(body.height, count - top) {
      draw(row: top + line, layout, gutter, in: body.row(line), on: &frame)
    }
  }

  private func draw(
    row number: Int, _ layout: [(index: Int, x: Int, width: Int)], _ gutter: Int, in rect: Rect, on frame: inout Frame
  ) {
    let row = row(number)
    if let style = row.style { frame.fill(rect, style: style) }
    for (index, x, width) in layout where index < row.cells.count {
      let cell = Rect(x: rect.x + gutter + x, y: rect.y, width: width, height: 1).intersection(rect)
      var line = row.cells[index]
      if columns[index].keepsEnd { line.cutInside(to: cell.width, ellipsis: frame.glyphs.ellipsis) }
      let space = max(cell.width - frame.columns(of: line), 0)
      let left = columns[index].align == .left ? 0 : columns[index].align == .right ? space : space / 2
      frame.put(line, at: Point(x: cell.x + left, y: cell.y), width: cell.width - left)
    }
    if let style = row.style {
      frame.restyle(rect) {
        if $0.foreground == .text { $0.foreground = style.foreground }; $0.background = style.background
      }
    }
    if row.isMarked { frame.restyle(rect) { $0.foreground = .marked } }
    guard let state, min(max(state.selected, 0), count - 1) == number else {
      if gutter > 0, let sign = row.isMarked ? "*" : row.sign {
        frame.put(sign, x: rect.x, y: rect.y, style: row.isMarked ? Style(.marked) : row.style ?? .muted)
      }
      return
    }
    frame.restyle(rect) { style in
      style.background = isFocused ? .selection : .selectionDim
      if isFocused, style.foreground == .text || style.foreground == .muted { style.foreground = .selectionText }
    }
    if gutter > 0 {
      frame.put(
        row.isMarked ? "*" : frame.glyphs.cursor, x: rect.x, y: rect.y,
        style: Style(.accent, on: isFocused ? .selection : .selectionDim))
    }
  }

  /// The columns that fit, with their place and width: minima first, what is left over shared out by `flex`.
  static func layout(_ columns: [Column], width: Int) -> [(index: Int, x: Int, width: Int)] {
    let gap = 2
    var kept = Array(columns.indices)
    func needed() -> Int { kept.reduce(0) { $0 + columns[$1].minimum } + max(kept.count - 1, 0) * gap }
    while needed() > width, kept.count > 1 {
      guard let least = kept.reversed().min(by: { columns[$0].priority < columns[$1].priority }) else { break }
      kept.removeAll { $0 == least }
    }
    var widths = Dictionary(uniqueKeysWithValues: kept.map { ($0, min(columns[$0].minimum, max(width, 0))) })
    var room = width - needed()
    var open = kept.filter { columns[$0].flex > 0 }
    while room > 0, !open.isEmpty {
      let shares = open.reduce(0) { $0 + columns[$1].flex }
      var given = 0
      for index in open {
        let now = widths[index] ?? 0
        let share = min(max(room * columns[index].flex / max(shares, 1), 1), room - given)
        let more = min(share, max(columns[index].maximum - now, 0))
        widths[index] = now + more
        given += more
      }
      room -= given
      open.removeAll { (widths[$0] ?? 0) >= columns[$0].maximum }
      if given == 0 { break }
    }
    var x = 0
    return kept.map { index in
      defer { x += (widths[index] ?? 0) + gap }
      return (index, x, widths[index] ?? 0)
    }
  }
}

extension Line {
  /// Cuts the middle out of the last piece where the line has no room.
  fileprivate mutating func cutInside(to width: Int, ellipsis: String) {
    guard columns > width, let last = spans.popLast() else { return }
    append(last.text.cutInside(to: max(width - columns, 0), ellipsis: ellipsis), last.style)
  }
}
