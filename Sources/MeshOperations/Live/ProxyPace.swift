import MeshModel

/// How long the proxies of a plane are left alone after they were read.
struct ProxyPace {
  /// A rest, taken again while the configuration stays as it is.
  struct Rest: Equatable {
    var length: Duration
    var turns = 1
  }

  /// The rests where proxies have nothing to tell anew: what proxies run can change with no object that is followed, an
  /// EnvoyFilter for one.
  static let mostTurns = 3
  /// The readings of one configuration before its proxies count as still.
  static let leastReadings = 2

  /// How many were asked the time before.
  private var asked = 0
  /// The configuration when they were last read at the usual pace, and how often they were read in it.
  private var settled: (generation: Int, readings: Int)?

  /// The rest after a reading that began in a configuration.
  ///
  /// - Parameters:
  ///   - took: How long the reading took.
  ///   - usual: The rest after so many proxies.
  ///   - least: The rest after few.
  mutating func rest(
    after report: ProgrammedReport?, in generation: Int, took: Duration, usual: Duration, least: Duration
  ) -> Rest {
    defer { asked = report?.asked.count ?? 0 }
    // The others of the sample soon, but most of the time is their own. Where all are to be asked anew since something changed,
    // their number does not grow.
    if let report, report.unasked > 0, report.asked.count > asked {
      return Rest(length: min(usual, max(least, took * 3)))
    }
    let readings = settled.flatMap { $0.generation == generation ? $0.readings : nil } ?? 0
    settled = (generation, readings + 1)
    // Right after an edit a control plane that has not begun to tell of it says of every proxy that it took all. A large mesh takes
    // its time.
    let isStill = usual > least && readings >= Self.leastReadings && report.map(Self.lacksNothing) == true
    return Rest(length: usual, turns: isStill ? Self.mostTurns : 1)
  }

  private static func lacksNothing(_ report: ProgrammedReport) -> Bool {
    report.unasked == 0 && report.gaps.isEmpty && report.wantingProxies.isEmpty
  }
}
