/// How one proxy fares, as it says itself: the process, and what it calls.
public struct ProxyCondition: Sendable, Hashable {
  /// What the process is doing, such as `LIVE` or `DRAINING`; empty where it does not say.
  public var state: String
  /// Whether it takes requests; `nil` where it does not say.
  public var isReady: Bool?
  /// Its version; empty where it does not say.
  public var version: String
  /// The seconds since it started; `nil` where it does not say.
  public var uptime: Double?
  /// Whether it hears from its control plane; `nil` where it has none or does not say.
  public var hearsControlPlane: Bool?
  /// The updates it rejected since it started, in words.
  public var rejections: [String] = []
  /// What it calls, those in trouble first, then the busiest.
  public var upstreams: [UpstreamCondition]

  /// Creates a condition.
  public init(
    state: String = "", isReady: Bool? = nil, version: String = "", uptime: Double? = nil,
    hearsControlPlane: Bool? = nil, upstreams: [UpstreamCondition] = []
  ) {
    self.state = state
    self.isReady = isReady
    self.version = version
    self.uptime = uptime
    self.hearsControlPlane = hearsControlPlane
    self.upstreams = upstreams
  }
}

/// How the hosts behind one name fare, as the proxy that calls them sees it.
public struct UpstreamCondition: Sendable, Hashable {
  /// The name, as the proxy has it.
  public var name: String
  /// All hosts it knows.
  public var hosts: Int
  /// The hosts that take no requests: address and why.
  public var faults: [String]
  /// The limits of its circuit breakers; `nil` where they are the proxy's own.
  public var limits: String?
  /// Circuit breakers that are open and hosts ejected, in words; `nil` where there are none.
  public var pressure: String?
  /// The requests it sent since the proxy started; `nil` where that is not told.
  public var requests: Double?
  /// Requests a second while it was looked at; `nil` where it was not looked at twice.
  public var rps: Double?
  /// The share of requests that failed, 0–1: of those while it was looked at, or of all where there were none.
  public var errorRate: Double?
  /// The times of requests since the proxy started, in milliseconds by quantile (0–100); empty where not told.
  public var quantiles: [Double: Double]

  /// Creates a condition.
  public init(
    name: String, hosts: Int = 0, faults: [String] = [], limits: String? = nil, pressure: String? = nil,
    requests: Double? = nil, rps: Double? = nil, errorRate: Double? = nil, quantiles: [Double: Double] = [:]
  ) {
    self.name = name
    self.hosts = hosts
    self.faults = faults
    self.limits = limits
    self.pressure = pressure
    self.requests = requests
    self.rps = rps
    self.errorRate = errorRate
    self.quantiles = quantiles
  }

  /// Whether an operator should look.
  public var isInTrouble: Bool { !faults.isEmpty || pressure != nil }
}
