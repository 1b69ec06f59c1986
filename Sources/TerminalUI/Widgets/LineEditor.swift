/// A line of text under edit: cursor, history, completion. A paste never submits it.
public struct LineEditor: Hashable, Sendable {
  /// What became of an event.
  public enum Outcome: Hashable, Sendable {
    /// Not an editing key; the caller may use it.
    case ignored
    /// The text or the cursor changed.
    case changed
    /// Return was pressed.
    case submitted(String)
    /// Escape or Ctrl-C was pressed.
    case cancelled
  }

  /// The characters.
  public private(set) var characters: [Character]
  /// The cursor, before the character of that number.
  public private(set) var cursor: Int
  /// Earlier lines, the latest last.
  public var history: [String]
  /// What the text could become, the best first; Tab takes them in turn.
  public var completions: [String] = []
  private var recalled: Int?
  private var draft = ""
  private var cycled: Int?

  /// The longest text, in characters.
  public static let limit = 4096

  /// An editor with a text, the cursor at its end.
  public init(_ text: String = "", history: [String] = []) {
    characters = Array(text.prefix(LineEditor.limit))
    cursor = characters.count
    self.history = history
  }

  /// The text.
  public var text: String {
    get { String(characters) }
    set {
      characters = Array(newValue.prefix(LineEditor.limit))
      cursor = characters.count
    }
  }

  /// The rest of the first completion, shown behind the cursor; nil unless the cursor is at the end.
  public var ghost: String? {
    guard cursor == characters.count, let first = completions.first, first.hasPrefix(text) else { return nil }
    return String(first.dropFirst(text.count))
  }

  /// Edits as an event says.
  public mutating func handle(_ event: InputEvent) -> Outcome {
    switch event {
    case .key(let key): return handle(key)
    case .paste(let text):
      // Line ends in a paste are text on one line: they never submit.
      insert(text.split(whereSeparator: \.isNewline).joined(separator: " "))
      return .changed
    case .mouse, .resize: return .ignored
    }
  }

  private mutating func handle(_ key: Key) -> Outcome {
    if key != .tab && key != .backTab { cycled = nil }
    switch key {
    case .enter:
      let line = text
      if !line.isEmpty, history.last != line { history.append(line) }
      recalled = nil
      return .submitted(line)
    case .escape, .ctrl("c"): return .cancelled
    case .left, .ctrl("b"): cursor = max(cursor - 1, 0)
    case .right, .ctrl("f"):
      if cursor == characters.count, let ghost, !ghost.isEmpty {
        insert(ghost)
      } else {
        cursor = min(cursor + 1, characters.count)
      }
    case .home, .ctrl("a"): cursor = 0
    case .end, .ctrl("e"): cursor = characters.count
    case Key(.left, .control), .alt("b"): cursor = wordStart()
    case Key(.right, .control), .alt("f"): cursor = wordEnd()
    case .backspace, .ctrl("h"):
      guard cursor > 0 else { return .changed }
      cursor -= 1
      characters.remove(at: cursor)
    case .delete, .ctrl("d"):
      if cursor < characters.count { characters.remove(at: cursor) }
    case .ctrl("u"):
      characters.removeSubrange(0..<cursor)
      cursor = 0
    case .ctrl("k"): characters.removeSubrange(cursor..<characters.count)
    case .ctrl("w"), Key(.backspace, .alt):
      let start = wordStart()
      characters.removeSubrange(start..<cursor)
      cursor = start
    case .up, .ctrl("p"): recall(-1)
    case .down, .ctrl("n"): recall(1)
    case .tab: return complete(by: 1)
    case .backTab: return complete(by: -1)
    default:
      guard let character = key.character else { return .ignored }
      insert(String(character))
    }
    return .changed
  }

  /// Inserts text at the cursor.
  public mutating func insert(_ text: String) {
    let room = max(LineEditor.limit - characters.count, 0)
    let more = Array(text.prefix(room))
    characters.insert(contentsOf: more, at: cursor)
    cursor += more.count
  }

  private mutating func recall(_ step: Int) {
    guard !history.isEmpty else { return }
    if recalled == nil {
      guard step < 0 else { return }
      draft = text
    }
    let next = (recalled ?? history.count) + step
    if next >= history.count {
      recalled = nil
      text = draft
    } else {
      recalled = max(next, 0)
      text = history[max(next, 0)]
    }
  }

  private mutating func complete(by step: Int) -> Outcome {
    guard !completions.isEmpty else { return .ignored }
    let next =
      cycled.map { ($0 + step + completions.count) % completions.count } ?? (step > 0 ? 0 : completions.count - 1)
    text = completions[min(next, completions.count - 1)]
    cycled = next
    return .changed
  }

  private func wordStart() -> Int {
    var index = cursor
    while index > 0, !characters[index - 1].isLetter, !characters[index - 1].isNumber { index -= 1 }
    while index > 0, characters[index - 1].isLetter || characters[index - 1].isNumber { index -= 1 }
    return index
  }

  private func wordEnd() -> Int {
    var index = cursor
    while index < characters.count, !characters[index].isLetter, !characters[index].isNumber { index += 1 }
    while index < characters.count, characters[index].isLetter || characters[index].isNumber { index += 1 }
    return index
  }

  /// Draws the text after a prompt, scrolled so that the cursor is visible, and places the terminal's cursor.
  public func draw(
    in rect: Rect, on frame: inout Frame, prompt: SafeText = .empty, isFocused: Bool = true
  ) {
    guard !rect.isEmpty else { return }
    let style = Style(.inputText, on: .input)
    let line = rect.row(0)
    frame.fill(line, style: style)
    let start = frame.put(prompt, at: line.origin, style: Style(.key, on: style.background), width: line.width)
    let field = line.inset(left: start)
    let before = SafeText(String(characters[0..<cursor]), limit: .max).columns
    let shift = max(before - max(field.width - 1, 0), 0)
    frame.clipped(to: field) { frame in
      let used = frame.put(SafeText(text, limit: .max), at: Point(x: field.x - shift, y: field.y), style: style)
      if isFocused, let ghost {
        frame.put(
          SafeText(ghost), at: Point(x: field.x - shift + used, y: field.y), style: Style(.ghost, on: style.background))
      }
    }
    if isFocused { frame.cursor = Point(x: min(field.x + before - shift, max(line.maxX - 1, 0)), y: line.y) }
  }
}
