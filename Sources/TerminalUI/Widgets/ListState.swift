/// Which row of a list is chosen and which is at the top. Neither ever leaves the list.
public struct ListState: Hashable, Sendable {
  /// The chosen row, counted from 0.
  public var selected: Int
  /// The row at the top when last moved.
  public var offset: Int

  /// A state; the first row unless said otherwise.
  public init(selected: Int = 0, offset: Int = 0) {
    self.selected = selected
    self.offset = offset
  }

  /// Moves the choice by some rows; a `height` keeps the window still while the choice is inside it.
  public mutating func move(by rows: Int, count: Int, height: Int = 0) {
    let (sum, overflow) = selected.addingReportingOverflow(rows)
    selected = min(max(overflow ? (rows < 0 ? 0 : count - 1) : sum, 0), max(count - 1, 0))
    if height > 0 { offset = top(count: count, height: height) }
  }

  /// Chooses a row.
  public mutating func select(_ row: Int, count: Int, height: Int = 0) {
    selected = row
    move(by: 0, count: count, height: height)
  }

  /// Moves as a key says (arrows, `j k g G`, paging, Home, End); answers whether it was such a key.
  public mutating func handle(_ key: Key, count: Int, height: Int) -> Bool {
    let page = max(height - 1, 1)
    switch key {
    case .up, .char("k"): move(by: -1, count: count, height: height)
    case .down, .char("j"): move(by: 1, count: count, height: height)
    case .pageUp, .ctrl("b"): move(by: -page, count: count, height: height)
    case .pageDown, .ctrl("f"): move(by: page, count: count, height: height)
    case .home, .char("g"): select(0, count: count, height: height)
    case .end, .char("G"): select(max(count - 1, 0), count: count, height: height)
    default: return false
    }
    return true
  }

  /// The row at the top of a window in which the choice is visible.
  public func top(count: Int, height: Int) -> Int {
    guard height > 0, count > height else { return 0 }
    let chosen = min(max(selected, 0), count - 1)
    var top = min(max(offset, 0), count - height)
    if chosen < top { top = chosen }
    if chosen >= top + height { top = chosen - height + 1 }
    return top
  }
}
