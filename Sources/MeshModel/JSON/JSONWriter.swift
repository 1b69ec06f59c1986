/// A writer of JSON text into bytes.
///
/// Control characters, C1 controls and bidirectional marks are escaped, so the text is safe to show on a terminal as it is.
public struct JSONWriter: Sendable {
  /// The text so far, and room behind it: each value is written into memory that is there already.
  private var buffer: [UInt8] = []
  /// The number of bytes written and not taken yet.
  public private(set) var count = 0
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
    return writer.drain()
  }

  /// The text of a tree.
  public static func text(_ value: JSONValue, indent: Int? = nil) -> String {
    String(decoding: bytes(value, indent: indent), as: UTF8.self)
  }

  /// Takes what was written so far, leaving the writer in place to go on.
  public mutating func drain() -> [UInt8] {
    buffer.removeLast(buffer.count - count)
    defer { (buffer, count) = ([], 0) }
    return buffer
  }

  /// Hands on what was written so far and goes on in the same memory: for streaming a long list. Who keeps the bytes has the rest
  /// written into other memory.
  public mutating func drain<Failure: Error>(
    into receive: (ArraySlice<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    defer { count = 0 }
    try receive(buffer[..<count])
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
    quote(name, isName: true)
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
  public mutating func string(_ value: String) { quote(value, isName: false) }

  /// Writes a floating-point number; `null` where it is not finite, since JSON has no spelling for that.
  public mutating func number(_ value: Double) { raw(JSONValue.spelling(of: value) ?? "null") }

  /// Writes text that is a JSON value already.
  public mutating func raw(_ text: String) {
    var text = text
    text.withUTF8 { raw($0) }
  }

  /// Writes bytes that are a JSON value already.
  public mutating func raw(bytes value: [UInt8]) { value.withUnsafeBufferPointer { raw($0) } }

  private mutating func raw(_ value: UnsafeBufferPointer<UInt8>) {
    let lead = lead()
    write(lead.length + value.count) { place in
      lead.write(at: &place)
      place.put(value)
    }
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
    let lead = lead()
    write(lead.length + 1) { place in
      lead.write(at: &place)
      place.put(byte)
    }
    depth += 1
    isEmpty = true
  }

  private mutating func end(_ byte: UInt8) {
    depth -= 1
    let lead = Lead(comma: false, spaces: isEmpty ? nil : spaces)
    write(lead.length + 1) { place in
      lead.write(at: &place)
      place.put(byte)
    }
    // What encloses it has something in it now.
    isEmpty = false
  }

  /// What stands before a value or a name: a comma, and a line feed with the spaces of its level.
  private struct Lead {
    var comma: Bool
    /// The spaces behind a line feed; `nil` for no new line.
    var spaces: Int?

    var length: Int { (comma ? 1 : 0) + (spaces.map { $0 + 1 } ?? 0) }

    func write(at place: inout UnsafeMutablePointer<UInt8>) {
      if comma { place.put(UInt8(ascii: ",")) }
      guard let spaces else { return }
      place.put(0x0A)
      place.update(repeating: 0x20, count: spaces)
      place += spaces
    }
  }

  /// The spaces of the level; `nil` where all is in one line. One end too many is no reason to fail.
  private var spaces: Int? { indent.map { max(0, $0 * depth) } }

  /// What stands before what is written next, which is not the first of its object or array then.
  private mutating func lead() -> Lead {
    if afterName {
      afterName = false
      return Lead(comma: false, spaces: nil)
    }
    guard depth > 0 else { return Lead(comma: false, spaces: nil) }
    defer { isEmpty = false }
    return Lead(comma: !isEmpty, spaces: spaces)
  }

  /// Makes room for so many bytes and has them written; `body` moves the place behind what it wrote.
  private mutating func write(_ most: Int, _ body: (inout UnsafeMutablePointer<UInt8>) -> Void) {
    let missing = count + most - buffer.count
    if missing > 0 { buffer.append(contentsOf: repeatElement(0, count: max(missing, buffer.count, 256))) }
    let written = count
    count = buffer.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return 0 }
      var place = start + written
      body(&place)
      assert(place - start <= written + most, "more was written than there was room for")
      return place - start
    }
  }

  private mutating func quote(_ text: String, isName: Bool) {
    let lead = lead()
    let behind = isName ? (indent == nil ? 1 : 2) : 0
    func finish(_ place: inout UnsafeMutablePointer<UInt8>) {
      place.put(UInt8(ascii: "\""))
      if behind > 0 { place.put(UInt8(ascii: ":")) }
      if behind > 1 { place.put(0x20) }
    }
    var text = text
    let isPlain = text.withUTF8 { utf8 -> Bool in
      guard EightBytes.isPlain(utf8) else { return false }
      write(lead.length + utf8.count + 2 + behind) { place in
        lead.write(at: &place)
        place.put(UInt8(ascii: "\""))
        place.put(utf8)
        finish(&place)
      }
      return true
    }
    if isPlain { return }
    write(lead.length + 1) { place in
      lead.write(at: &place)
      place.put(UInt8(ascii: "\""))
    }
    for scalar in text.unicodeScalars {
      // Two escapes of six signs at most.
      write(12) { Self.put(scalar, at: &$0) }
    }
    write(1 + behind) { finish(&$0) }
  }

  private static func put(_ scalar: Unicode.Scalar, at place: inout UnsafeMutablePointer<UInt8>) {
    switch scalar.value {
    case 0x22: place.put("\\\"".utf8)
    case 0x5C: place.put("\\\\".utf8)
    case 0x0A: place.put("\\n".utf8)
    case 0x0D: place.put("\\r".utf8)
    case 0x09: place.put("\\t".utf8)
    case 0..<0x20, 0x7F...0x9F, 0xAD, 0x61C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
      0xFFF9...0xFFFB:
      escape(scalar.value, at: &place)
    case 0xE0000...0xE0FFF:
      escape(0xD800 + (scalar.value - 0x10000) >> 10, at: &place)
      escape(0xDC00 + (scalar.value - 0x10000) & 0x3FF, at: &place)
    default: place.put(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
  }

  private static func escape(_ unit: UInt32, at place: inout UnsafeMutablePointer<UInt8>) {
    place.put("\\u".utf8)
    for shift in [12, 8, 4, 0] as [UInt32] {
      let digit = UInt8(truncatingIfNeeded: unit >> shift & 0xF)
      place.put(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
  }
}

extension UnsafeMutablePointer<UInt8> {
  /// Writes a byte and moves behind it.
  @inline(__always)
  fileprivate mutating func put(_ byte: UInt8) {
    pointee = byte
    self += 1
  }

  /// Writes bytes and moves behind them.
  @inline(__always)
  fileprivate mutating func put(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let start = bytes.baseAddress else { return }
    update(from: start, count: bytes.count)
    self += bytes.count
  }

  /// Writes bytes and moves behind them.
  fileprivate mutating func put(_ bytes: some Sequence<UInt8>) { for byte in bytes { put(byte) } }
}
