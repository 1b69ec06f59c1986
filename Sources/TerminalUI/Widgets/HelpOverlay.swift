/// The help of a screen, made from its bindings: every key, what it does, and why it cannot where it cannot.
public struct HelpOverlay {
  /// The title.
  public var title: SafeText
  /// The bindings by heading.
  public var sections: [(heading: SafeText, bindings: [Binding])]
  /// The line at the top.
  public var offset: Int

  /// The help of a context.
  public init(title: SafeText, keymap: Keymap, context: String, offset: Int = 0) {
    self.title = title
    let own = keymap.bindings.filter { $0.context == context && context != Binding.everywhere }
    let common = keymap.bindings.filter { $0.context == Binding.everywhere }
    sections = [(title, own), ("everywhere", common)].filter { !$0.1.isEmpty }
    self.offset = offset
  }

  /// The columns that keys take at most; more of them go on below.
  static let keyWidth = 12

  /// The lines of the help, broken to a width; what goes on stands below its own column.
  public func lines(_ glyphs: GlyphSet, width: Int = Size.limit) -> [Line] {
    let all = sections.flatMap(\.bindings).filter { !$0.keys.isEmpty }
    let keyWidth = min(all.map { $0.keyLabel(glyphs, all: true).columns }.max() ?? 0, Self.keyWidth)
    let room = max(width - keyWidth - 4, Self.keyWidth)
    var lines: [Line] = []
    for (heading, bindings) in sections {
      if !lines.isEmpty { lines.append("") }
      lines.append(Line(heading, Style(.title, on: .sheet)))
      for binding in bindings where !binding.keys.isEmpty {
        var text = Line(binding.description, Style(binding.disabledReason == nil ? .text : .muted, on: .sheet))
        if let reason = binding.disabledReason { text.append("  (not now: \(reason))", Style(.warn, on: .sheet)) }
        let keys = Line(binding.keyLabel(glyphs, all: true), Style(.key, on: .sheet)).wrapped(to: keyWidth)
        let texts = text.wrapped(to: room)
        for row in 0..<max(keys.count, texts.count) {
          var line = Line("  ", Style(.key, on: .sheet))
          line.spans += row < keys.count ? keys[row].spans : []
          guard row < texts.count else {
            lines.append(line)
            continue
          }
          let gap = SafeText.empty.padded(to: max(keyWidth + 4 - line.columns, 0))
          line.append(gap, Style(.key, on: .sheet))
          line.spans += texts[row].spans
          lines.append(line)
        }
      }
    }
    return lines
  }

  /// Draws the help as a sheet above the screen.
  public func draw(in rect: Rect, on frame: inout Frame) {
    let lines = lines(frame.glyphs, width: rect.width - 4)
    let width = (lines.map(\.columns).max() ?? 0) + 6
    let inside = frame.sheet(Size(width: width, height: lines.count + 2), in: rect, title: "Keys")
    TextView(lines, offset: min(offset, TextView.lastOffset(lines: lines.count, height: inside.height)))
      .draw(in: inside, on: &frame)
  }
}
