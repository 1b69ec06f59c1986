import MeshModel

/// The parts of an answer in their order, each with the digest of its bytes: what has the same bytes in the next answer is
/// taken from here, and neither read again nor kept twice.
struct DigestedAnswer<Part: Sendable>: Sendable {
  private let digester: ByteDigester
  private(set) var digests: [ByteDigest] = []
  private(set) var parts: [Part] = []
  /// The place at which the next part of the answer that comes is expected.
  private var expected = 0
  /// The places by digest, made when a part is not where it is expected: servers list what they hold in any order.
  private var places: [ByteDigest: Int]?

  /// An answer that has not come yet.
  init(_ digester: ByteDigester = ByteDigester()) { self.digester = digester }

  /// An answer that has not come yet, whose parts can be found in this one.
  var next: DigestedAnswer { DigestedAnswer(digester) }

  /// The digest of a part's bytes.
  func digest(_ bytes: ArraySlice<UInt8>) -> ByteDigest { bytes.withUnsafeBytes(digester.digest) }

  /// The place of the part with a digest; `nil` where there is none.
  mutating func place(of digest: ByteDigest) -> Int? {
    if expected < digests.count, digests[expected] == digest {
      expected += 1
      return expected - 1
    }
    let places = self.places ?? Dictionary(zip(digests, digests.indices), uniquingKeysWith: { first, _ in first })
    self.places = places
    let place = places[digest]
    // One that is not found is mostly another form of the one expected.
    expected = (place ?? expected) + 1
    return place
  }

  /// Adds a part.
  mutating func append(_ part: Part, _ digest: ByteDigest) {
    parts.append(part)
    digests.append(digest)
  }

  /// Changes the parts, whose digests stay.
  mutating func replaceParts(_ change: (inout [Part]) -> Void) { change(&parts) }

  /// The first so many parts; the arrays themselves where these are all.
  func prefix(_ count: Int) -> DigestedAnswer {
    var some = next
    let isWhole = count >= parts.count
    some.parts = isWhole ? parts : Array(parts[..<count])
    some.digests = isWhole ? digests : Array(digests[..<count])
    return some
  }
}
