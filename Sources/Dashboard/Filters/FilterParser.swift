/// Reads the find/hide language by recursive descent; its depth is bounded.
struct FilterParser {
  private enum Token: Hashable {
    case word(String)
    case quoted(String)
    case comparison(Filter.Comparison)
    case bang, open, close, find, hide, and, or
  }

  private var tokens: [Token]
  private var next = 0
  private var depth = 0

  init(_ text: String) { tokens = Self.tokens(of: text) }

  mutating func parse() throws(FilterError) -> Filter.Node {
    var shown: Filter.Node?
    while let token = peek {
      switch token {
      case .find:
        next += 1
        shown = Self.both(shown, try either())
      case .hide:
        next += 1
        shown = Self.both(shown, .not(try either()))
      default: shown = Self.both(shown, try either())
      }
      if peek == .close { throw FilterError(description: "a ) without its (") }
    }
    return shown ?? .everything
  }

  private var peek: Token? { next < tokens.count ? tokens[next] : nil }

  private static func both(_ left: Filter.Node?, _ right: Filter.Node) -> Filter.Node {
    left.map { .and($0, right) } ?? right
  }

  private mutating func either() throws(FilterError) -> Filter.Node {
    var node = try all()
    while peek == .or {
      next += 1
      node = .or(node, try all())
    }
    return node
  }

  private mutating func all() throws(FilterError) -> Filter.Node {
    var node = try single()
    while let token = peek {
      switch token {
      case .and:
        next += 1
        node = .and(node, try single())
      case .word, .quoted, .bang, .open: node = .and(node, try single())
      case .or, .close, .find, .hide, .comparison: return node
      }
    }
    return node
  }

  private mutating func single() throws(FilterError) -> Filter.Node {
    depth += 1
    defer { depth -= 1 }
    guard depth < 64 else { throw FilterError(description: "too many parentheses") }
    guard let token = peek else { throw FilterError(description: "something is missing at the end") }
    next += 1
    switch token {
    case .bang: return .not(try single())
    case .open:
      let node = try either()
      guard peek == .close else { throw FilterError(description: "a ( without its )") }
      next += 1
      return node
    case .quoted(let text): return .word(text.lowercased())
    case .word(let word): return try word.isEmpty ? .everything : condition(word)
    case .comparison(let comparison): throw FilterError(description: "\(comparison.rawValue) needs a field before it")
    case .and, .or, .close, .find, .hide: throw FilterError(description: "a condition is missing")
    }
  }

  private mutating func condition(_ word: String) throws(FilterError) -> Filter.Node {
    guard case .comparison(let comparison)? = peek else {
      return word.lowercased() == "idle" ? .idle : .word(word.lowercased())
    }
    guard let field = FilterField(typed: word) else {
      let known = FilterField.allCases.map(\.rawValue).joined(separator: " ")
      throw FilterError(description: "there is no field \(word); known are \(known)")
    }
    next += 1
    switch peek {
    case .word(let text)?, .quoted(let text)?:
      next += 1
      return .compare(field, comparison, Self.value(text, of: field))
    default: throw FilterError(description: "\(field.rawValue) \(comparison.rawValue) needs a value")
    }
  }

  private static func value(_ text: String, of field: FilterField) -> FilterValue {
    switch field {
    case .ns, .name, .plane, .kind, .proxy, .runtime, .role, .state, .severity: return .text(text.lowercased())
    case .rps, .err, .p50, .p95, .p99, .mtls, .ready, .total: break
    }
    let units: [(String, Double)] = [("ms", 1), ("%", 1), ("/s", 1), ("k", 1000), ("M", 1_000_000), ("s", 1000)]
    for (unit, factor) in units where text.hasSuffix(unit) {
      if let number = Double(text.dropLast(unit.count)), number.isFinite {
        return .number(number * factor / (field.isShare ? 100 : 1))
      }
    }
    guard let number = Double(text), number.isFinite else { return .text(text.lowercased()) }
    return .number(field.isShare ? number / 100 : number)
  }

  private static func tokens(of text: String) -> [Token] {
    let signs = Array(text.prefix(1024))
    var tokens: [Token] = []
    var index = 0
    while index < signs.count {
      let sign = signs[index]
      index += 1
      let follows: Character? = index < signs.count ? signs[index] : nil
      switch sign {
      case _ where sign.isWhitespace: continue
      case "(": tokens.append(.open)
      case ")": tokens.append(.close)
      case "~": tokens.append(.comparison(.contains))
      case ">", "<", "=", "!":
        if follows == "=" || (sign == "=" && follows == "~") {
          index += 1
          let pair = String(sign) + "="
          tokens.append(
            .comparison(
              sign == "=" ? (follows == "~" ? .contains : .equal) : Filter.Comparison(rawValue: pair) ?? .equal))
        } else if sign == "!" {
          tokens.append(.bang)
        } else {
          tokens.append(.comparison(Filter.Comparison(rawValue: String(sign)) ?? .equal))
        }
      case "\"":
        var quoted = ""
        while index < signs.count, signs[index] != "\"" {
          quoted.append(signs[index])
          index += 1
        }
        index += 1
        tokens.append(.quoted(quoted))
      default:
        var word = String(sign)
        while index < signs.count, !signs[index].isWhitespace, !"()<>=~!\"".contains(signs[index]) {
          word.append(signs[index])
          index += 1
        }
        tokens += Self.words(word)
      }
    }
    return tokens
  }

  /// `hide:idle` and `hide: idle` are the same.
  private static func words(_ word: String) -> [Token] {
    switch word {
    case "AND", "and", "&&": return [.and]
    case "OR", "or", "||": return [.or]
    case "NOT", "not": return [.bang]
    default: break
    }
    for (prefix, token) in [("find:", Token.find), ("hide:", Token.hide)] where word.lowercased().hasPrefix(prefix) {
      let rest = String(word.dropFirst(prefix.count))
      return rest.isEmpty ? [token] : [token, .word(rest)]
    }
    return [.word(word)]
  }
}
