extension Frame {
  /// Draws text and answers the columns drawn.
  ///
  /// - Parameters:
  ///   - text: escaped text (`SafeText`); a literal or an interpolation will do.
  ///   - point: where its first column goes.
  ///   - style: its look.
  ///   - width: the columns it may take; longer text ends in an ellipsis.
  @discardableResult
  public mutating func put(
    _ text: SafeText, at point: Point, style: Style = .text, width: Int = Size.limit
  ) -> Int {
    guard width > 0 else { return 0 }
    let text = glyphs.spelled(text)
    if text.columns > width {
      return write(text.truncated(to: width, ellipsis: glyphs.ellipsis).text, at: point, style: style, limit: width)
    }
    return write(text.text, at: point, style: style, limit: width)
  }

  /// Draws text in a rectangle's first row, cut to its width and aligned in it.
  public mutating func put(_ text: SafeText, in rect: Rect, style: Style = .text, align: Alignment = .left) {
    guard !rect.isEmpty else { return }
    let text = glyphs.spelled(text)
    let space = max(rect.width - text.columns, 0)
    let x = rect.x + (align == .left ? 0 : align == .right ? space : space / 2)
    put(text, at: Point(x: x, y: rect.y), style: style, width: rect.maxX - x)
  }

  /// The columns a line takes as it is drawn here.
  func columns(of line: Line) -> Int { line.spans.reduce(0) { $0 + glyphs.spelled($1.text).columns } }

  /// Draws a line of several styles and answers the columns drawn.
  @discardableResult
  public mutating func put(_ line: Line, at point: Point, width: Int = Size.limit) -> Int {
    var used = 0
    for span in line.spans {
      guard used < width else { break }
      used += put(span.text, at: Point(x: point.x + used, y: point.y), style: span.style, width: width - used)
    }
    return used
  }

  /// Writes escaped text; what is left of the clip is skipped, what is right of it dropped.
  private mutating func write(_ text: String, at point: Point, style: Style, limit: Int) -> Int {
    let visible = point.y >= clip.y && point.y < clip.maxY
    let start = point.x
    let end = start + min(limit, Size.limit)
    var x = start
    let row = point.y * size.width
    if let fast = text.utf8.withContiguousStorageIfAvailable({ bytes -> Int? in
      for byte in bytes where byte >= 0x80 { return nil }
      let last = min(start + bytes.count, end)
      let from = max(start, clip.x)
      let to = min(last, clip.maxX)
      if visible && from < to {
        release(row: row, from: from, to: to)
        for column in from..<to {
          cells[row + column] = Cell(Unicode.Scalar(bytes[column - start]), style: style)
        }
      }
      return last - start
    }), let columns = fast {
      return columns
    }
    var previous: Int?
    for scalar in text.unicodeScalars {
      let width = DisplayWidth.columns(of: scalar)
      if width == 0 {
        if let previous { cells[previous].add(mark: scalar) }
        continue
      }
      if x + width > end { break }
      previous = set(scalar, width: width, x: x, y: point.y, style: style)
      x += width
    }
    return x - start
  }

  /// Sets one cell, two for a wide character; a wide character cut by the clip becomes a space. Answers the cell's index.
  private mutating func set(_ scalar: Unicode.Scalar, width: Int, x: Int, y: Int, style: Style) -> Int? {
    guard y >= clip.y, y < clip.maxY, x + width > clip.x, x < clip.maxX else { return nil }
    let row = y * size.width
    if width == 2 {
      guard x >= clip.x, x + 1 < clip.maxX else {
        let column = max(x, clip.x)
        release(row: row, from: column, to: column + 1)
        cells[row + column] = Cell(style: style)
        return nil
      }
      release(row: row, from: x, to: x + 2)
      cells[row + x] = Cell(scalar: scalar, width: 2, style: style)
      cells[row + x + 1] = Cell(scalar: " ", width: 0, style: style)
      return row + x
    }
    release(row: row, from: x, to: x + 1)
    cells[row + x] = Cell(scalar, style: style)
    return row + x
  }
}
