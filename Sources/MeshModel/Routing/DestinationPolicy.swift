/// How callers reach a host: its subsets, their TLS, load balancing and ejection (Istio DestinationRule).
public struct DestinationPolicy: Sendable, Hashable {
  /// The native object it is a view of.
  public var ref: ObjectRef
  /// The host as written.
  public var host: String
  /// The named groups of instances.
  public var subsets: [Subset]
  /// The settings for all of the host.
  public var settings: TrafficSettings
  /// The callers it applies to; empty means all.
  public var workloadSelector: [String: String]
  /// The namespaces it is visible in; empty means those that the mesh says, or all.
  public var exportTo: [String]
  /// When the native object was made.
  public var createdAt: Instant
  /// The version of the native object.
  public var version: String
  /// The API version it was read in.
  public var apiVersion: String
  /// What controllers report of it.
  public var status: [StatusReport]

  /// Creates a policy.
  public init(
    ref: ObjectRef, host: String, subsets: [Subset] = [], settings: TrafficSettings = TrafficSettings(),
    workloadSelector: [String: String] = [:], exportTo: [String] = [], createdAt: Instant = Instant(seconds: 0),
    version: String = "", apiVersion: String = "", status: [StatusReport] = []
  ) {
    self.ref = ref
    self.host = host
    self.subsets = subsets
    self.settings = settings
    self.workloadSelector = workloadSelector
    self.exportTo = exportTo
    self.createdAt = createdAt
    self.version = version
    self.apiVersion = apiVersion
    self.status = status
  }

  /// A named group of a host's instances.
  public struct Subset: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// The labels its instances carry.
    public var labels: [String: String]
    /// Settings that override the host's.
    public var settings: TrafficSettings
    /// Its place in the native object.
    public var pointer: JSONPointer

    /// Creates a subset.
    public init(name: String, labels: [String: String], settings: TrafficSettings, pointer: JSONPointer) {
      self.name = name
      self.labels = labels
      self.settings = settings
      self.pointer = pointer
    }
  }

  /// Settings of a host, a subset or a port.
  public struct TrafficSettings: Sendable, Hashable {
    /// The TLS mode callers use; `nil` where not written.
    public var tls: ClientTLSMode?
    /// Settings by service port.
    public var ports: [Int: ClientTLSMode]
    /// Service ports with settings of their own that say nothing of TLS: there the host's mode does not hold.
    public var portsWithoutTLS: Set<Int>
    /// Load balancing in words, such as `LEAST_REQUEST`.
    public var loadBalancer: String?
    /// Outlier ejection in words; `nil` where off.
    public var outlierDetection: String?
    /// Connection limits in words; `nil` where none.
    public var connectionPool: String?
    /// How the server's certificate is verified, in words; `nil` where not written.
    @Rare public var verification: String?

    /// Creates settings.
    public init(
      tls: ClientTLSMode? = nil, ports: [Int: ClientTLSMode] = [:], loadBalancer: String? = nil,
      outlierDetection: String? = nil, connectionPool: String? = nil, portsWithoutTLS: Set<Int> = [],
      verification: String? = nil
    ) {
      self.verification = verification
      self.tls = tls
      self.ports = ports
      self.portsWithoutTLS = portsWithoutTLS
      self.loadBalancer = loadBalancer
      self.outlierDetection = outlierDetection
      self.connectionPool = connectionPool
    }
  }
}

/// The TLS a caller uses. Source: Istio API, ClientTLSSettings.TLSmode.
public enum ClientTLSMode: String, Sendable, Hashable, CaseIterable {
  case disable = "DISABLE"
  case simple = "SIMPLE"
  case mutual = "MUTUAL"
  case istioMutual = "ISTIO_MUTUAL"
}

/// An entrance to or exit from the mesh.
public struct Gateway: Sendable, Hashable {
  /// The native object it is a view of.
  public var ref: ObjectRef
  /// The labels of the workload that serves it.
  public var selector: [String: String]
  /// Its listeners.
  public var listeners: [Listener]
  /// What controllers report of it.
  public var status: [StatusReport]

  /// One listener.
  public struct Listener: Sendable, Hashable {
    /// The port number.
    public var port: Int
    /// The protocol as written.
    public var transport: String
    /// The hosts it accepts.
    public var hosts: [String]
    /// The TLS mode as written; `nil` without TLS.
    public var tls: String?
    /// The certificates it shows, by the names of their objects.
    public var certificates: [String]
    /// Its place in the native object.
    public var pointer: JSONPointer

    /// Creates a listener.
    public init(
      port: Int, transport: String, hosts: [String], tls: String?, certificates: [String] = [], pointer: JSONPointer
    ) {
      self.certificates = certificates
      self.port = port
      self.transport = transport
      self.hosts = hosts
      self.tls = tls
      self.pointer = pointer
    }
  }

  /// Creates a gateway.
  public init(
    ref: ObjectRef, selector: [String: String], listeners: [Listener], status: [StatusReport] = []
  ) {
    self.ref = ref
    self.selector = selector
    self.listeners = listeners
    self.status = status
  }
}

/// The hosts a workload's proxy is told of: Istio's Sidecar, Consul's upstreams, App Mesh's backends.
public struct EgressScope: Sendable, Hashable {
  /// The native object it is a view of.
  public var ref: ObjectRef
  /// The workloads it applies to; empty means the namespace.
  public var selector: [String: String]
  /// The hosts as written, such as `./*` or `istio-system/*`.
  public var hosts: [String]
  /// Whether its hosts are services that the workloads are set up to call, one by one, and not patterns of what they may
  /// see.
  public var namesCallees: Bool

  /// Creates a scope.
  public init(ref: ObjectRef, selector: [String: String], hosts: [String], namesCallees: Bool = false) {
    self.ref = ref
    self.selector = selector
    self.hosts = hosts
    self.namesCallees = namesCallees
  }
}
