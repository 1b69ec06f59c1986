/// A cell position, counted from 0 at the top left.
public struct Point: Hashable, Sendable {
  /// The column.
  public var x: Int
  /// The row.
  public var y: Int

  /// A position at a column and a row.
  public init(x: Int, y: Int) {
    self.x = x
    self.y = y
  }

  /// The top left corner.
  public static let zero = Point(x: 0, y: 0)
}

/// A width and a height in cells; neither is ever negative, and neither exceeds `Size.limit`.
public struct Size: Hashable, Sendable {
  /// The greatest width or height, far beyond any terminal and far below any overflow.
  public static let limit = 10_000

  /// The columns.
  public let width: Int
  /// The rows.
  public let height: Int

  /// A size; negative values become 0.
  public init(width: Int, height: Int) {
    self.width = min(max(width, 0), Size.limit)
    self.height = min(max(height, 0), Size.limit)
  }

  /// The size assumed of a terminal which does not tell.
  public static let standard = Size(width: 80, height: 24)

  /// Whether there is no cell.
  public var isEmpty: Bool { width == 0 || height == 0 }
}

/// A rectangle of cells. Every operation answers a rectangle of non-negative size, so `0..<rect.width` is always a range.
public struct Rect: Hashable, Sendable {
  /// The left column.
  public let x: Int
  /// The top row.
  public let y: Int
  /// The columns, never negative.
  public let width: Int
  /// The rows, never negative.
  public let height: Int

  /// A rectangle; a negative width or height becomes 0.
  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = max(width, 0)
    self.height = max(height, 0)
  }

  /// A rectangle at a corner.
  public init(origin: Point = .zero, size: Size) {
    self.init(x: origin.x, y: origin.y, width: size.width, height: size.height)
  }

  /// The top left corner.
  public var origin: Point { Point(x: x, y: y) }
  /// The width and height.
  public var size: Size { Size(width: width, height: height) }
  /// The first column to the right of the rectangle.
  public var maxX: Int { x + width }
  /// The first row below the rectangle.
  public var maxY: Int { y + height }
  /// Whether there is no cell.
  public var isEmpty: Bool { width == 0 || height == 0 }
  /// The columns.
  public var columns: Range<Int> { x..<(x + width) }
  /// The rows.
  public var rows: Range<Int> { y..<(y + height) }

  /// Whether a cell lies inside.
  public func contains(_ point: Point) -> Bool {
    point.x >= x && point.x < maxX && point.y >= y && point.y < maxY
  }

  /// The cells in both rectangles.
  public func intersection(_ other: Rect) -> Rect {
    let left = max(x, other.x)
    let top = max(y, other.y)
    return Rect(x: left, y: top, width: min(maxX, other.maxX) - left, height: min(maxY, other.maxY) - top)
  }

  /// The rectangle without a margin on each side.
  public func inset(horizontal: Int = 0, vertical: Int = 0) -> Rect {
    inset(left: horizontal, top: vertical, right: horizontal, bottom: vertical)
  }

  /// The rectangle without the given margins.
  public func inset(left: Int = 0, top: Int = 0, right: Int = 0, bottom: Int = 0) -> Rect {
    Rect(
      x: x + min(left, width), y: y + min(top, height), width: width - left - right, height: height - top - bottom)
  }

  /// The top `rows` rows and the rest.
  public func splitTop(_ rows: Int) -> (top: Rect, rest: Rect) {
    let cut = min(max(rows, 0), height)
    return (
      Rect(x: x, y: y, width: width, height: cut), Rect(x: x, y: y + cut, width: width, height: height - cut)
    )
  }

  /// The rest and the bottom `rows` rows.
  public func splitBottom(_ rows: Int) -> (rest: Rect, bottom: Rect) {
    let (rest, bottom) = splitTop(height - min(max(rows, 0), height))
    return (rest, bottom)
  }

  /// The left `columns` columns and the rest.
  public func splitLeft(_ columns: Int) -> (left: Rect, rest: Rect) {
    let cut = min(max(columns, 0), width)
    return (
      Rect(x: x, y: y, width: cut, height: height), Rect(x: x + cut, y: y, width: width - cut, height: height)
    )
  }

  /// A rectangle of at most `size`, in the middle of this one.
  public func centered(_ size: Size) -> Rect {
    let width = min(size.width, width)
    let height = min(size.height, height)
    return Rect(x: x + (self.width - width) / 2, y: y + (self.height - height) / 2, width: width, height: height)
  }

  /// The row at an offset from the top, empty where there is none.
  public func row(_ offset: Int) -> Rect {
    guard offset >= 0, offset < height else { return Rect(x: x, y: y, width: 0, height: 0) }
    return Rect(x: x, y: y + offset, width: width, height: 1)
  }
}
