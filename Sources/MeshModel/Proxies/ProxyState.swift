/// What one proxy runs, as its control plane and it itself say.
public struct ProxyState: Sendable, Hashable {
  /// The proxy: the pod or instance.
  public var ref: ObjectRef
  /// The workload it serves, where known.
  public var workload: ObjectRef?
  /// Its version; empty where unknown.
  public var version: String
  /// Whether it is connected to its control plane.
  public var isConnected: Bool
  /// Its synchronisation by type.
  public var sync: [ConfigType: SyncState]
  /// The text of its last rejection, where it rejected something.
  @Rare public var rejection: String?
  /// Days until its certificate expires, where known.
  @Rare public var certificateDaysLeft: Int?
  /// A digest of the versions it was last sent, endpoints aside: another one means that it was sent something since.
  /// 0 where the control plane does not tell.
  public var sent: UInt64

  /// The types of configuration a proxy is sent.
  public enum ConfigType: String, Sendable, Hashable, CaseIterable { case cds, lds, rds, eds }

  /// How far a type is synchronised.
  public enum SyncState: Sendable, Hashable {
    case synced
    /// Sent and not acknowledged.
    case stale
    case notSent
    /// Rejected by the proxy, with its words.
    case rejected(String)

    /// The state in one word.
    public var label: String {
      switch self {
      case .synced: "SYNCED"
      case .stale: "STALE"
      case .notSent: "NOT SENT"
      case .rejected: "NACK"
      }
    }
  }

  /// Whether it acknowledged every type it was sent.
  public var isSettled: Bool { sync.values.allSatisfy { $0 == .synced || $0 == .notSent } }

  /// Whether it was never sent what every proxy needs. Routes and endpoints are sent where a listener or a cluster asks for
  /// them; clusters and listeners always.
  var isUnserved: Bool { sync[.cds] == .notSent || sync[.lds] == .notSent }

  /// Creates a state.
  public init(
    ref: ObjectRef, workload: ObjectRef? = nil, version: String = "", isConnected: Bool = true,
    sync: [ConfigType: SyncState] = [:], rejection: String? = nil, certificateDaysLeft: Int? = nil,
    sent: UInt64 = 0
  ) {
    self.sent = sent
    self.ref = ref
    self.workload = workload
    self.version = version
    self.isConnected = isConnected
    self.sync = sync
    self.rejection = rejection
    self.certificateDaysLeft = certificateDaysLeft
  }
}

/// The weights one proxy was programmed with for one route.
public struct ProgrammedRoute: Sendable, Hashable {
  /// The proxy.
  public var proxy: ObjectRef
  /// The virtual hosts (domains) the route answers for.
  public var domains: [String]
  /// The name of the route in the proxy; empty where it has none.
  public var name: String
  /// The native object it was made from, where the proxy's metadata says (Istio: `config` in the route's metadata).
  public var origin: String
  /// Where requests go, by weight.
  public var clusters: [Cluster]
  /// The listener port.
  public var port: Int?
  /// Whether it is a route of streams (a `tcp_proxy`), whose domains are the names in TLS's greeting.
  public var isStream: Bool
  /// When the proxy took it, or when it was first seen; `nil` where neither is known.
  public var updatedAt: Instant?

  /// One weighted destination.
  public struct Cluster: Sendable, Hashable {
    /// The host called.
    public var host: String
    /// The subset; `nil` where none.
    public var subset: String?
    /// The port called.
    public var port: Int?
    /// The weight.
    public var weight: Int

    /// Creates a destination.
    public init(host: String, subset: String?, port: Int?, weight: Int) {
      self.host = host
      self.subset = subset
      self.port = port
      self.weight = weight
    }
  }

  /// Creates a programmed route.
  public init(
    proxy: ObjectRef, domains: [String], name: String, origin: String, clusters: [Cluster], port: Int? = nil,
    isStream: Bool = false
  ) {
    self.isStream = isStream
    self.proxy = proxy
    self.domains = domains
    self.name = name
    self.origin = origin
    self.clusters = clusters
    self.port = port
  }
}

/// What proxies were programmed with, as read at one time.
public struct ProgrammedReport: Sendable, Hashable {
  /// Every proxy the control plane knows, or why there is none. Counted anew whenever it is set: many are best put
  /// together before.
  public var proxies: [ProxyState] {
    get { states }
    set {
      states = newValue
      counts = Counts(newValue)
    }
  }
  private var states: [ProxyState]
  /// The routes of the proxies that were asked.
  public var routes: [ProgrammedRoute]
  /// The proxies whose configuration was read.
  public var asked: [ObjectRef]
  /// Those of them whose configuration their control plane told: what it sent them and they acknowledged.
  public var sent: [ObjectRef] = []
  /// Why something is missing, in words; empty where nothing is.
  public var gaps: [String]
  /// When it was read.
  public var at: Instant
  /// The proxies counted: asked for again and again, once a rule.
  public private(set) var counts: Counts

  /// The proxies of a report, counted.
  public struct Counts: Sendable, Hashable {
    /// Those connected to their control plane.
    public var connected = 0
    /// Those of them that acknowledged all they were sent.
    public var acknowledged = 0
    /// Those that rejected something, with their words.
    public var rejections: [ObjectRef: String] = [:]
    /// The places of those that are cut off, or that lack something every proxy has acknowledged.
    fileprivate var wanting: [Int] = []

    // By place: of fifty thousand none is copied to be looked at.
    init(_ proxies: [ProxyState]) {
      for place in proxies.indices {
        if let text = proxies[place].rejection { rejections[proxies[place].ref] = text }
        let isSettled = proxies[place].isSettled
        if !isSettled || !proxies[place].isConnected || proxies[place].isUnserved { wanting.append(place) }
        guard proxies[place].isConnected else { continue }
        connected += 1
        if isSettled { acknowledged += 1 }
      }
    }
  }

  /// The proxies that are cut off from their control plane, were never sent what every proxy needs, or have not acknowledged
  /// what they were sent; few in a mesh that is well, whatever its size.
  public var wantingProxies: [ProxyState] { counts.wanting.map { states[$0] } }

  /// Keeps what an earlier report holds alike once.
  public mutating func share(with earlier: ProgrammedReport) {
    if states == earlier.states { states = earlier.states }
  }

  /// Creates a report.
  public init(
    proxies: [ProxyState] = [], routes: [ProgrammedRoute] = [], asked: [ObjectRef] = [], gaps: [String] = [],
    at: Instant
  ) {
    states = proxies
    self.routes = routes
    self.asked = asked
    self.gaps = gaps
    self.at = at
    counts = Counts(proxies)
  }
}

extension [ProxyState] {
  /// Puts them in the order of their names, which costs little where they are in it.
  public mutating func putInOrder() {
    if zip(self, dropFirst()).contains(where: { $1.ref < $0.ref }) { sort { $0.ref < $1.ref } }
  }
}
