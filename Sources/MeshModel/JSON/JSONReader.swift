/// A strict pull reader over the bytes of one JSON text.
///
/// It visits a text once and allocates only what is asked for, so a list decodes straight to slim values: memory follows
/// what is kept, not what was sent. It is strict (RFC 8259: no trailing commas, no control characters in strings, valid
/// UTF-8 in what is read), and limited in depth and in the values that a tree is made of: how many bytes there are is limited
/// where they come from.
///
/// ```swift
/// try JSONReader.read(bytes) { reader throws(JSONError) in
///   try reader.object { key, reader throws(JSONError) in
///     switch key {
///     case "name": name = try reader.string()
///     default: try reader.skip()
///     }
///   }
/// }
/// ```
public struct JSONReader {
  let bytes: UnsafeBufferPointer<UInt8>
  /// The byte offset of the next byte to read.
  public internal(set) var offset = 0
  var depth = 0
  let depthLimit: Int
  /// How many more values may become trees.
  var valuesLeft: Int

  init(_ bytes: UnsafeBufferPointer<UInt8>, depthLimit: Int, valueLimit: Int = JSONReader.valueLimit) {
    self.bytes = bytes
    self.depthLimit = depthLimit
    valuesLeft = valueLimit
  }

  /// The most values that trees read from one text may have, some 200 MB in memory.
  public static let valueLimit = 2_000_000

  /// Reads one whole JSON text with `body` and checks that nothing follows it.
  public static func read<Result>(
    _ bytes: borrowing [UInt8], depthLimit: Int = 64, valueLimit: Int = JSONReader.valueLimit,
    _ body: (inout JSONReader) throws(JSONError) -> Result
  ) throws(JSONError) -> Result {
    try read(slice: bytes[...], depthLimit: depthLimit, valueLimit: valueLimit, body)
  }

  /// Reads one whole JSON text in a slice, for a line of a stream.
  public static func read<Result>(
    slice: ArraySlice<UInt8>, depthLimit: Int = 64, valueLimit: Int = JSONReader.valueLimit,
    _ body: (inout JSONReader) throws(JSONError) -> Result
  ) throws(JSONError) -> Result {
    let outcome = slice.withUnsafeBufferPointer { buffer -> Swift.Result<Result, JSONError> in
      var reader = JSONReader(buffer, depthLimit: depthLimit, valueLimit: valueLimit)
      do throws(JSONError) {
        if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { reader.offset = 3 }
        let result = try body(&reader)
        reader.skipSpace()
        guard reader.offset == buffer.count else {
          throw JSONError(.malformed, at: reader.offset, expected: "the end of the text")
        }
        return .success(result)
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }

  /// The kinds of value the next byte can begin.
  public enum Kind: Sendable { case null, bool, number, string, array, object }

  /// The kind of the next value, without reading it.
  public mutating func peek() throws(JSONError) -> Kind {
    switch try next("a value") {
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    default: throw JSONError(.malformed, at: offset, expected: "a value")
    }
  }

  /// Reads an object, calling `body` once a member; `body` must consume the value.
  ///
  /// A `null` in place of the object is an empty one, as Go's encoders write it.
  public mutating func object(
    _ body: (JSONKey, inout JSONReader) throws(JSONError) -> Void
  ) throws(JSONError) {
    if try readNull() { return }
    try open(UInt8(ascii: "{"), "an object")
    if try close(UInt8(ascii: "}")) { return }
    repeat { try body(try memberName(), &self) } while try !separator(closing: UInt8(ascii: "}"))
  }

  /// Reads the name of a member and the colon behind it.
  @inline(__always)
  private mutating func memberName() throws(JSONError) -> JSONKey {
    guard try next("a name") == UInt8(ascii: "\"") else {
      throw JSONError(.malformed, at: offset, expected: "a name")
    }
    let range = try scanString()
    guard try next("':'") == UInt8(ascii: ":") else { throw JSONError(.malformed, at: offset, expected: "':'") }
    offset += 1
    return JSONKey(bytes: UnsafeBufferPointer(rebasing: bytes[range.range]), escaped: range.escaped)
  }

  /// Moves into the object that is next, to the value of a member; whether there is one. What is behind it is not looked at.
  public mutating func enter(_ name: StaticString) throws(JSONError) -> Bool {
    if try readNull() { return false }
    try open(UInt8(ascii: "{"), "an object")
    if try close(UInt8(ascii: "}")) { return false }
    repeat {
      if name ~= (try memberName()) { return true }
      try skip()
    } while try !separator(closing: UInt8(ascii: "}"))
    return false
  }

  /// Reads an array, calling `body` once an element; `body` must consume the value. A `null` is an empty array.
  public mutating func array(_ body: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
    if try readNull() { return }
    try open(UInt8(ascii: "["), "an array")
    if try close(UInt8(ascii: "]")) { return }
    while true {
      try body(&self)
      if try separator(closing: UInt8(ascii: "]")) { return }
    }
  }

  /// Reads an array of values that `body` returns.
  public mutating func list<Element>(
    _ body: (inout JSONReader) throws(JSONError) -> Element
  ) throws(JSONError) -> [Element] {
    var items: [Element] = []
    try array { reader throws(JSONError) in items.append(try body(&reader)) }
    return items
  }

  /// Reads an object of string values; members of another type are passed over.
  public mutating func stringMap() throws(JSONError) -> [String: String] {
    var map: [String: String] = [:]
    try object { key, reader throws(JSONError) in
      if try reader.peek() == .string { map[key.string] = try reader.string() } else { try reader.skip() }
    }
    return map
  }

  /// Reads a `null` if one is next.
  public mutating func readNull() throws(JSONError) -> Bool {
    guard try next("a value") == UInt8(ascii: "n") else { return false }
    try literal("null")
    return true
  }

  /// Reads a boolean.
  public mutating func bool() throws(JSONError) -> Bool {
    switch try next("a boolean") {
    case UInt8(ascii: "t"):
      try literal("true")
      return true
    case UInt8(ascii: "f"):
      try literal("false")
      return false
    default: throw JSONError(.wrongType, at: offset, expected: "a boolean")
    }
  }

  /// Reads the value as the half-open byte range it occupies, for a value that is kept as bytes.
  public mutating func rawRange() throws(JSONError) -> Range<Int> {
    skipSpace()
    let start = offset
    try skip()
    return start..<offset
  }

  /// Passes over the value that is next, if it is spelled in these bytes: those of a whole object, array or
  /// string, or `null`.
  public mutating func pass(_ known: [UInt8]) -> Bool {
    skipSpace()
    guard bytes.count - offset >= known.count, let base = bytes.baseAddress else { return false }
    let isNext = known.withUnsafeBufferPointer { known in
      guard let first = known.baseAddress else { return true }
      var index = 0
      while index + 8 <= known.count {
        guard EightBytes.load(first + index) == EightBytes.load(base + offset + index) else { return false }
        index += 8
      }
      while index < known.count {
        guard first[index] == base[offset + index] else { return false }
        index += 1
      }
      return true
    }
    if isNext { offset += known.count }
    return isNext
  }

  /// The bytes between two offsets, such as a range got from ``rawRange()``.
  public func copy(_ range: Range<Int>) -> [UInt8] { Array(bytes[range]) }

  /// The bytes that the object or array that is next seems to occupy, by its brackets and strings alone; `nil` where none is next
  /// or it has no end. Enough to look up what was read of the same bytes, and much faster than to pass over it.
  package mutating func extent() -> Range<Int>? {
    skipSpace()
    var (scanner, end) = (ValueScanner(), offset)
    guard offset < bytes.count, [UInt8(ascii: "{"), UInt8(ascii: "[")].contains(bytes[offset]) else { return nil }
    guard scanner.cross(1, in: bytes, from: &end) == .begins, scanner.cross(1, in: bytes, from: &end) == .ends else {
      return nil
    }
    return offset..<end
  }

  /// Moves behind bytes that are known to be a whole value.
  package mutating func move(behind extent: Range<Int>) { offset = extent.upperBound }

  /// Passes over a value without looking whether its inside makes sense.
  package mutating func pass() throws(JSONError) {
    if let extent = extent() { move(behind: extent) } else { try skip() }
  }

  /// The digest of the bytes between two offsets.
  package func digest(_ range: Range<Int>, by digester: ByteDigester) -> ByteDigest {
    digester.digest(of: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[range])))
  }

  mutating func literal(_ text: StaticString) throws(JSONError) {
    let count = text.utf8CodeUnitCount
    guard bytes.count - offset >= count else {
      throw JSONError(.truncated, at: bytes.count, expected: text.description)
    }
    for index in 0..<count where bytes[offset + index] != text.utf8Start[index] {
      throw JSONError(.malformed, at: offset + index, expected: text.description)
    }
    offset += count
  }

  @inline(__always)
  mutating func skipSpace() {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x0A, 0x0D, 0x09: offset += 1
      default: return
      }
    }
  }

  @inline(__always)
  mutating func next(_ expected: @autoclosure () -> String) throws(JSONError) -> UInt8 {
    skipSpace()
    guard offset < bytes.count else { throw JSONError(.truncated, at: offset, expected: expected()) }
    return bytes[offset]
  }

  mutating func open(_ byte: UInt8, _ expected: String) throws(JSONError) {
    guard try next(expected) == byte else { throw JSONError(.wrongType, at: offset, expected: expected) }
    guard depth < depthLimit else {
      throw JSONError(.tooDeep, at: offset, expected: "at most \(depthLimit) levels")
    }
    depth += 1
    offset += 1
  }

  /// Consumes the closing byte if it is next.
  mutating func close(_ byte: UInt8) throws(JSONError) -> Bool {
    guard try next("an element or the end") == byte else { return false }
    offset += 1
    depth -= 1
    return true
  }

  /// Consumes a comma, or the closing byte and says so.
  mutating func separator(closing: UInt8) throws(JSONError) -> Bool {
    let byte = try next("',' or the end")
    if byte == closing { return try close(closing) }
    guard byte == UInt8(ascii: ",") else { throw JSONError(.malformed, at: offset, expected: "',' or the end") }
    offset += 1
    return false
  }
}

/// The name of an object's member, compared without making a string.
public struct JSONKey {
  @usableFromInline let bytes: UnsafeBufferPointer<UInt8>
  @usableFromInline let escaped: Bool

  /// The name as a string.
  public var string: String {
    escaped ? JSONReader.unescape(bytes) ?? "" : String(decoding: bytes, as: UTF8.self)
  }

  /// The name as a string, or `nil` where its escapes or its UTF-8 are not valid.
  var validString: String? {
    escaped ? JSONReader.unescape(bytes) : String(validating: bytes, as: UTF8.self)
  }

  /// Whether the name is a literal one: the pattern of a `switch` over keys.
  @inlinable @inline(__always)
  public static func ~= (pattern: StaticString, key: JSONKey) -> Bool {
    let count = pattern.utf8CodeUnitCount
    guard key.bytes.count == count, !key.escaped else { return key.escaped && key.string == pattern.description }
    for index in 0..<count where key.bytes[index] != pattern.utf8Start[index] { return false }
    return true
  }
}
