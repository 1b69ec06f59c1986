import CNCurses

/// The colour pairs handed out so far, and the looks of styles in the theme in use.
struct CursesPalette {
  private struct Colors: Hashable {
    var foreground: Int32
    var background: Int32
  }

  private var looks: [Style: (pair: Int32, attributes: UInt32)] = [:]
  private var pairs: [Colors: Int32] = [:]
  private var last: (style: Style, look: (pair: Int32, attributes: UInt32))?

  /// Forgets the looks, because the theme changed.
  mutating func forgetStyles() {
    looks = [:]
    last = nil
  }

  /// A cell as curses takes it. A character the C library measures otherwise becomes a plain sign of the same width.
  mutating func cell(_ cell: Cell, theme: Theme, depth: ColorDepth) -> cn_cell {
    let look = look(cell.style, theme, depth)
    var result = cn_cell()
    result.pair = look.pair
    result.attributes = look.attributes
    guard cell.width > 0 else { return result }
    let value = cell.scalar.value
    if value >= 0x7F, cn_width(value) != Int32(cell.width) {
      result.scalars.0 = cell.width == 2 ? 0x3013 : 0x3F
      return result
    }
    result.scalars = (value, cell.mark(0), cell.mark(1), cell.mark(2))
    return result
  }

  private mutating func look(_ style: Style, _ theme: Theme, _ depth: ColorDepth) -> (pair: Int32, attributes: UInt32) {
    if let last, last.style == style { return last.look }
    let found = looks[style] ?? resolve(style, theme, depth)
    looks[style] = found
    last = (style, found)
    return found
  }

  private mutating func resolve(
    _ style: Style, _ theme: Theme, _ depth: ColorDepth
  ) -> (pair: Int32, attributes: UInt32) {
    let appearance = theme.appearance(of: style, depth: depth)
    let attributes = UInt32(appearance.attributes.rawValue)
    guard depth != .mono else { return (0, attributes) }
    let colors = Colors(
      foreground: CursesPalette.number(appearance.foreground), background: CursesPalette.number(appearance.background))
    if colors.foreground < 0, colors.background < 0 { return (0, attributes) }
    if let pair = pairs[colors] { return (pair, attributes) }
    let pair = cn_pair(Int32(pairs.count + 1), colors.foreground, colors.background)
    if pair > 0 { pairs[colors] = pair }
    return (pair, attributes)
  }

  private static func number(_ color: ResolvedColor) -> Int32 {
    switch color {
    case .terminal: -1
    case .index(let index): Int32(index)
    case .rgb(let value): Int32(truncatingIfNeeded: value & 0xFFFFFF)
    }
  }
}
