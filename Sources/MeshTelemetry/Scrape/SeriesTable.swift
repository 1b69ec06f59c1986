/// The numbers of series by the bytes that name them: each name is read once, however often it is scraped.
///
/// Names are long and many, so what is kept of one is a hash of 128 bits, keyed anew in each table: that two names share
/// one is less likely than a fault of memory, and cannot be brought about from outside.
struct SeriesTable: Sendable {
  private struct Digest: Sendable, Hashable {
    let first: UInt64
    let second: UInt64

    /// The digest is as even as a hash can be.
    func hash(into hasher: inout Hasher) { hasher.combine(first) }
  }

  private var numbers: [Digest: Int32] = [:]
  private let keys = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))

  /// The number of known series.
  var count: Int { numbers.count }

  /// The number of a series; a new one gets the next number.
  mutating func number(of name: UnsafeBufferPointer<UInt8>) -> (number: Int, isNew: Bool) {
    let digest = digest(name)
    if let number = numbers[digest] { return (Int(number), false) }
    let number = numbers.count
    numbers[digest] = Int32(truncatingIfNeeded: number)
    return (number, true)
  }

  /// Two lanes of multiply-and-fold over words of eight bytes, each with a key of its own; the length is part of both.
  private func digest(_ bytes: UnsafeBufferPointer<UInt8>) -> Digest {
    let raw = UnsafeRawBufferPointer(bytes)
    var first = keys.0 ^ UInt64(raw.count)
    var second = keys.1 &+ UInt64(raw.count)
    func take(_ word: UInt64) {
      first = Self.fold(first ^ word, keys.0 | 1)
      second = Self.fold(second &+ word, keys.1 | 1) ^ word
    }
    var index = 0
    while index + 8 <= raw.count {
      take(raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index += 8
    }
    var rest: UInt64 = 0
    while index < raw.count {
      rest = rest << 8 | UInt64(raw[index])
      index += 1
    }
    take(rest)
    return Digest(first: Self.fold(first, 0x9E37_79B9_7F4A_7C15), second: Self.fold(second, 0xBF58_476D_1CE4_E5B9))
  }

  private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }
}
