/// A path to a value inside a JSON tree (RFC 6901), such as `/spec/http/0/route/1/weight`.
public struct JSONPointer: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
  /// The reference tokens, unescaped.
  public var tokens: [String]

  /// A pointer of tokens.
  public init(_ tokens: [String] = []) { self.tokens = tokens }

  /// A pointer from its text, or `nil` where it is neither empty nor begins with `/`, or has a `~` that is not `~0` or `~1`.
  public init?(_ text: String) {
    tokens = []
    guard !text.isEmpty else { return }
    guard text.utf8.first == UInt8(ascii: "/") else { return nil }
    for part in text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      guard let token = Self.unescape(part) else { return nil }
      tokens.append(token)
    }
  }

  public init(stringLiteral value: String) { self = JSONPointer(value) ?? JSONPointer([value]) }

  /// The text of the pointer.
  public var description: String { tokens.map { "/" + Self.escape($0) }.joined() }

  /// The pointer of a member or element below this one.
  public func appending(_ token: String) -> JSONPointer { JSONPointer(tokens + [token]) }

  /// The pointer of an element below this one.
  public func appending(_ index: Int) -> JSONPointer { appending(String(index)) }

  /// The pointer of the value that holds this one, or `nil` at the root.
  public var parent: JSONPointer? { tokens.isEmpty ? nil : JSONPointer(Array(tokens.dropLast())) }

  /// A token as a pointer spells it. Works on bytes: a combining mark after `/` must not hide it (RFC 6901 §3).
  private static func escape(_ token: String) -> String {
    guard token.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return token }
    var bytes: [UInt8] = []
    for byte in token.utf8 {
      switch byte {
      case UInt8(ascii: "~"): bytes += "~0".utf8
      case UInt8(ascii: "/"): bytes += "~1".utf8
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The token that a part of a pointer spells, or `nil` where an escape is none.
  private static func unescape(_ part: Substring.UTF8View) -> String? {
    guard part.contains(UInt8(ascii: "~")) else { return String(decoding: part, as: UTF8.self) }
    var bytes: [UInt8] = []
    var rest = part
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "~") else {
        bytes.append(byte)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "0"): bytes.append(UInt8(ascii: "~"))
      case UInt8(ascii: "1"): bytes.append(UInt8(ascii: "/"))
      default: return nil
      }
    }
    return String(decoding: bytes, as: UTF8.self)
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
    guard !token.isEmpty, token.utf8.allSatisfy({ (0x30...0x39).contains($0) }), token == "0" || token.first != "0"
    else {
      return nil
    }
    return Int(token)
  }
}
