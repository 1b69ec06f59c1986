/// A digest of bytes, 128 bits, that stands for them where they themselves need not be kept.
///
/// Keyed anew in each ``ByteDigester``: that two texts share one is less likely than a fault of memory, and cannot be
/// brought about from outside.
package struct ByteDigest: Sendable, Hashable {
  fileprivate let first: UInt64
  fileprivate let second: UInt64

  /// The digest is as even as a hash can be.
  package func hash(into hasher: inout Hasher) { hasher.combine(first) }
}

/// Makes digests that can be compared with each other.
package struct ByteDigester: Sendable {
  private let keys = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))

  /// Creates a digester with keys of its own.
  package init() {}

  /// The digest of bytes: two lanes of multiply-and-fold over words of eight bytes, each with a key of its own; the length
  /// is part of both.
  package func digest(of bytes: UnsafeRawBufferPointer) -> ByteDigest {
    var first = keys.0 ^ UInt64(bytes.count)
    var second = keys.1 &+ UInt64(bytes.count)
    func take(_ word: UInt64) {
      first = Self.fold(first ^ word, keys.0 | 1)
      second = Self.fold(second &+ word, keys.1 | 1) ^ word
    }
    var index = 0
    while index + 8 <= bytes.count {
      take(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index += 8
    }
    var rest: UInt64 = 0
    while index < bytes.count {
      rest = rest << 8 | UInt64(bytes[index])
      index += 1
    }
    take(rest)
    return ByteDigest(first: Self.fold(first, 0x9E37_79B9_7F4A_7C15), second: Self.fold(second, 0xBF58_476D_1CE4_E5B9))
  }

  private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }
}
