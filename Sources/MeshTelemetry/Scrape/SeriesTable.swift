import MeshModel

/// The numbers of series by the bytes that name them: each name is read once, however often it is scraped.
///
/// Names are long and many, so what is kept of one is its digest.
struct SeriesTable: Sendable {
  private var numbers: [ByteDigest: Int32] = [:]
  private let digester = ByteDigester()

  /// The number of known series.
  var count: Int { numbers.count }

  /// The number of a series; a new one gets the next number.
  mutating func number(of name: UnsafeBufferPointer<UInt8>) -> (number: Int, isNew: Bool) {
    let digest = digester.digest(of: UnsafeRawBufferPointer(name))
    if let number = numbers[digest] { return (Int(number), false) }
    let number = numbers.count
    numbers[digest] = Int32(truncatingIfNeeded: number)
    return (number, true)
  }
}
