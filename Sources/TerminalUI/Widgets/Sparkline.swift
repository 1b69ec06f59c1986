/// A small chart of values over time, the newest at the right. Absent values (nil, NaN, infinite) stay empty.
public struct Sparkline {
  /// The ways of drawing, finest first.
  public enum Grain: Hashable, Sendable {
    /// Two values a cell, four dots a row.
    case braille
    /// One value a cell, eight levels a row.
    case block
  }

  /// The values, oldest first.
  public var values: [Double?]
  /// The value at the top; the greatest value where nil.
  public var maximum: Double?
  /// The way of drawing; ASCII is used where the frame allows nothing else.
  public var grain: Grain
  /// The look.
  public var style: Style

  /// A chart of values.
  public init(_ values: [Double?], maximum: Double? = nil, grain: Grain = .block, style: Style = Style(.chart)) {
    self.values = values
    self.maximum = maximum
    self.grain = grain
    self.style = style
  }

  /// Draws the newest values that fit; more rows give more levels.
  public func draw(in rect: Rect, on frame: inout Frame) {
    guard !rect.isEmpty else { return }
    let grain = frame.glyphs.isASCII ? .block : grain
    let each = grain == .braille ? 2 : 1
    let levels = (grain == .braille ? 4 : frame.glyphs.levels.count) * rect.height
    let shown = Array(values.suffix(rect.width * each))
    let top = Sparkline.usable(maximum) ?? shown.compactMap(Sparkline.usable).max() ?? 0
    let heights = shown.map { Sparkline.level(Sparkline.usable($0), top: top, levels: levels) }
    let cells = (heights.count + each - 1) / each
    let start = rect.maxX - cells
    for cell in 0..<cells {
      for row in 0..<rect.height {
        let floor = (rect.height - 1 - row) * (levels / rect.height)
        let first = heights.count - (cells - cell) * each
        guard let sign = sign(grain, heights, at: first, floor, frame.glyphs) else { continue }
        frame.put(sign, x: start + cell, y: rect.y + row, style: style)
      }
    }
  }

  /// The chart as one line of text, a sign a value, for a cell of a table; an absent value is a blank.
  public func text(_ glyphs: GlyphSet) -> SafeText {
    let top = Sparkline.usable(maximum) ?? values.compactMap(Sparkline.usable).max() ?? 0
    var signs = ""
    for value in values {
      let level = Sparkline.level(Sparkline.usable(value), top: top, levels: glyphs.levels.count)
      signs.unicodeScalars.append(level.map { glyphs.levels[$0 - 1] } ?? " ")
    }
    return SafeText(escaped: signs)
  }

  private func sign(
    _ grain: Grain, _ heights: [Int?], at index: Int, _ floor: Int, _ glyphs: GlyphSet
  ) -> Unicode.Scalar? {
    func height(_ index: Int) -> Int? {
      guard heights.indices.contains(index), let height = heights[index], height > floor else { return nil }
      return height - floor
    }
    switch grain {
    case .block:
      guard let height = height(index) else { return nil }
      return glyphs.levels[min(height, glyphs.levels.count) - 1]
    case .braille:
      let left: [UInt32] = [0, 0x40, 0x44, 0x46, 0x47]
      let right: [UInt32] = [0, 0x80, 0xA0, 0xB0, 0xB8]
      let dots = left[min(height(index) ?? 0, 4)] | right[min(height(index + 1) ?? 0, 4)]
      return dots == 0 ? nil : Unicode.Scalar(0x2800 + dots)
    }
  }

  static func usable(_ value: Double?) -> Double? {
    guard let value, value.isFinite else { return nil }
    return value
  }

  /// The level of a value: at least 1, so that zero differs from absent.
  static func level(_ value: Double?, top: Double, levels: Int) -> Int? {
    guard let value, levels > 0 else { return nil }
    guard top > 0, value > 0 else { return 1 }
    let share = min(value / top, 1)
    guard share.isFinite else { return 1 }
    return min(max(Int((share * Double(levels)).rounded(.up)), 1), levels)
  }
}
