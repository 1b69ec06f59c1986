/// How requests for some hosts are sent on: ordered rules, the first that matches wins.
public struct Route: Sendable, Hashable {
  /// The native object it is a view of.
  public var ref: ObjectRef
  /// The version of the native object (precondition of an edit). Compared before what takes longer to compare.
  public var version: String
  /// The configuration API it is written in.
  public var dialect: Dialect
  /// The API version it was read in, such as `networking.istio.io/v1`.
  public var apiVersion: String
  /// The hosts as written.
  public var hosts: [String]
  /// The gateways (`mesh` for the sidecars) or parents it is attached to, as written.
  public var attachedTo: [String]
  /// The namespaces it is visible in; empty means those that the mesh says, or all.
  public var exportTo: [String]
  /// The rules in match order.
  public var rules: [Rule]
  /// When the native object was made, for "oldest wins" rules.
  public var createdAt: Instant
  /// Whoever else writes this object (`Argo CD`, `Flagger`, …) as far as labels, owners and managers tell.
  public var owners: [Owner]
  /// What controllers report of it.
  public var status: [StatusReport]

  /// Creates a route.
  public init(
    ref: ObjectRef, dialect: Dialect, apiVersion: String, hosts: [String], attachedTo: [String] = [],
    exportTo: [String] = [], rules: [Rule], version: String = "", createdAt: Instant = Instant(seconds: 0),
    owners: [Owner] = [], status: [StatusReport] = []
  ) {
    self.ref = ref
    self.dialect = dialect
    self.apiVersion = apiVersion
    self.hosts = hosts
    self.attachedTo = attachedTo
    self.exportTo = exportTo
    self.rules = rules
    self.version = version
    self.createdAt = createdAt
    self.owners = owners
    self.status = status
  }
}

/// A controller that also writes an object.
public struct Owner: Sendable, Hashable {
  /// The tool, as its makers spell it.
  public var tool: String
  /// The name of its own object, such as the Argo CD application.
  public var name: String
  /// How this was told: a label, an owner reference, a field manager.
  public var evidence: String
  /// The kind of its own object with the API's group, such as `canary.flagger.app`; empty where it has none.
  public var kind: ObjectKind
  /// The namespace of its own object; empty where it is not told.
  public var namespace: String

  /// Creates an owner.
  public init(tool: String, name: String, evidence: String, kind: ObjectKind = "", namespace: String = "") {
    self.tool = tool
    self.name = name
    self.evidence = evidence
    self.kind = kind
    self.namespace = namespace
  }
}

/// One rule of a route.
public struct Rule: Sendable, Hashable {
  /// What it routes.
  public enum Layer: String, Sendable, Hashable, CaseIterable { case http, grpc, tcp, tls }

  /// The name as written; empty where it has none.
  public var name: String
  /// What it routes.
  public var layer: Layer
  /// The conditions, any of which suffices; empty matches everything.
  public var matches: [RuleMatch]
  /// The weighted destinations.
  public var backends: [Backend]
  /// The time after which a request is given up, in seconds.
  public var timeout: Double?
  /// What is tried again.
  @Rare public var retries: RetrySetting?
  /// What is broken on purpose.
  @Rare public var fault: FaultSetting?
  /// Where copies of requests go.
  public var mirrors: [MirrorSetting]
  /// What is done to headers.
  @Rare public var headers: HeaderSetting?
  /// A redirect, rewrite, direct response or delegate in words; `nil` where there is none.
  @Rare public var action: String?
  /// The route this rule hands on to (Istio `delegate`): namespace and name.
  @Rare public var delegate: ObjectRef?
  /// The place of the rule in the native object.
  public var pointer: JSONPointer

  /// Creates a rule.
  public init(
    name: String = "", layer: Layer = .http, matches: [RuleMatch] = [], backends: [Backend] = [],
    timeout: Double? = nil, retries: RetrySetting? = nil, fault: FaultSetting? = nil, mirrors: [MirrorSetting] = [],
    headers: HeaderSetting? = nil, action: String? = nil, delegate: ObjectRef? = nil, pointer: JSONPointer
  ) {
    self.name = name
    self.layer = layer
    self.matches = matches
    self.backends = backends
    self.timeout = timeout
    self.retries = retries
    self.fault = fault
    self.mirrors = mirrors
    self.headers = headers
    self.action = action
    self.delegate = delegate
    self.pointer = pointer
  }
}

/// One destination of a rule and its share of the requests.
public struct Backend: Sendable, Hashable {
  /// The name an operator types: the subset, the revision, or the host where there is none.
  public var name: String
  /// The host as written.
  public var host: String
  /// The subset of the host; `nil` where none is named.
  public var subset: String?
  /// The destination port, where written.
  public var port: Int?
  /// The weight as written, in the plane's own unit (``Dialect/weightScale``); `nil` where absent (each dialect has its default).
  public var weight: Int?
  /// The place of the backend in the native object.
  public var pointer: JSONPointer

  /// Creates a backend.
  public init(name: String, host: String, subset: String? = nil, port: Int? = nil, weight: Int?, pointer: JSONPointer) {
    self.name = name
    self.host = host
    self.subset = subset
    self.port = port
    self.weight = weight
    self.pointer = pointer
  }
}
