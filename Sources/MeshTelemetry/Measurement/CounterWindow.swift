/// The samples of one counter inside a window, and its rate as PromQL's `rate` has it.
public struct CounterWindow: Sendable, Hashable {
  /// One reading.
  public struct Reading: Sendable, Hashable {
    /// When, in seconds since the epoch.
    public var seconds: Double
    /// What the counter showed.
    public var value: Double

    /// Creates a reading.
    public init(seconds: Double, value: Double) {
      self.seconds = seconds
      self.value = value
    }
  }

  /// The increase a second over the `window` seconds that end at `end`, or `absent` with fewer than two readings in them.
  ///
  /// A reading below its predecessor is a restart: the counter began again at zero, so the rate is never negative. The
  /// increase between the first and the last reading is extended to the ends of the window, by at most half the usual
  /// distance of readings where the series began or ended inside it, and never to below zero. Source: Prometheus
  /// documentation, "rate", and its function `extrapolatedRate`. Readings that are no number are passed over.
  public static func rate(_ readings: some Sequence<Reading>, window: Double, end: Double) -> Sample {
    guard window > 0, window.isFinite, end.isFinite else { return .absent }
    let start = end - window
    var first: Reading?
    var last: Reading?
    var count = 0
    var increase = 0.0
    for reading in readings where reading.seconds >= start && reading.seconds <= end && reading.value.isFinite {
      if let previous = last {
        guard reading.seconds > previous.seconds else { continue }
        increase += reading.value < previous.value ? reading.value : reading.value - previous.value
      } else {
        first = reading
      }
      last = reading
      count += 1
    }
    guard let first, let last, count >= 2 else { return .absent }
    let covered = last.seconds - first.seconds
    let distance = covered / Double(count - 1)
    let near = distance * 1.1
    var before = first.seconds - start
    if before >= near { before = distance / 2 }
    if increase > 0, first.value >= 0 { before = min(before, covered * (first.value / increase)) }
    var after = end - last.seconds
    if after >= near { after = distance / 2 }
    return Sample(increase * ((covered + before + after) / covered) / window)
  }
}
