import MeshModel

/// The few fields of an X.509 certificate that say whom it proves, who says so, and for how long.
///
/// Source: RFC 5280, 4.1 and 4.2.1.6. Signatures are not checked: the proxy that holds the certificate does.
struct CertificateFields: Hashable {
  /// The serial number in lower-case hexadecimal digits, without leading zeros.
  var serial: String
  /// The issuer, in the form of RFC 4514.
  var issuer: String
  /// The subject, likewise; empty where it has none, as SPIFFE's need none.
  var subject: String
  var begins: Instant
  var expires: Instant
  /// URIs, DNS names and addresses of its subject.
  var names: [String]
  /// The SHA-256 of the whole certificate in lower-case hexadecimal digits.
  var fingerprint: String

  /// The fields of a certificate's DER form.
  init(der bytes: [UInt8]) throws(DERReader.Fault) {
    var outer = DERReader(bytes)
    var certificate = try outer.value(DERReader.Tag.sequence, "certificate")
    guard outer.isAtEnd else { throw outer.fault("end of the certificate") }
    var body = try certificate.value(DERReader.Tag.sequence, "body of a certificate")
    if body.next == DERReader.Tag.context(0) { try body.skip() }
    let number = try body.value(DERReader.Tag.integer, "serial number").rest
    guard !number.isEmpty, number.count <= 64 else { throw body.fault("serial number") }
    serial = Self.serial(of: number)
    _ = try body.value(DERReader.Tag.sequence, "algorithm")
    issuer = try DistinguishedName.text(body.value(DERReader.Tag.sequence, "issuer"))
    var validity = try body.value(DERReader.Tag.sequence, "validity")
    begins = try Self.time(&validity)
    expires = try Self.time(&validity)
    guard validity.isAtEnd else { throw validity.fault("end of the validity") }
    subject = try DistinguishedName.text(body.value(DERReader.Tag.sequence, "subject"))
    _ = try body.value(DERReader.Tag.sequence, "public key")
    names = []
    while let tag = body.next {
      guard tag == DERReader.Tag.context(3) else {
        try body.skip()
        continue
      }
      var wrapper = try body.value(tag, "extensions")
      var extensions = try wrapper.value(DERReader.Tag.sequence, "extensions")
      while !extensions.isAtEnd {
        var one = try extensions.value(DERReader.Tag.sequence, "extension")
        let identifier = try one.value(DERReader.Tag.identifier, "identifier of an extension").rest
        // subjectAltName, 2.5.29.17
        guard identifier.elementsEqual([0x55, 0x1D, 0x11]) else { continue }
        // critical, which is a boolean.
        if one.next == 0x01 { try one.skip() }
        var text = try one.value(DERReader.Tag.octets, "alternative names")
        var list = try text.value(DERReader.Tag.sequence, "alternative names")
        while !list.isAtEnd {
          let (name, tag) = try list.any()
          if let found = Self.name(name.rest, tag) { names.append(found) }
        }
      }
    }
    // The algorithm and the signature follow, and nothing else.
    _ = try certificate.value(DERReader.Tag.sequence, "algorithm")
    _ = try certificate.value(0x03, "signature")
    guard certificate.isAtEnd else { throw certificate.fault("end of the certificate") }
    fingerprint = SHA256.hexadecimal(bytes)
  }

  /// A serial number as it is compared: leading zeros say nothing.
  static func serial(of number: ArraySlice<UInt8>) -> String { normalized(SHA256.digits(number)) }

  /// A serial number in digits without leading zeros, in lower case.
  static func normalized(_ digits: String) -> String {
    let bare = digits.lowercased().drop { $0 == "0" }
    return bare.isEmpty ? "0" : String(bare)
  }

  private static func name(_ bytes: ArraySlice<UInt8>, _ tag: UInt8) -> String? {
    switch tag {
    case DERReader.Tag.primitive(2), DERReader.Tag.primitive(6): return String(decoding: bytes, as: UTF8.self)
    case DERReader.Tag.primitive(7) where bytes.count == 4: return bytes.map(String.init).joined(separator: ".")
    case DERReader.Tag.primitive(7) where bytes.count == 16:
      let all = Array(bytes)
      return stride(from: 0, to: 16, by: 2).map { String(Int(all[$0]) << 8 | Int(all[$0 + 1]), radix: 16) }
        .joined(separator: ":")
    default: return nil
    }
  }

  /// `YYMMDDHHMMSSZ`, or `YYYYMMDDHHMMSSZ` from 2050 on.
  private static func time(_ reader: inout DERReader) throws(DERReader.Fault) -> Instant {
    let place = reader
    let (value, tag) = try reader.any()
    var text = String(decoding: value.rest, as: UTF8.self)
    switch tag {
    case DERReader.Tag.utcTime where text.utf8.count == 13: text = (text < "50" ? "20" : "19") + text
    case DERReader.Tag.generalizedTime where text.utf8.count == 15: break
    default: throw place.fault("time")
    }
    let digits = Array(text.utf8)
    guard digits.last == UInt8(ascii: "Z"), digits.dropLast().allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw place.fault("time")
    }
    func part(_ range: Range<Int>) -> String { String(decoding: digits[range], as: UTF8.self) }
    let written =
      "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(8..<10)):\(part(10..<12)):\(part(12..<14))Z"
    guard let instant = RFC3339.parse(written) else { throw place.fault("time") }
    return instant
  }
}

/// The name of who issued a certificate or whom it is of.
enum DistinguishedName {
  /// The longest name kept, in bytes.
  private static let limit = 1024

  /// The text of a name's relative names, the last first (RFC 4514, 2).
  static func text(_ name: DERReader) throws(DERReader.Fault) -> String {
    var name = name
    var parts: [String] = []
    while !name.isAtEnd {
      var set = try name.value(DERReader.Tag.set, "part of a name")
      var pairs: [String] = []
      while !set.isAtEnd {
        var pair = try set.value(DERReader.Tag.sequence, "attribute of a name")
        let kind = try pair.value(DERReader.Tag.identifier, "kind of an attribute").rest
        let (value, tag) = try pair.any()
        guard pair.isAtEnd else { throw pair.fault("end of an attribute") }
        pairs.append("\(word(kind))=\(escaped(string(value.rest, tag)))")
      }
      parts.append(pairs.joined(separator: "+"))
    }
    return String(parts.reversed().joined(separator: ",").prefix(limit))
  }

  /// The short words of RFC 4514, 3, else the number with dots.
  private static func word(_ identifier: ArraySlice<UInt8>) -> String {
    let known: [[UInt8]: String] = [
      [0x55, 0x04, 0x03]: "CN", [0x55, 0x04, 0x06]: "C", [0x55, 0x04, 0x07]: "L", [0x55, 0x04, 0x08]: "ST",
      [0x55, 0x04, 0x09]: "STREET", [0x55, 0x04, 0x0A]: "O", [0x55, 0x04, 0x0B]: "OU",
      [0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 0x01, 0x19]: "DC",
      [0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 0x01, 0x01]: "UID",
    ]
    if let word = known[Array(identifier)] { return word }
    guard let first = identifier.first else { return "0" }
    var numbers = [Int(min(first / 40, 2)), Int(first) - 40 * Int(min(first / 40, 2))]
    var number = 0
    for byte in identifier.dropFirst() {
      number = (number & 0xFF_FFFF) << 7 | Int(byte & 0x7F)
      if byte & 0x80 == 0 {
        numbers.append(number)
        number = 0
      }
    }
    return numbers.map(String.init).joined(separator: ".")
  }

  /// A string of any of the types that names use.
  private static func string(_ bytes: ArraySlice<UInt8>, _ tag: UInt8) -> String {
    switch tag {
    case 0x1E: String(decoding: pairs(bytes), as: UTF16.self)
    case 0x14: String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    case 0x0C, 0x13, 0x16, 0x12, 0x1A: String(decoding: bytes, as: UTF8.self)
    default: "#" + SHA256.digits(bytes)
    }
  }

  private static func pairs(_ bytes: ArraySlice<UInt8>) -> [UInt16] {
    let all = Array(bytes)
    return stride(from: 0, to: all.count - all.count % 2, by: 2).map { UInt16(all[$0]) << 8 | UInt16(all[$0 + 1]) }
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      if ",+\"\\<>;=".contains(character) { result += "\\" }
      result.append(character)
    }
    return result
  }
}
