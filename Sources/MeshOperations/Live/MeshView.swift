public import MeshModel
public import MeshPlanes
public import MeshTelemetry

/// Everything known at one moment, of all planes: what rows, screens and commands are computed from.
public struct MeshView: Sendable {
  /// The configuration.
  public var snapshot: MeshSnapshot
  /// The planes and how they fare.
  public var planes: [PlaneStatus]
  /// The traffic of each plane, or why it is not known.
  public var traffic: [PlaneName: Known<TrafficReport>]
  /// Why the last measurement of planes failed whose traffic is that of an earlier one.
  public var measuringFailures: [PlaneName: String] = [:]
  /// What the proxies of each plane run, or why it is not known.
  public var programmed: [PlaneName: Known<ProgrammedReport>]
  /// The TLS contexts that proxies of each plane run, or why they are not known; nothing until they are asked for.
  public var proxyTLS: [PlaneName: Known<ProxyTLSReport>] = [:]
  /// What the control planes behind proxies hold and what troubles them, or why it is not known; nothing until asked.
  public var distribution: [PlaneName: Known<DistributionReport>] = [:]
  /// Since when the rules of each route are known as they are.
  public var routesSince: MeshSnapshot.Table<Instant> = [:]
  /// The pure rules of each plane's dialects.
  public var rules: [PlaneName: [Dialect: any DialectRules]]
  /// When this was taken.
  public var at: Instant
  /// What was worked out from configuration alone; shared by the views that follow each other.
  let memo = ConfigurationMemo()

  /// Creates a view.
  public init(
    snapshot: MeshSnapshot = MeshSnapshot(), planes: [PlaneStatus] = [],
    traffic: [PlaneName: Known<TrafficReport>] = [:], programmed: [PlaneName: Known<ProgrammedReport>] = [:],
    rules: [PlaneName: [Dialect: any DialectRules]] = [:], at: Instant
  ) {
    self.snapshot = snapshot
    self.planes = planes
    self.traffic = traffic
    self.programmed = programmed
    self.rules = rules
    self.at = at
  }

  /// The rules of a route's dialect on its plane.
  public func rules(of route: Route) -> (any DialectRules)? { rules[route.ref.plane]?[route.dialect] }

  /// Since when nothing of a plane is fresh; `nil` where something is, or where nothing was read of it yet.
  public func staleSince(_ plane: PlaneName) -> Instant? {
    var latest: Instant?
    for (key, state) in snapshot.feeds where key.plane == plane {
      switch state {
      case .live: return nil
      case .stale(_, let since): latest = max(latest ?? since, since)
      case .loading, .refused, .absent: break
      }
    }
    return latest
  }

  /// Whether anything of a plane is being read for the first time; of all planes where none is named.
  public func isLoading(_ plane: PlaneName? = nil) -> Bool {
    snapshot.feeds.contains { key, state in
      guard plane == nil || key.plane == plane, case .loading = state else { return false }
      return true
    }
  }

  /// Since when what is shown of a thing is not fresh, as its kind or nothing of its plane is read any more; `nil` where it
  /// is.
  public func staleSince(_ ref: ObjectRef) -> Instant? {
    if case .stale(_, let since)? = snapshot.feeds[MeshSnapshot.FeedKey(plane: ref.plane, kind: ref.kind)] {
      return since
    }
    return staleSince(ref.plane)
  }

  /// The traffic of a plane, or why it is not known.
  public func traffic(on plane: PlaneName) -> Known<TrafficReport> {
    traffic[plane] ?? .unknown("no telemetry source")
  }

  /// Why numbers of a plane's traffic are missing or older than they should be; `nil` where nothing is known to be.
  public func trafficGap(on plane: PlaneName) -> String? {
    switch traffic(on: plane) {
    case .unknown(let reason): reason
    case .known(let report, _, _):
      measuringFailures[plane].map { "the last measurement failed: \($0)" } ?? report.gaps.first
    }
  }
}

/// A plane and how it fares.
public struct PlaneStatus: Sendable, Hashable {
  /// How a plane fares.
  public enum State: String, Sendable, Hashable { case connecting, live, degraded, down }

  /// The plane.
  public var plane: Plane
  /// How it fares.
  public var state: State
  /// What is wrong; `nil` where nothing is.
  public var error: String?
  /// Since when what is shown of it is no longer fresh; `nil` where it is, or where nothing was read of it.
  public var staleSince: Instant?

  /// Creates a status.
  public init(plane: Plane, state: State, error: String? = nil, staleSince: Instant? = nil) {
    self.plane = plane
    self.state = state
    self.error = error
    self.staleSince = staleSince
  }
}
