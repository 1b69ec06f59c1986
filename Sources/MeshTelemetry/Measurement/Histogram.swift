/// The counts of a histogram by upper bound, as one scrape or one rate gives them.
public struct Histogram: Sendable, Hashable {
  /// One bucket: how many observations were at most `upperBound`.
  public struct Bucket: Sendable, Hashable {
    /// The upper bound; infinite for the last.
    public var upperBound: Double
    /// The cumulative count.
    public var count: Double

    /// Creates a bucket.
    public init(upperBound: Double, count: Double) {
      self.upperBound = upperBound
      self.count = count
    }
  }

  /// The buckets in rising order of bound, one a bound.
  public let buckets: [Bucket]

  /// A histogram of buckets in any order; counts of the same bound are added.
  public init(_ buckets: [Bucket]) {
    var merged: [Bucket] = []
    for bucket in buckets.sorted(by: { $0.upperBound < $1.upperBound }) where !bucket.upperBound.isNaN {
      if let last = merged.last, last.upperBound == bucket.upperBound {
        merged[merged.count - 1].count += bucket.count
      } else {
        merged.append(bucket)
      }
    }
    self.buckets = merged
  }

  /// The quantile by linear interpolation inside its bucket, as PromQL's `histogram_quantile` computes it.
  ///
  /// It is undefined (`nan`) without a last bucket of infinite bound, with fewer than two buckets, without observations,
  /// and where counts fall from one bucket to the next by more than the rounding of sums. A quantile in the last bucket
  /// is the highest finite bound. Source: Prometheus documentation, "histogram_quantile".
  public func quantile(_ q: Double) -> Sample {
    guard !q.isNaN, buckets.count >= 2, let last = buckets.last, last.upperBound == .infinity else { return .nan }
    if q < 0 { return .negativeInfinity }
    if q > 1 { return .positiveInfinity }
    var counts: [Double] = []
    counts.reserveCapacity(buckets.count)
    var highest = 0.0
    for bucket in buckets {
      guard bucket.count.isFinite, bucket.count >= highest * (1 - 1e-9) else { return .nan }
      highest = max(highest, bucket.count)
      counts.append(highest)
    }
    guard highest > 0 else { return .nan }
    let rank = q * highest
    let index = counts.dropLast().firstIndex { $0 >= rank } ?? buckets.count - 1
    if index == buckets.count - 1 { return Sample(buckets[buckets.count - 2].upperBound) }
    let upper = buckets[index].upperBound
    if index == 0, upper <= 0 { return Sample(upper) }
    let lower = index == 0 ? 0 : buckets[index - 1].upperBound
    let below = index == 0 ? 0 : counts[index - 1]
    let inside = counts[index] - below
    guard inside > 0 else { return Sample(lower) }
    return Sample(lower + (upper - lower) * ((rank - below) / inside))
  }
}
