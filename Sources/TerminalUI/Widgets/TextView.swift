/// Lines of text in a window that scrolls.
public struct TextView {
  /// The lines.
  public var lines: [Line]
  /// The line at the top.
  public var offset: Int
  /// The columns scrolled to the right, where lines are not wrapped.
  public var column: Int
  /// Whether long lines go on below.
  public var wraps: Bool

  /// A view of lines.
  public init(_ lines: [Line], offset: Int = 0, column: Int = 0, wraps: Bool = false) {
    self.lines = lines
    self.offset = offset
    self.column = max(column, 0)
    self.wraps = wraps
  }

  /// A view of foreign text, escaped line by line.
  public init(text: String, style: Style = .text, offset: Int = 0, column: Int = 0, wraps: Bool = false) {
    self.init(
      SafeText.lines(text).map { Line($0, style) }, offset: offset, column: column, wraps: wraps)
  }

  /// The greatest useful offset for a height.
  public static func lastOffset(lines: Int, height: Int) -> Int { max(lines - height, 0) }

  /// Scrolls as a key says; answers whether it was such a key.
  public static func scroll(_ offset: inout Int, _ key: Key, lines: Int, height: Int) -> Bool {
    var state = ListState(selected: offset)
    let last = lastOffset(lines: lines, height: height)
    guard state.handle(key, count: last + 1, height: height) else { return false }
    offset = state.selected
    return true
  }

  /// Draws the visible lines.
  public func draw(in rect: Rect, on frame: inout Frame) {
    guard !rect.isEmpty, !lines.isEmpty else { return }
    let first = min(max(offset, 0), max(lines.count - 1, 0))
    var y = rect.y
    frame.clipped(to: rect) { frame in
      for line in lines[first...] {
        guard y < rect.maxY else { break }
        guard wraps else {
          frame.put(line, at: Point(x: rect.x - column, y: y))
          y += 1
          continue
        }
        for part in line.wrapped(to: rect.width) {
          guard y < rect.maxY else { break }
          frame.put(part, at: Point(x: rect.x, y: y))
          y += 1
        }
      }
    }
  }
}

extension Line {
  /// The line in pieces of at most `width` columns, broken after a space where there is one, or at one, which is left out; what
  /// goes on begins where the line's own text does.
  public func wrapped(to width: Int) -> [Line] {
    guard width > 0 else { return [] }
    if columns <= width { return [self] }
    var signs: [(scalar: Unicode.Scalar, width: Int, style: Style)] = []
    for span in spans {
      for scalar in span.text.text.unicodeScalars {
        signs.append((scalar, DisplayWidth.columns(of: scalar), span.style))
      }
    }
    let leading = signs.prefix { $0.scalar == " " }
    let margin = leading.count <= min(width / 2, width - 2) ? leading : []
    var lines: [Line] = []
    var start = 0
    while start < signs.count {
      var end = start
      var used = start == 0 ? 0 : margin.count
      var space: Int?
      while end < signs.count, used + signs[end].width <= width {
        used += signs[end].width
        end += 1
        if signs[end - 1].scalar == " ", end > leading.count { space = end }
      }
      // A space that finds no room is where the line breaks.
      let isSpace = end < signs.count && end > leading.count && signs[end].scalar == " "
      if end < signs.count, !isSpace, let space { end = space }
      if end == start { end = start + 1 }
      lines.append(Line(start == 0 ? signs[..<end] : margin + signs[start..<end]))
      start = isSpace ? end + 1 : end
    }
    return lines
  }

  private init(_ signs: ArraySlice<(scalar: Unicode.Scalar, width: Int, style: Style)>) {
    var spans: [TextSpan] = []
    var text = String.UnicodeScalarView()
    var style: Style?
    for sign in signs {
      if let open = style, open != sign.style {
        spans.append(TextSpan(SafeText(escaped: String(text)), open))
        text = String.UnicodeScalarView()
      }
      style = sign.style
      text.append(sign.scalar)
    }
    if let style { spans.append(TextSpan(SafeText(escaped: String(text)), style)) }
    self.init(spans)
  }
}
