public import MeshModel

/// The pure rules of one configuration API: how its routes, weights and policies work out over a snapshot.
///
/// Nothing here does I/O; the live store, the analysis and the screens call it on values.
public protocol DialectRules: Sendable {
  /// The configuration API.
  var dialect: Dialect { get }

  /// The routing rules over a snapshot, indexed once for any number of questions.
  func routing(in snapshot: MeshSnapshot, plane: PlaneName) -> any RoutingRules

  /// The share of requests each backend of a rule gets by configuration, 0–1, in the order of the backends.
  func shares(of rule: Rule) -> [Double]

  /// Why what is wanted of a route's weights is not known here, where another owns them; `nil` where the route itself says.
  func desiredGap(of route: Route) -> String?

  /// The indices of the rules of a route that no request can reach, each with the reason.
  func unreachableRules(of route: Route) -> [Int: String]

  /// The configuration problems of a plane.
  func findings(in snapshot: MeshSnapshot, plane: PlaneName) -> [Finding]

  /// The mTLS rules over a snapshot.
  func mtls(in snapshot: MeshSnapshot, plane: PlaneName) -> any MTLSRules

  /// The entities a native object stands for, for plans and offline files.
  func entities(from object: JSONValue, plane: PlaneName) throws(MeshError) -> [Entity]
}

extension DialectRules {
  /// The route itself says what is wanted.
  public func desiredGap(of route: Route) -> String? { nil }
}

/// The routing rules of a dialect over one snapshot.
public protocol RoutingRules: Sendable {
  /// What a backend leads to: the service called and the workloads behind it.
  func target(of backend: Backend, in route: Route) -> BackendTarget

  /// What the proxies were programmed with for each backend of a rule, in the order of the backends.
  func programmed(_ rule: Rule, of route: Route, in report: ProgrammedReport) -> [Known<ProgrammedWeight>]

  /// Whether nothing but this rule sends requests to its backends, so that their counters are its shares; `nil` leaves it to
  /// the other rules of the route.
  func isAlone(_ rule: Rule, of route: Route) -> Bool?
}

extension RoutingRules {
  /// Left to the other rules of the route.
  public func isAlone(_ rule: Rule, of route: Route) -> Bool? { nil }
}

/// The mTLS rules of a dialect over one snapshot.
public protocol MTLSRules: Sendable {
  /// What a workload accepts on a container port (`nil`: on any port without a setting of its own), and why.
  func accepted(by workload: Workload, port: Int?) -> (mode: MTLSMode, reasons: [Reason])

  /// What happens when a workload calls a port of a service served by another workload.
  func verdict(client: Workload, server: Workload, service: Service, port: Int) -> MTLSVerdict

  /// The container ports that may have a setting of their own on some workload.
  var exceptionalPorts: Set<Int> { get }
}

extension MTLSRules {
  /// None.
  public var exceptionalPorts: Set<Int> { [] }
}

/// What a backend leads to.
public struct BackendTarget: Sendable, Hashable {
  /// The canonical host name called.
  public var host: String
  /// The service, where it is known.
  public var service: ObjectRef?
  /// The workloads that serve it.
  public var workloads: [ObjectRef]

  /// Creates a target.
  public init(host: String, service: ObjectRef?, workloads: [ObjectRef]) {
    self.host = host
    self.service = service
    self.workloads = workloads
  }
}

/// What the proxies were programmed with for one backend.
public struct ProgrammedWeight: Sendable, Hashable {
  /// The weight most proxies run.
  public var weight: Int
  /// Its share, 0–1.
  public var share: Double
  /// The proxies that route to it and are connected to the control plane.
  public var proxies: Int
  /// Those of them that acknowledged the newest routes.
  public var acknowledged: Int
  /// The weights found, where proxies differ: share by number of proxies.
  public var spread: [Double: Int]
  /// Since when they all run it, or since when it is known; `nil` where that is not known.
  public var since: Instant?

  /// Creates a weight.
  public init(
    weight: Int, share: Double, proxies: Int, acknowledged: Int, spread: [Double: Int] = [:], since: Instant? = nil
  ) {
    self.since = since
    self.weight = weight
    self.share = share
    self.proxies = proxies
    self.acknowledged = acknowledged
    self.spread = spread
  }
}
