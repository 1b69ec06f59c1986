import MeshModel

/// A short text that tells contents apart: 32 hexadecimal digits, the same for the same bytes.
///
/// FNV-1a over two beginnings: it only has to be unlikely to collide, not hard to forge.
enum Fingerprint {
  /// The text of some bytes.
  static func text(_ bytes: [UInt8]) -> String {
    [0xcbf2_9ce4_8422_2325, 0x9ae1_6a3b_2f90_404f].map { (basis: UInt64) in
      var hash = basis
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      let text = String(hash, radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }.joined()
  }
}
