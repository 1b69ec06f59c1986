/// A parser of PromQL: one expression of one line.
struct PromQLParser {
  private let characters: [Character]
  private var place = 0

  /// The deepest nesting taken.
  private static let limit = 64
  private var depth = 0

  /// The expression that a text is.
  static func parse(_ text: String) throws(PromQLFailure) -> PromQLExpression {
    var parser = PromQLParser(characters: Array(text))
    let expression = try parser.expression(0)
    parser.skipSpace()
    guard parser.place == parser.characters.count else {
      throw .parsing("unexpected character: \"\(parser.characters[parser.place])\"", at: parser.place)
    }
    return expression
  }

  private init(characters: [Character]) { self.characters = characters }

  private mutating func expression(_ strength: Int) throws(PromQLFailure) -> PromQLExpression {
    depth += 1
    defer { depth -= 1 }
    guard depth < Self.limit else { throw .parsing("expression nested too deeply", at: place) }
    var left = try operand()
    while let (binary, end) = nextOperator(), binary.strength > strength {
      place = end
      var on: [String]?
      if takeWord("on") { on = try names() }
      let right = try expression(binary.strength)
      left = .binary(binary, left, right, on: on)
    }
    return left
  }

  private mutating func nextOperator() -> (PromQLExpression.Operator, Int)? {
    skipSpace()
    for text in ["==", "!=", ">=", "<=", ">", "<", "+", "-", "*", "/"] where starts(with: text) {
      return PromQLExpression.Operator(rawValue: text).map { ($0, place + text.count) }
    }
    let word = String(characters[place...].prefix { $0.isLetter })
    return ["or", "and", "unless"].contains(word)
      ? PromQLExpression.Operator(rawValue: word).map { ($0, place + word.count) } : nil
  }

  private mutating func operand() throws(PromQLFailure) -> PromQLExpression {
    skipSpace()
    guard place < characters.count else { throw .parsing("unexpected end of input", at: place) }
    switch characters[place] {
    case "(":
      place += 1
      let inner = try expression(0)
      try expect(")")
      return inner
    case "\"", "'": return .text(try string())
    case "{": return .selector(try selector(""))
    case "-", "+":
      let isNegative = characters[place] == "-"
      place += 1
      let inner = try operand()
      return isNegative ? .binary(.times, .number(-1), inner, on: nil) : inner
    case let first where first.isNumber || first == ".": return .number(try number())
    case let first where first.isLetter || first == "_" || first == ":": return try named()
    case let other: throw .parsing("unexpected character: '\(other)'", at: place)
    }
  }

  /// What begins with a name: an aggregation, a call, or a selector.
  private mutating func named() throws(PromQLFailure) -> PromQLExpression {
    let start = place
    let name = word()
    if let aggregation = PromQLExpression.Aggregation(rawValue: name) {
      var labels = takeWord("by") ? try names() : nil
      try expect("(")
      let inner = try expression(0)
      try expect(")")
      if labels == nil, takeWord("by") { labels = try names() }
      return .aggregation(aggregation, by: labels ?? [], inner)
    }
    skipSpace()
    guard starts(with: "(") else { return .selector(try selector(name)) }
    guard let count = PromQLExpression.functions[name] else {
      throw .parsing("unknown function with name \"\(name)\"", at: start)
    }
    place += 1
    var arguments: [PromQLExpression] = []
    skipSpace()
    if starts(with: ")") {
      place += 1
    } else {
      repeat { arguments.append(try expression(0)) } while try goesOn(")")
    }
    // A label may be joined of any number of others.
    guard arguments.count == count || name == "label_join" && arguments.count > 3 else {
      throw .parsing("expected \(count) argument(s) in call to \"\(name)\", got \(arguments.count)", at: start)
    }
    return .call(name, arguments)
  }

  private mutating func selector(_ name: String) throws(PromQLFailure) -> PromQLExpression.Selector {
    var selector = PromQLExpression.Selector()
    if !name.isEmpty {
      selector.matchers.append(PromQLExpression.Matcher(label: "__name__", comparison: .equal, value: name))
    }
    skipSpace()
    if starts(with: "{") {
      place += 1
      skipSpace()
      if starts(with: "}") {
        place += 1
      } else {
        repeat {
          skipSpace()
          let label = word()
          guard !label.isEmpty else { throw .parsing("unexpected token inside braces", at: place) }
          skipSpace()
          guard let comparison = ["=~", "!~", "!=", "="].first(where: { starts(with: $0) }) else {
            throw .parsing("expected label matching operator", at: place)
          }
          place += comparison.count
          skipSpace()
          selector.matchers.append(
            PromQLExpression.Matcher(
              label: label, comparison: PromQLExpression.Matcher.Comparison(rawValue: comparison) ?? .equal,
              value: try string()))
        } while try goesOn("}")
      }
    }
    guard !selector.matchers.isEmpty else {
      throw .parsing("vector selector must contain at least one non-empty matcher", at: place)
    }
    skipSpace()
    if starts(with: "[") {
      place += 1
      let text = String(characters[place...].prefix { $0.isLetter || $0.isNumber })
      guard let milliseconds = Duration.milliseconds(text), milliseconds > 0 else {
        throw .parsing("bad number or duration syntax: \"\(text)\"", at: place)
      }
      place += text.count
      try expect("]")
      selector.range = milliseconds / 1_000
    }
    return selector
  }

  /// Names in parentheses.
  private mutating func names() throws(PromQLFailure) -> [String] {
    try expect("(")
    var names: [String] = []
    skipSpace()
    if starts(with: ")") {
      place += 1
      return names
    }
    repeat {
      skipSpace()
      let name = word()
      guard !name.isEmpty else { throw .parsing("unexpected token in grouping opts, expected label", at: place) }
      names.append(name)
    } while try goesOn(")")
    return names
  }

  /// Whether a comma follows, and not the end.
  private mutating func goesOn(_ end: Character) throws(PromQLFailure) -> Bool {
    skipSpace()
    if starts(with: ",") {
      place += 1
      return true
    }
    try expect(end)
    return false
  }

  private mutating func number() throws(PromQLFailure) -> Double {
    let text = String(characters[place...].prefix { $0.isNumber || $0 == "." || $0 == "e" || $0 == "E" })
    guard let value = Double(text) else { throw .parsing("bad number or duration syntax: \"\(text)\"", at: place) }
    place += text.count
    return value
  }

  private mutating func string() throws(PromQLFailure) -> String {
    guard place < characters.count, ["\"", "'"].contains(characters[place]) else {
      throw .parsing("unexpected token, expected string", at: place)
    }
    let (start, quote) = (place, characters[place])
    var text = ""
    place += 1
    while place < characters.count, characters[place] != quote {
      if characters[place] == "\\", place + 1 < characters.count {
        place += 1
        switch characters[place] {
        case "n": text += "\n"
        case "r": text += "\r"
        case "t": text += "\t"
        case "\\", "\"", "'": text.append(characters[place])
        case let other: throw .parsing("unknown escape sequence U+\(other)", at: place)
        }
      } else {
        text.append(characters[place])
      }
      place += 1
    }
    guard place < characters.count else { throw .parsing("unterminated quoted string", at: start) }
    place += 1
    return text
  }

  private mutating func word() -> String {
    let word = characters[place...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }
    place += word.count
    return String(word)
  }

  private mutating func takeWord(_ wanted: String) -> Bool {
    skipSpace()
    let start = place
    if word() == wanted { return true }
    place = start
    return false
  }

  private mutating func expect(_ character: Character) throws(PromQLFailure) {
    skipSpace()
    guard starts(with: String(character)) else {
      let found = place < characters.count ? "character: '\(characters[place])'" : "end of input"
      throw .parsing("unexpected \(found), expected '\(character)'", at: place)
    }
    place += 1
  }

  private func starts(with text: String) -> Bool { characters[place...].starts(with: text) }

  private mutating func skipSpace() {
    while place < characters.count, characters[place].isWhitespace { place += 1 }
  }
}
