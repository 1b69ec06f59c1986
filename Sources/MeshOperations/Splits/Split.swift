public import MeshModel
public import MeshPlanes

/// A weighted rule with the three truths of each of its backends.
public struct Split: Sendable, Hashable {
  /// The route it is a rule of.
  public var route: ObjectRef
  /// The configuration API.
  public var dialect: Dialect
  /// The index of the rule in its route.
  public var ruleIndex: Int
  /// The rule's name, or its number where it has none.
  public var rule: String
  /// The host it routes for.
  public var host: String
  /// The backends in the order written.
  public var backends: [SplitBackend]
  /// Whoever else writes the object.
  public var owners: [Owner]

  /// The backend the others are compared with: the one with the largest share expected.
  public var baseline: SplitBackend? {
    backends.max { $0.expectedShare < $1.expectedShare }
  }

  /// Whether any backend's truths disagree or a candidate does worse.
  public var needsAttention: Bool { backends.contains { $0.verdict.isBad } }
}

/// One backend of a split.
public struct SplitBackend: Sendable, Hashable {
  /// The name an operator types.
  public var name: String
  /// The host called.
  public var host: String
  /// What configuration asks for.
  public var desired: Known<DesiredWeight>
  /// What the proxies were programmed with.
  public var programmed: Known<ProgrammedWeight>
  /// The share of requests measured.
  public var share: Known<Proportion>
  /// The traffic measured, share apart.
  public var traffic: Known<TrafficSum>
  /// The workloads behind it.
  public var workloads: [ObjectRef]
  /// The instances that take traffic, of all.
  public var ready: Int
  /// All instances.
  public var total: Int
  /// What the three truths come to.
  public var verdict: SplitVerdict
}

extension SplitBackend {
  /// The share that traffic should have: what is wanted, or what the proxies run where what is wanted is not known.
  public var expectedShare: Double { desired.value?.share ?? programmed.value?.share ?? 0 }
}

/// What configuration asks for.
public struct DesiredWeight: Sendable, Hashable {
  /// The weight in the plane's own unit.
  public var weight: Int
  /// Its share, 0–1.
  public var share: Double
}

/// What the three truths of a backend come to.
public enum SplitVerdict: Sendable, Hashable, CustomStringConvertible {
  case consistent
  case noTraffic
  /// Traffic is not known, so nothing can be said of it.
  case unmeasured
  /// Some proxies run another weight, or did not acknowledge.
  case notProgrammed(acknowledged: Int, proxies: Int)
  /// The share measured is another than asked for.
  case drift(expected: Double)
  /// Fails more often than the baseline; the p-value of chance.
  case worse(than: String, p: Double)
  /// Slower than the baseline at the 99th percentile (``TrafficSum/weightedP99ms``), by a factor.
  case slower(than: String, factor: Double)
  /// No instance takes traffic.
  case notReady

  /// Whether an operator should look.
  public var isBad: Bool {
    switch self {
    case .consistent, .noTraffic, .unmeasured: false
    case .notProgrammed, .drift, .worse, .slower, .notReady: true
    }
  }

  /// The words shown to an operator.
  public var description: String {
    switch self {
    case .consistent: "ok"
    case .noTraffic: "no traffic"
    case .unmeasured: "not measured"
    case .notProgrammed(let acknowledged, let proxies): "programmed on \(acknowledged) of \(proxies) proxies"
    case .drift(let expected): "drift: expected \(Int((expected * 100).rounded()))%"
    case .worse(let baseline, let p):
      p < 0.001 ? "worse than \(baseline) (p<0.001)" : "worse than \(baseline) (p=\(Self.three(p)))"
    case .slower(let baseline, let factor): "slower than \(baseline) (p99 \(Self.one(factor))×)"
    case .notReady: "no ready instance"
    }
  }

  private static func three(_ value: Double) -> String { String((value * 1000).rounded() / 1000) }
  private static func one(_ value: Double) -> String { String((min(value, 1e6) * 10).rounded() / 10) }
}
