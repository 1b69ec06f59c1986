/// A reader of protobuf's wire form: numbered fields in any order. Source: protobuf, "Encoding".
struct WireReader {
  /// A value as it is on the wire.
  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes(ArraySlice<UInt8>)
  }

  /// Bytes that are no message.
  struct Fault: Error, Equatable {}

  private var bytes: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  /// The next field; `nil` at the end.
  mutating func next() throws(Fault) -> (number: Int, value: Value)? {
    guard !bytes.isEmpty else { return nil }
    let tag = try varint()
    guard let number = Int(exactly: tag >> 3), number > 0 else { throw Fault() }
    switch tag & 7 {
    case 0: return (number, .varint(try varint()))
    case 1: return (number, .fixed64(try fixed(8)))
    case 2:
      guard let count = Int(exactly: try varint()) else { throw Fault() }
      return (number, .bytes(try take(count)))
    case 5: return (number, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
    default: throw Fault()
    }
  }

  /// The numbers of a packed field.
  static func packed(
    _ bytes: ArraySlice<UInt8>, _ read: (inout WireReader) throws(Fault) -> Value
  ) throws(Fault) -> [Value] {
    var reader = WireReader(bytes)
    var values: [Value] = []
    while !reader.bytes.isEmpty { values.append(try read(&reader)) }
    return values
  }

  mutating func varint() throws(Fault) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      guard let byte = bytes.popFirst() else { throw Fault() }
      value |= UInt64(byte & 0x7F) << UInt64(min(shift, 63))
      if byte < 0x80 { return value }
    }
    throw Fault()
  }

  mutating func fixed(_ count: Int) throws(Fault) -> UInt64 {
    try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func take(_ count: Int) throws(Fault) -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count else { throw Fault() }
    let piece = bytes.prefix(count)
    bytes = bytes.dropFirst(count)
    return piece
  }
}
