/// The numbers of series by the bytes that name them: each name is read once, however often it is scraped.
struct SeriesTable: Sendable {
  private var buckets: [UInt64: [Int32]] = [:]
  private var names: [[UInt8]] = []

  /// The number of known series.
  var count: Int { names.count }

  /// The number of a series; a new one gets the next number.
  mutating func number(of name: UnsafeBufferPointer<UInt8>) -> (number: Int, isNew: Bool) {
    let hash = Self.hash(name)
    for candidate in buckets[hash] ?? [] where names[Int(candidate)].elementsEqual(name) {
      return (Int(candidate), false)
    }
    names.append(Array(name))
    buckets[hash, default: []].append(Int32(truncatingIfNeeded: names.count - 1))
    return (names.count - 1, true)
  }

  /// FNV-1a over words of eight bytes; collisions are told apart by comparing the names.
  private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    var index = 0
    let raw = UnsafeRawBufferPointer(bytes)
    while index + 8 <= raw.count {
      hash = (hash ^ raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* 0x100_0000_01B3
      hash ^= hash >> 29
      index += 8
    }
    while index < raw.count {
      hash = (hash ^ UInt64(raw[index])) &* 0x100_0000_01B3
      index += 1
    }
    return hash
  }
}
