extension Sequence {
  /// The busiest first: by requests a second, then by bytes; what is alike keeps its order, what is not known comes last.
  public func busiestFirst(_ traffic: (Element) -> [TrafficSum]) -> [Element] {
    var ranked: [(rps: Double, bytes: Double, place: Int, element: Element)] = []
    for (place, element) in enumerated() {
      var (rps, bytes) = (-1.0, 0.0)
      for sum in traffic(element) {
        rps = Swift.max(rps, 0) + sum.rps
        bytes += sum.bytesPerSecond ?? 0
      }
      ranked.append((rps, bytes, place, element))
    }
    return ranked.sorted { ($1.rps, $1.bytes, $0.place) < ($0.rps, $0.bytes, $1.place) }.map(\.element)
  }
}
