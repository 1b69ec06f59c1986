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

  /// The lines of the help.
  public func lines(_ glyphs: GlyphSet) -> [Line] {
    let all = sections.flatMap(\.bindings).filter { !$0.keys.isEmpty }
    let width = min(all.map { $0.keyLabel(glyphs, all: true).columns }.max() ?? 0, 24)
    var lines: [Line] = []
    for (heading, bindings) in sections {
      if !lines.isEmpty { lines.append("") }
      lines.append(Line(heading, Style(.title, on: .sheet)))
      for binding in bindings where !binding.keys.isEmpty {
        var line = Line(
          "  \(binding.keyLabel(glyphs, all: true).padded(to: width))", Style(.key, on: .sheet))
        line.append("  \(binding.description)", Style(binding.disabledReason == nil ? .text : .muted, on: .sheet))
        if let reason = binding.disabledReason { line.append("  (not now: \(reason))", Style(.warn, on: .sheet)) }
        lines.append(line)
      }
    }
    return lines
  }

  /// Draws the help as a sheet above the screen.
  public func draw(in rect: Rect, on frame: inout Frame) {
    let lines = lines(frame.glyphs)
    let width = (lines.map(\.columns).max() ?? 0) + 6
    let inside = frame.sheet(Size(width: width, height: lines.count + 2), in: rect, title: "Keys")
    TextView(lines, offset: min(offset, TextView.lastOffset(lines: lines.count, height: inside.height)))
      .draw(in: inside, on: &frame)
  }
}
