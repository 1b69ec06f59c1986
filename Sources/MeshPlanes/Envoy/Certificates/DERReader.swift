/// A reader of DER, strict: definite and shortest lengths, nothing beyond what a value says it holds.
///
/// Source: ITU-T X.690, 8 and 10. It holds no more than places in the bytes given, so that no input makes it allocate.
struct DERReader {
  /// A value that makes no sense where it stands.
  struct Fault: Error, Hashable, CustomStringConvertible {
    /// The place in the bytes.
    var offset: Int
    /// What was expected.
    var expected: String

    var description: String { "no \(expected) at byte \(offset)" }
  }

  /// The tags read here, as they stand in the identifier octet.
  enum Tag {
    static let integer: UInt8 = 0x02
    static let octets: UInt8 = 0x04
    static let identifier: UInt8 = 0x06
    static let utcTime: UInt8 = 0x17
    static let generalizedTime: UInt8 = 0x18
    static let sequence: UInt8 = 0x30
    static let set: UInt8 = 0x31

    /// A constructed value of a context, such as `[3]`.
    static func context(_ number: UInt8) -> UInt8 { 0xA0 | number }
    /// A primitive value of a context.
    static func primitive(_ number: UInt8) -> UInt8 { 0x80 | number }
  }

  private let bytes: [UInt8]
  private(set) var offset: Int
  private let end: Int

  /// A reader of whole bytes.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    offset = 0
    end = bytes.count
  }

  private init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    offset = range.lowerBound
    end = range.upperBound
  }

  /// Whether everything was read.
  var isAtEnd: Bool { offset == end }

  /// The tag of the next value; `nil` at the end.
  var next: UInt8? { offset < end ? bytes[offset] : nil }

  /// A failure here.
  func fault(_ expected: String) -> Fault { Fault(offset: offset, expected: expected) }

  /// The contents of the next value, which must bear the tag.
  mutating func value(_ tag: UInt8, _ expected: String) throws(Fault) -> DERReader {
    let start = offset
    guard let found = next, found == tag else { throw fault(expected) }
    let (contents, _) = try any()
    guard offset > start else { throw fault(expected) }
    return contents
  }

  /// The contents of the next value and its tag, whatever it is.
  mutating func any() throws(Fault) -> (contents: DERReader, tag: UInt8) {
    guard offset < end else { throw fault("value") }
    let tag = bytes[offset]
    // Tags of more than one byte are in no certificate.
    guard tag & 0x1F != 0x1F else { throw fault("tag of one byte") }
    var place = offset + 1
    guard place < end else { throw fault("length") }
    var length = Int(bytes[place])
    place += 1
    if length >= 0x80 {
      let count = length & 0x7F
      guard (1...4).contains(count), place + count <= end, bytes[place] != 0 else { throw fault("definite length") }
      length = bytes[place..<(place + count)].reduce(0) { $0 << 8 | Int($1) }
      guard length >= 0x80 else { throw fault("shortest length") }
      place += count
    }
    guard length <= end - place else { throw fault("value as long as it says") }
    let contents = DERReader(bytes, place..<(place + length))
    offset = place + length
    return (contents, tag)
  }

  /// Passes the next value over.
  mutating func skip() throws(Fault) { _ = try any() }

  /// The bytes not read yet.
  var rest: ArraySlice<UInt8> { bytes[offset..<end] }
}
