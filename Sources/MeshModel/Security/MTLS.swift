/// What a server accepts. Source: Istio API, PeerAuthentication.MutualTLS.Mode.
public enum MTLSMode: String, Sendable, Hashable, CaseIterable {
  case unset = "UNSET"
  case disable = "DISABLE"
  case permissive = "PERMISSIVE"
  case strict = "STRICT"
}

/// Where an mTLS mode applies.
public enum MTLSScope: String, Sendable, Hashable, CaseIterable { case mesh, namespace, workload, port }

/// A policy that says what servers accept (Istio PeerAuthentication, and Policy and MeshPolicy before it).
public struct MTLSPolicy: Sendable, Hashable {
  /// The native object it is a view of.
  public var ref: ObjectRef
  /// The workloads it applies to; empty means the namespace (or the mesh, in the root namespace).
  public var selector: [String: String]
  /// The mode; `.unset` inherits.
  public var mode: MTLSMode
  /// Modes by container port.
  public var ports: [Int: MTLSMode]
  /// When the native object was made: of several at one level the oldest wins.
  public var createdAt: Instant
  /// The version of the native object.
  public var version: String
  /// The API version it was read in.
  public var apiVersion: String
  /// The services of its namespace it is for, where it names services and no labels (Istio before 1.5); `nil` where it
  /// names none.
  @Rare public var targets: [Target]?

  /// A service of the policy's namespace, or some ports of it.
  public struct Target: Sendable, Hashable {
    /// The service's name.
    public var service: String
    /// The service's ports, by number or name; empty for all.
    public var ports: [String]

    /// Creates a target.
    public init(service: String, ports: [String] = []) {
      self.service = service
      self.ports = ports
    }
  }

  /// Creates a policy.
  public init(
    ref: ObjectRef, selector: [String: String] = [:], mode: MTLSMode = .unset, ports: [Int: MTLSMode] = [:],
    createdAt: Instant = Instant(seconds: 0), version: String = "", apiVersion: String = "",
    targets: [Target]? = nil
  ) {
    self.targets = targets
    self.ref = ref
    self.selector = selector
    self.mode = mode
    self.ports = ports
    self.createdAt = createdAt
    self.version = version
    self.apiVersion = apiVersion
  }
}

/// A link in the chain of reasons that led to a result.
public struct Reason: Sendable, Hashable, CustomStringConvertible {
  /// What was found, in words.
  public var text: String
  /// Where it stands, if in an object.
  public var source: ValuePointer?

  /// Creates a reason.
  public init(_ text: String, source: ValuePointer? = nil) {
    self.text = text
    self.source = source
  }

  /// The words shown to an operator.
  public var description: String { source.map { "\(text) (\($0.object)\($0.pointer))" } ?? text }
}

/// The computed result for a client calling a port of a server.
public struct MTLSVerdict: Sendable, Hashable {
  /// What happens to a connection.
  public enum Outcome: String, Sendable, Hashable {
    case mtls = "mTLS"
    case plaintext = "plaintext"
    case applicationTLS = "application TLS"
    case breaks = "breaks"
    case unknown = "unknown"
  }

  /// What the server accepts.
  public var server: MTLSMode
  /// What the client sends, in words: `auto`, `ISTIO_MUTUAL`, `plaintext`, …
  public var client: String
  /// What comes of it.
  public var outcome: Outcome
  /// Why, in the order it was found.
  public var reasons: [Reason]

  /// Creates a verdict.
  public init(server: MTLSMode, client: String, outcome: Outcome, reasons: [Reason]) {
    self.server = server
    self.client = client
    self.outcome = outcome
    self.reasons = reasons
  }
}

/// A policy that says who may call (Istio AuthorizationPolicy, RequestAuthentication).
public struct AccessPolicy: Sendable, Hashable {
  /// The native object it is a view of.
  public var ref: ObjectRef
  /// The workloads it applies to; empty means the namespace.
  public var selector: [String: String]
  /// `ALLOW`, `DENY`, `AUDIT`, `CUSTOM`, or `JWT` for a request authentication.
  public var action: String
  /// The rules in words.
  public var rules: [String]
  /// The principals named in any rule.
  public var principals: [String]
  /// The objects it is for, where it names objects and no labels (Linkerd: a Server, a route, the namespace; Istio: a gateway,
  /// or a service behind a waypoint).
  public var targets: [ObjectRef]
  /// The objects whose demands a caller must all meet (Linkerd `requiredAuthenticationRefs`).
  public var requires: [ObjectRef]
  /// The container port it is for, by number or name; empty for all.
  public var port: String
  /// Further conditions on labels; `nil` where `selector` says all.
  @Rare public var expressions: [LabelExpression]?
  /// The networks callers must be in (Linkerd); `nil` where any will do.
  @Rare public var networks: [NetworkRange]?
  /// Whether it selects instances outside the cluster and no pods (Linkerd `externalWorkloadSelector`).
  public var selectsExternal: Bool
  /// Its own labels, where other policies choose it by them (Linkerd's Servers); `nil` where they do not matter.
  @Rare public var labels: [String: String]?

  /// Creates a policy.
  public init(
    ref: ObjectRef, selector: [String: String], action: String, rules: [String], principals: [String] = [],
    targets: [ObjectRef] = [], requires: [ObjectRef] = [], port: String = "", expressions: [LabelExpression]? = nil,
    networks: [NetworkRange]? = nil, selectsExternal: Bool = false, labels: [String: String]? = nil
  ) {
    self.labels = labels
    self.selectsExternal = selectsExternal
    self.expressions = expressions
    self.networks = networks
    self.targets = targets
    self.requires = requires
    self.port = port
    self.ref = ref
    self.selector = selector
    self.action = action
    self.rules = rules
    self.principals = principals
  }
}

extension AccessPolicy {
  /// The kinds whose proxies stand before workloads: gateways, and services behind a waypoint.
  private static let entrances: Set<ObjectKind> = [
    "gateway.gateway.networking.k8s.io", "gatewayclass", "service", "serviceentry",
  ]

  /// Whether a workload's own proxy goes by it, as far as namespace, labels and the gateway it names tell.
  ///
  /// Source: istiod, `ShouldAttachPolicy`: what names gateways or services is for the gateway of that name, and for no
  /// workload by its labels.
  public func isFor(_ workload: Workload) -> Bool {
    guard ref.plane == workload.ref.plane, ref.namespace == workload.ref.namespace else { return false }
    let entrances = targets.filter { Self.entrances.contains($0.kind) }
    guard entrances.isEmpty else {
      let gateway = workload.labels["gateway.networking.k8s.io/gateway-name"]
      return entrances.contains { $0.kind.hasPrefix("gateway.") && $0.name == gateway && $0.namespace == ref.namespace }
    }
    return selector.allSatisfy { workload.labels[$0.key] == $0.value }
  }
}
