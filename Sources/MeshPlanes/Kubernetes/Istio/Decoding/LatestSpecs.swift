import MeshModel
import Synchronization

/// What the objects that changed last ask for, known by the digest of its bytes: controllers write annotations and status all day,
/// and what such a change leaves as it was need not be read again.
final class LatestSpecs: Sendable {
  /// The same bytes ask for something else in an object of another kind.
  private struct Place: Hashable {
    var kind: IstioKind
    var digest: ByteDigest
  }

  private struct Known {
    /// What was met since the others were put aside.
    var young: [Place: IstioObjectReader.Spec] = [:]
    var old: [Place: IstioObjectReader.Spec] = [:]
  }

  /// How many are kept before older ones go.
  private static let limit = 512
  /// The bytes of the largest that is kept.
  private static let largest = 16 << 10

  private let digester = ByteDigester()
  private let known = Mutex(Known())

  /// The `spec` that is next in an object of a kind.
  func spec(_ kind: IstioKind, _ reader: inout JSONReader) throws(JSONError) -> IstioObjectReader.Spec {
    let extent = reader.extent().flatMap { $0.count <= Self.largest ? $0 : nil }
    let place = extent.map { Place(kind: kind, digest: reader.digest($0, by: digester)) }
    if let extent, let place, let spec = find(place) {
      reader.move(behind: extent)
      return spec
    }
    var spec = IstioObjectReader.Spec(kind)
    try spec.read(&reader)
    if let place { keep(spec, at: place) }
    return spec
  }

  private func find(_ place: Place) -> IstioObjectReader.Spec? {
    known.withLock { known in
      if let spec = known.young[place] { return spec }
      guard let spec = known.old.removeValue(forKey: place) else { return nil }
      known.young[place] = spec
      return spec
    }
  }

  private func keep(_ spec: IstioObjectReader.Spec, at place: Place) {
    known.withLock { known in
      if known.young.count >= Self.limit { known = Known(old: known.young) }
      known.young[place] = spec
    }
  }
}
