/// A path to a value inside a JSON tree (RFC 6901), such as `/spec/http/0/route/1/weight`.
public struct JSONPointer: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
  /// The reference tokens, unescaped.
  public var tokens: [String]

  /// A pointer of tokens.
  public init(_ tokens: [String] = []) { self.tokens = tokens }

  /// A pointer from its text, or `nil` where it is neither empty nor begins with `/`.
  public init?(_ text: String) {
    if text.isEmpty {
      tokens = []
      return
    }
    guard text.hasPrefix("/") else { return nil }
    tokens = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { token in
      Self.replacing(Self.replacing(String(token), "~1", "/"), "~0", "~")
    }
  }

  public init(stringLiteral value: String) { self = JSONPointer(value) ?? JSONPointer([value]) }

  /// The text of the pointer.
  public var description: String {
    tokens.map { "/" + Self.replacing(Self.replacing($0, "~", "~0"), "/", "~1") }.joined()
  }

  /// The pointer of a member or element below this one.
  public func appending(_ token: String) -> JSONPointer { JSONPointer(tokens + [token]) }

  /// The pointer of an element below this one.
  public func appending(_ index: Int) -> JSONPointer { appending(String(index)) }

  /// The pointer of the value that holds this one, or `nil` at the root.
  public var parent: JSONPointer? { tokens.isEmpty ? nil : JSONPointer(Array(tokens.dropLast())) }

  private static func replacing(_ text: String, _ target: Character, _ replacement: String) -> String {
    guard text.contains(target) else { return text }
    return text.reduce(into: "") { result, character in
      if character == target { result += replacement } else { result.append(character) }
    }
  }

  private static func replacing(_ text: String, _ target: String, _ replacement: String) -> String {
    guard text.contains("~") || text.contains("/") else { return text }
    if target.count == 1, let character = target.first { return replacing(text, character, replacement) }
    var result = ""
    var rest = text[...]
    while let first = rest.first {
      if rest.hasPrefix(target) {
        result += replacement
        rest = rest.dropFirst(target.count)
      } else {
        result.append(first)
        rest = rest.dropFirst()
      }
    }
    return result
  }
}

extension JSONValue {
  /// The value at a pointer, or `nil` where there is none.
  public subscript(pointer: JSONPointer) -> JSONValue? {
    var value = self
    for token in pointer.tokens {
      switch value {
      case .object(let object):
        guard let member = object[token] else { return nil }
        value = member
      case .array(let items):
        guard let index = JSONValue.index(token), items.indices.contains(index) else { return nil }
        value = items[index]
      default: return nil
      }
    }
    return value
  }

  /// The array index a token spells (RFC 6901 §4: digits without leading zeros).
  static func index(_ token: String) -> Int? {
    guard !token.isEmpty, token.utf8.allSatisfy({ (0x30...0x39).contains($0) }), token == "0" || token.first != "0" else {
      return nil
    }
    return Int(token)
  }
}
