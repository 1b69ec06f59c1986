/// A field of a form.
public struct FormField: Hashable, Sendable, Identifiable {
  /// What a field holds.
  public enum Value: Hashable, Sendable {
    /// A line of text.
    case text(LineEditor)
    /// A whole number in a range, changed by typing or by `+ - ← →` in steps.
    case number(LineEditor, range: ClosedRange<Int>, step: Int)
    /// One of several words, changed by `← →` or Space.
    case choice([String], selected: Int)
  }

  /// The name.
  public let id: String
  /// The label.
  public var label: SafeText
  /// What it holds.
  public var value: Value
  /// A remark below the field, such as why its value cannot be.
  public var note: SafeText?

  /// A field of text.
  public static func text(_ id: String, _ label: SafeText, _ text: String = "") -> FormField {
    FormField(id: id, label: label, value: .text(LineEditor(text)), note: nil)
  }

  /// A field of a number.
  public static func number(
    _ id: String, _ label: SafeText, _ number: Int, in range: ClosedRange<Int> = 0...Int.max, step: Int = 1
  ) -> FormField {
    FormField(id: id, label: label, value: .number(LineEditor(String(number)), range: range, step: step), note: nil)
  }

  /// A field of a choice.
  public static func choice(_ id: String, _ label: SafeText, _ words: [String], selected: Int = 0) -> FormField {
    FormField(
      id: id, label: label, value: .choice(words, selected: min(max(selected, 0), max(words.count - 1, 0))), note: nil)
  }

  /// The value as text.
  public var content: String {
    switch value {
    case .text(let editor), .number(let editor, _, _): editor.text
    case .choice(let words, let selected): words.indices.contains(selected) ? words[selected] : ""
    }
  }

  /// The value as a number in its range; nil where it is none.
  public var number: Int? {
    guard case .number(let editor, let range, _) = value, let number = Int(editor.text), range.contains(number) else {
      return nil
    }
    return number
  }

  /// Why the value cannot be used; nil where it can.
  public var problem: SafeText? {
    guard case .number(let editor, let range, _) = value, number == nil else { return nil }
    return Int(editor.text) == nil
      ? "not a whole number" : "not from \(range.lowerBound) to \(range.upperBound)"
  }

  mutating func handle(_ event: InputEvent) -> LineEditor.Outcome {
    switch value {
    case .text(var editor):
      let outcome = editor.handle(event)
      value = .text(editor)
      return outcome
    case .number(var editor, let range, let step):
      if case .key(let key) = event, let sign = FormField.direction(key), let number = Int(editor.text) {
        let (sum, overflow) = number.addingReportingOverflow(sign * step)
        if !overflow { editor.text = String(min(max(sum, range.lowerBound), range.upperBound)) }
        value = .number(editor, range: range, step: step)
        return .changed
      }
      if case .key(let key) = event, let character = key.character, !character.isNumber, character != "-" {
        return .ignored
      }
      let outcome = editor.handle(event)
      value = .number(editor, range: range, step: step)
      return outcome
    case .choice(let words, let selected):
      guard case .key(let key) = event, !words.isEmpty else { return .ignored }
      switch key {
      case .escape, .ctrl("c"): return .cancelled
      case .enter: return .submitted(content)
      case .space: value = .choice(words, selected: (selected + 1) % words.count)
      default:
        guard let sign = FormField.direction(key) else { return .ignored }
        value = .choice(words, selected: (selected + sign + words.count) % words.count)
      }
      return .changed
    }
  }

  private static func direction(_ key: Key) -> Int? {
    switch key {
    case .right, .char("+"): 1
    case .left, .char("-"): -1
    default: nil
    }
  }
}

/// Labelled fields, one of which has the focus. Tab and the arrows move between them.
public struct Form: Hashable, Sendable {
  /// What became of an event.
  public enum Outcome: Hashable, Sendable {
    /// Not a key of the form.
    case ignored
    /// A value or the focus changed.
    case changed
    /// Return was pressed.
    case submitted
    /// Escape was pressed.
    case cancelled
  }

  /// The fields from top to bottom.
  public var fields: [FormField]
  /// The field with the focus.
  public private(set) var focus: Int = 0

  /// A form.
  public init(_ fields: [FormField]) { self.fields = fields }

  /// A field by name.
  public subscript(id: String) -> FormField? { fields.first { $0.id == id } }

  /// The first reason why the form cannot be submitted.
  public var problem: SafeText? {
    fields.lazy.compactMap { field in field.problem.map { "\(field.label): \($0)" } }.first
  }

  /// The rows the form takes.
  public var height: Int { fields.reduce(0) { $0 + 1 + ($1.note == nil ? 0 : 1) } }

  /// Edits as an event says. Arrow keys up and down move the focus.
  public mutating func handle(_ event: InputEvent) -> Outcome {
    guard !fields.isEmpty else { return .ignored }
    switch event {
    case .key(.tab), .key(.down):
      focus = (focus + 1) % fields.count
      return .changed
    case .key(.backTab), .key(.up):
      focus = (focus + fields.count - 1) % fields.count
      return .changed
    default: break
    }
    switch fields[min(focus, fields.count - 1)].handle(event) {
    case .ignored: return .ignored
    case .changed: return .changed
    case .submitted: return .submitted
    case .cancelled: return .cancelled
    }
  }

  /// Draws the fields.
  public func draw(in rect: Rect, on frame: inout Frame, ground: Role = .background) {
    let label = min(fields.map(\.label.columns).max() ?? 0, rect.width / 2)
    var y = rect.y
    frame.clipped(to: rect) { frame in
      for (index, field) in fields.enumerated() {
        let isFocused = index == focus
        frame.put(
          field.label, at: Point(x: rect.x, y: y), style: Style(isFocused ? .accent : .muted, on: ground), width: label)
        let area = Rect(x: rect.x + label + 2, y: y, width: rect.width - label - 2, height: 1)
        switch field.value {
        case .text(let editor), .number(let editor, _, _): editor.draw(in: area, on: &frame, isFocused: isFocused)
        case .choice:
          frame.put(
            "\(isFocused ? "‹" : " ") \(SafeText(field.content)) \(isFocused ? "›" : " ")", in: area,
            style: Style(isFocused ? .accent : .text, on: ground))
        }
        y += 1
        guard let note = field.problem ?? field.note else { continue }
        if field.note != nil || isFocused {
          let style = Style(field.problem == nil ? .muted : .bad, on: ground)
          if field.note != nil {
            frame.put(note, at: Point(x: area.x, y: y), style: style, width: area.width)
            y += 1
          } else {
            frame.put(note, in: area, style: Style(.bad, on: .input), align: .right)
          }
        }
      }
    }
  }
}
