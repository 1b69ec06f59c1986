/// A writer of JSON text into bytes.
///
/// Control characters, C1 controls and bidirectional marks are escaped, so the text is safe to show on a terminal as it is.
public struct JSONWriter: Sendable {
  /// The text so far.
  public private(set) var bytes: [UInt8] = []
  let indent: Int?
  /// How many objects and arrays are open.
  private var depth = 0
  /// Whether the innermost of them has nothing in it yet.
  private var isEmpty = true
  private var afterName = false

  /// Creates a writer; `indent` is the number of spaces a level, or `nil` for the compact form.
  public init(indent: Int? = nil) { self.indent = indent }

  /// The bytes of a tree.
  public static func bytes(_ value: JSONValue, indent: Int? = nil) -> [UInt8] {
    var writer = JSONWriter(indent: indent)
    writer.value(value)
    return writer.bytes
  }

  /// The text of a tree.
  public static func text(_ value: JSONValue, indent: Int? = nil) -> String {
    String(decoding: bytes(value, indent: indent), as: UTF8.self)
  }

  /// Takes what was written so far, leaving the writer in place to go on.
  public mutating func drain() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }

  /// Hands on what was written so far and goes on in the same memory: for streaming a long list.
  public mutating func drain<Failure: Error>(into receive: ([UInt8]) throws(Failure) -> Void) throws(Failure) {
    defer { bytes.removeAll(keepingCapacity: true) }
    try receive(bytes)
  }

  /// Writes an object whose members `body` writes with ``name(_:)``.
  public mutating func object(_ body: (inout JSONWriter) -> Void) {
    beginObject()
    body(&self)
    endObject()
  }

  /// Writes an array whose elements `body` writes.
  public mutating func array(_ body: (inout JSONWriter) -> Void) {
    beginArray()
    body(&self)
    endArray()
  }

  /// Begins an object.
  public mutating func beginObject() { begin(UInt8(ascii: "{")) }
  /// Ends an object.
  public mutating func endObject() { end(UInt8(ascii: "}")) }
  /// Begins an array.
  public mutating func beginArray() { begin(UInt8(ascii: "[")) }
  /// Ends an array.
  public mutating func endArray() { end(UInt8(ascii: "]")) }

  /// Writes a member's name; its value must follow.
  public mutating func name(_ name: String) {
    separate()
    quote(name)
    bytes.append(UInt8(ascii: ":"))
    if indent != nil { bytes.append(0x20) }
    afterName = true
  }

  /// Writes a member of a string value; `nil` is left out.
  public mutating func member(_ name: String, _ value: String?) {
    guard let value else { return }
    self.name(name)
    string(value)
  }

  /// Writes a member of an integer value; `nil` is left out.
  public mutating func member(_ name: String, _ value: Int?) {
    guard let value else { return }
    self.name(name)
    raw(String(value))
  }

  /// Writes a member of a floating-point value; `nil` is left out.
  public mutating func member(_ name: String, _ value: Double?) {
    guard let value else { return }
    self.name(name)
    number(value)
  }

  /// Writes a member of a boolean value; `nil` is left out.
  public mutating func member(_ name: String, _ value: Bool?) {
    guard let value else { return }
    self.name(name)
    raw(value ? "true" : "false")
  }

  /// Writes a string.
  public mutating func string(_ value: String) {
    separate()
    quote(value)
  }

  /// Writes a floating-point number; `null` where it is not finite, since JSON has no spelling for that.
  public mutating func number(_ value: Double) { raw(JSONValue.spelling(of: value) ?? "null") }

  /// Writes text that is a JSON value already.
  public mutating func raw(_ text: String) {
    separate()
    bytes.append(contentsOf: text.utf8)
  }

  /// Writes bytes that are a JSON value already.
  public mutating func raw(bytes value: some Sequence<UInt8>) {
    separate()
    bytes.append(contentsOf: value)
  }

  /// Writes a tree.
  public mutating func value(_ value: JSONValue) {
    switch value {
    case .null: raw("null")
    case .bool(let value): raw(value ? "true" : "false")
    case .number(let text): raw(text)
    case .string(let text): string(text)
    case .array(let items):
      beginArray()
      for item in items { self.value(item) }
      endArray()
    case .object(let object):
      beginObject()
      for member in object.members {
        name(member.name)
        self.value(member.value)
      }
      endObject()
    }
  }

  private mutating func begin(_ byte: UInt8) {
    separate()
    bytes.append(byte)
    depth += 1
    isEmpty = true
  }

  private mutating func end(_ byte: UInt8) {
    depth -= 1
    if !isEmpty { newLine() }
    bytes.append(byte)
    // What encloses it has something in it now.
    isEmpty = false
  }

  private mutating func separate() {
    if afterName {
      afterName = false
      return
    }
    guard depth > 0 else { return }
    if !isEmpty { bytes.append(UInt8(ascii: ",")) }
    isEmpty = false
    newLine()
  }

  /// A line feed and the spaces of many levels.
  private static let lineStart: [UInt8] = [0x0A] + Array(repeating: 0x20, count: 64)

  private mutating func newLine() {
    guard let indent else { return }
    let width = max(0, indent * depth)
    let shared = min(width + 1, Self.lineStart.count)
    Self.lineStart.withUnsafeBufferPointer { bytes.append(contentsOf: UnsafeBufferPointer(rebasing: $0[..<shared])) }
    for _ in shared..<(width + 1) { bytes.append(0x20) }
  }

  private mutating func quote(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    var text = text
    let plain = text.withUTF8 { utf8 -> Bool in
      guard EightBytes.isPlain(utf8) else { return false }
      bytes.append(contentsOf: utf8)
      return true
    }
    if !plain { for scalar in text.unicodeScalars { append(scalar) } }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func append(_ scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x22: bytes.append(contentsOf: "\\\"".utf8)
    case 0x5C: bytes.append(contentsOf: "\\\\".utf8)
    case 0x0A: bytes.append(contentsOf: "\\n".utf8)
    case 0x0D: bytes.append(contentsOf: "\\r".utf8)
    case 0x09: bytes.append(contentsOf: "\\t".utf8)
    case 0..<0x20, 0x7F...0x9F, 0xAD, 0x61C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
      0xFFF9...0xFFFB:
      escape(scalar.value)
    case 0xE0000...0xE0FFF:
      escape(0xD800 + (scalar.value - 0x10000) >> 10)
      escape(0xDC00 + (scalar.value - 0x10000) & 0x3FF)
    default: bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
  }

  private mutating func escape(_ unit: UInt32) {
    let digits = Array("0123456789abcdef".utf8)
    bytes.append(contentsOf: "\\u".utf8)
    for shift in [12, 8, 4, 0] as [UInt32] { bytes.append(digits[Int(unit >> shift & 0xF)]) }
  }
}
