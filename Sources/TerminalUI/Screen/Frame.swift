/// A picture of the screen: a grid of cells that views draw on.
///
/// Drawing outside the grid or outside the clip is dropped, so no size (0×0, 1×1) makes a view trap. Coordinates are
/// absolute. Rows drawn over a wide character leave no half of it behind.
public struct Frame: Hashable, Sendable {
  /// The size in cells.
  public let size: Size
  /// The signs to draw with.
  public let glyphs: GlyphSet
  /// Where the terminal's cursor is shown, if anywhere.
  public var cursor: Point?
  /// The cells outside of which nothing is drawn.
  public private(set) var clip: Rect
  /// The cells, row by row.
  public internal(set) var cells: [Cell]

  /// An empty frame.
  public init(size: Size, glyphs: GlyphSet = .unicode) {
    self.size = size
    self.glyphs = glyphs
    self.clip = Rect(size: size)
    self.cells = Array(repeating: Cell(), count: size.width * size.height)
  }

  /// An empty frame for a viewport.
  public init(_ viewport: Viewport) {
    self.init(size: viewport.size, glyphs: viewport.glyphs)
  }

  /// The whole frame.
  public var bounds: Rect { Rect(size: size) }

  /// Draws with everything outside `rect` dropped.
  public mutating func clipped(to rect: Rect, _ draw: (inout Frame) -> Void) {
    let before = clip
    clip = clip.intersection(rect)
    draw(&self)
    clip = before
  }

  /// The cell at a position, or nil outside the frame.
  public subscript(x: Int, y: Int) -> Cell? {
    bounds.contains(Point(x: x, y: y)) ? cells[y * size.width + x] : nil
  }

  /// Fills a rectangle with one sign.
  public mutating func fill(_ rect: Rect, _ scalar: Unicode.Scalar = " ", style: Style = .text) {
    let area = rect.intersection(clip)
    guard !area.isEmpty else { return }
    let scalar = glyphs.isASCII && !scalar.isASCII ? Frame.asciiSign(scalar) : scalar
    let cell = Cell(scalar, style: style)
    for y in area.rows {
      let row = y * size.width
      release(row: row, from: area.x, to: area.maxX)
      for x in area.columns { cells[row + x] = cell }
    }
  }

  /// Draws one sign.
  public mutating func put(_ scalar: Unicode.Scalar, x: Int, y: Int, style: Style = .text) {
    if scalar.value >= 0x20, scalar.value < 0x300 || DisplayWidth.columns(of: scalar) == 1 {
      fill(Rect(x: x, y: y, width: 1, height: 1), scalar, style: style)
    } else {
      put(SafeText(String(scalar)), at: Point(x: x, y: y), style: style)
    }
  }

  /// Gives the cells of a rectangle another look and leaves their text.
  public mutating func restyle(_ rect: Rect, _ change: (inout Style) -> Void) {
    let area = rect.intersection(clip)
    for y in area.rows {
      for x in area.columns { change(&cells[y * size.width + x].style) }
    }
  }

  /// Blanks the outer halves of wide characters that the columns `from..<to` of a row cut through.
  mutating func release(row: Int, from: Int, to: Int) {
    guard from < to else { return }
    if cells[row + from].width == 0, from > 0 { cells[row + from - 1] = Cell(style: cells[row + from - 1].style) }
    if to < size.width, cells[row + to].width == 0 { cells[row + to] = Cell(style: cells[row + to].style) }
  }

  static func asciiSign(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    GlyphSet.asciiWord(for: scalar)?.unicodeScalars.first ?? "?"
  }
}
