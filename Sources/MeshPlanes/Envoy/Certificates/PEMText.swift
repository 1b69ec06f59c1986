import MeshTransport

/// The certificates of a PEM text. Source: RFC 7468, 2 and 5.
enum PEMText {
  /// The most certificates read of one text.
  static let most = 64

  private static let begin = "-----BEGIN CERTIFICATE-----"
  private static let end = "-----END CERTIFICATE-----"

  /// The DER forms in order; blocks of other kinds, keys before all, are passed over unread.
  static func certificates(_ text: String) -> [[UInt8]] {
    var found: [[UInt8]] = []
    var rest = text[...]
    while found.count < most, let head = rest.firstRange(of: begin) {
      rest = rest[head.upperBound...]
      guard let tail = rest.firstRange(of: end) else { break }
      if let bytes = Base64.decode(String(rest[..<tail.lowerBound])) { found.append(bytes) }
      rest = rest[tail.upperBound...]
    }
    return found
  }
}
