/// Percent-encoding of URL parts. Source: RFC 3986, 2.3: only unreserved characters stay as they are, which is also
/// what an AWS signature wants.
public enum PercentCoding {
  /// Text as a query name, query value or one segment of a path.
  public static func encode(_ text: String) -> String { encode(text, keeping: []) }

  /// Text as a path: slashes stay.
  public static func encodePath(_ text: String) -> String { encode(text, keeping: [0x2f]) }

  /// Text with its escapes resolved; a malformed escape stays as it is.
  public static func decode(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var decoded: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == 0x25, index + 2 < bytes.count, let high = digit(bytes[index + 1]),
        let low = digit(bytes[index + 2])
      {
        decoded.append(high << 4 | low)
        index += 3
      } else {
        decoded.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }

  /// A query of names and values, in the order given; a nil value stands for a name alone.
  public static func query(_ items: [(String, String?)]) -> String {
    items.map { item in item.1.map { "\(encode(item.0))=\(encode($0))" } ?? encode(item.0) }.joined(separator: "&")
  }

  /// A query sorted by name, then value, and encoded anew. Source: AWS Signature Version 4, canonical query string.
  static func canonicalQuery(_ query: String) -> String {
    let items = query.split(separator: "&", omittingEmptySubsequences: true).map { item -> (String, String) in
      let (name, value) = TargetURL.split(String(item), at: "=")
      return (encode(decode(plusAsBlank(name))), encode(decode(plusAsBlank(value ?? ""))))
    }
    return items.sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
  }

  private static func plusAsBlank(_ text: String) -> String {
    String(decoding: text.utf8.map { $0 == 0x2b ? 0x20 : $0 }, as: UTF8.self)
  }

  private static func encode(_ text: String, keeping kept: [UInt8]) -> String {
    let hex = Array("0123456789ABCDEF".utf8)
    var encoded: [UInt8] = []
    encoded.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      if ASCII.isAlphanumeric(byte) || "-._~".utf8.contains(byte) || kept.contains(byte) {
        encoded.append(byte)
      } else {
        encoded += [0x25, hex[Int(byte >> 4)], hex[Int(byte & 15)]]
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
  }
}
