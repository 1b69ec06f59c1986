import Synchronization

/// Everything known of the planes' configuration at one moment.
///
/// A value with structural sharing: taking one costs nothing and a change costs in proportion to the change, whatever
/// the size of the mesh.
public struct MeshSnapshot: Sendable {
  /// A table of things by identity.
  public typealias Table<Value: Sendable & Hashable> = ObjectTable<Value>

  /// The namespaces.
  public var namespaces: Table<Namespace> = [:]
  /// The services called.
  public var services: Table<Service> = [:]
  /// The workloads that run them.
  public var workloads: Table<Workload> = [:]
  /// The instances of workloads.
  public var endpoints: Table<Endpoint> = [:]
  /// The routes.
  public var routes: Table<Route> = [:]
  /// How callers reach hosts.
  public var destinations: Table<DestinationPolicy> = [:]
  /// The entrances and exits.
  public var gateways: Table<Gateway> = [:]
  /// What proxies are told of.
  public var egressScopes: Table<EgressScope> = [:]
  /// What servers accept.
  public var mtlsPolicies: Table<MTLSPolicy> = [:]
  /// Who may call.
  public var accessPolicies: Table<AccessPolicy> = [:]
  /// The instances of each workload, kept with `endpoints`.
  public private(set) var readiness: Table<Readiness> = [:]
  /// The settings of each plane's mesh.
  public var meshes: [PlaneName: MeshSettings] = [:]
  /// How each kind of each plane is being read.
  public var feeds: [FeedKey: FeedState] = [:]
  /// The kinds that were read to their end at least once.
  public private(set) var listed: Set<FeedKey> = []
  /// The number of this configuration: two snapshots of the same number hold the same things and settings. It grows with
  /// every change, by the changes of all snapshots; 0 is the empty one.
  public private(set) var generation = 0

  private static let changes = Atomic<Int>(0)

  private static func nextGeneration() -> Int { changes.add(1, ordering: .relaxed).newValue }

  /// An empty snapshot.
  public init() {}

  /// The counted instances of a workload.
  public struct Readiness: Sendable, Hashable {
    /// The instances that take traffic.
    public var ready = 0
    /// All instances.
    public var total = 0
    /// The instances by how they take part in the mesh.
    public var proxies: [ProxyMode: Int] = [:]

    /// Creates a count.
    public init(ready: Int = 0, total: Int = 0, proxies: [ProxyMode: Int] = [:]) {
      self.ready = ready
      self.total = total
      self.proxies = proxies
    }

    /// How the workload takes part: the mode of most of its instances.
    public var proxy: ProxyMode? { proxies.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }?.key }
  }

  /// One kind of thing on one plane.
  public struct FeedKey: Sendable, Hashable {
    /// The plane.
    public var plane: PlaneName
    /// The kind in lower case.
    public var kind: ObjectKind

    /// Creates a key.
    public init(plane: PlaneName, kind: ObjectKind) {
      self.plane = plane
      self.kind = kind
    }
  }

  /// Applies one change. A thing that is told again as it is known stays as it is: a list that is read again changes nothing.
  public mutating func apply(_ change: MeshChange) {
    switch change {
    case .upsert(let entity): if upsert(entity) { generation = Self.nextGeneration() }
    case .remove(let ref):
      generation = Self.nextGeneration()
      remove(ref)
    case .reset(let key, let entities):
      generation = Self.nextGeneration()
      let kept = Set(entities.map(\.ref))
      for ref in refs(where: { $0.plane == key.plane && $0.kind == key.kind }) where !kept.contains(ref) { remove(ref) }
      for entity in entities { _ = upsert(entity) }
    case .feed(let key, let state):
      if case .live = state { listed.insert(key) }
      // The age of what is shown counts from its first fault, not from the last attempt.
      if case .stale(let reason, _) = state, case .stale(_, let since)? = feeds[key] {
        feeds[key] = .stale(reason, since)
      } else {
        feeds[key] = state
      }
    case .mesh(let plane, let settings):
      if meshes[plane] != settings { generation = Self.nextGeneration() }
      meshes[plane] = settings
    }
  }

  /// Puts a thing in; whether it is another than the one known.
  private mutating func upsert(_ entity: Entity) -> Bool {
    switch entity {
    case .namespace(let value): return namespaces.put(value, forKey: value.ref)
    case .service(let value): return services.put(value, forKey: value.ref)
    case .workload(let value): return workloads.put(value, forKey: value.ref)
    case .endpoint(let value):
      let old = endpoints[value.ref]
      guard endpoints.put(value, forKey: value.ref) else { return false }
      if let old { count(old, -1) }
      count(value, 1)
      return true
    case .route(let value): return routes.put(value, forKey: value.ref)
    case .destination(let value): return destinations.put(value, forKey: value.ref)
    case .gateway(let value): return gateways.put(value, forKey: value.ref)
    case .egressScope(let value): return egressScopes.put(value, forKey: value.ref)
    case .mtlsPolicy(let value): return mtlsPolicies.put(value, forKey: value.ref)
    case .accessPolicy(let value): return accessPolicies.put(value, forKey: value.ref)
    }
  }

  private mutating func remove(_ ref: ObjectRef) {
    if let endpoint = endpoints.removeValue(forKey: ref) { count(endpoint, -1) }
    namespaces[ref] = nil
    services[ref] = nil
    workloads[ref] = nil
    routes[ref] = nil
    destinations[ref] = nil
    gateways[ref] = nil
    egressScopes[ref] = nil
    mtlsPolicies[ref] = nil
    accessPolicies[ref] = nil
  }

  private mutating func count(_ endpoint: Endpoint, _ step: Int) {
    var readiness = readiness[endpoint.workload] ?? Readiness()
    readiness.total += step
    if endpoint.isReady { readiness.ready += step }
    let proxies = (readiness.proxies[endpoint.proxy] ?? 0) + step
    readiness.proxies[endpoint.proxy] = proxies == 0 ? nil : proxies
    self.readiness[endpoint.workload] = readiness.total == 0 ? nil : readiness
  }

  /// The identities of everything known that meets a condition.
  package func refs(where isWanted: (ObjectRef) -> Bool) -> [ObjectRef] {
    func matching<Value>(_ table: Table<Value>) -> [ObjectRef] { table.keys.filter(isWanted) }
    return matching(namespaces) + matching(services) + matching(workloads) + matching(endpoints) + matching(routes)
      + matching(destinations) + matching(gateways) + matching(egressScopes) + matching(mtlsPolicies)
      + matching(accessPolicies)
  }
}

/// One thing a plane told of.
public enum Entity: Sendable, Hashable {
  case namespace(Namespace)
  case service(Service)
  case workload(Workload)
  case endpoint(Endpoint)
  case route(Route)
  case destination(DestinationPolicy)
  case gateway(Gateway)
  case egressScope(EgressScope)
  case mtlsPolicy(MTLSPolicy)
  case accessPolicy(AccessPolicy)

  /// Its identity.
  public var ref: ObjectRef {
    switch self {
    case .namespace(let value): value.ref
    case .service(let value): value.ref
    case .workload(let value): value.ref
    case .endpoint(let value): value.ref
    case .route(let value): value.ref
    case .destination(let value): value.ref
    case .gateway(let value): value.ref
    case .egressScope(let value): value.ref
    case .mtlsPolicy(let value): value.ref
    case .accessPolicy(let value): value.ref
    }
  }
}

/// A change a plane told of.
public enum MeshChange: Sendable, Hashable {
  case upsert(Entity)
  case remove(ObjectRef)
  /// All things of one kind, after a list: what is not among them is gone.
  case reset(MeshSnapshot.FeedKey, [Entity])
  /// How a kind is being read.
  case feed(MeshSnapshot.FeedKey, FeedState)
  /// The settings of the plane's mesh.
  case mesh(PlaneName, MeshSettings)
}

/// How one kind of thing is being read.
public enum FeedState: Sendable, Hashable {
  /// The first list is under way; the number of things read so far.
  case loading(Int)
  /// Listed and watched; when it was last heard of, and the one namespace that may be read (empty where all are).
  case live(Instant, within: String = "")
  /// What was known stays shown; why it is no longer fresh, and since when.
  case stale(String, Instant)
  /// The plane does not let us read it; why.
  case refused(String)
  /// The plane does not have the kind, so that nothing of it is hidden; what it answered.
  case absent(String)
}

/// The settings of a plane's mesh that rules depend on.
public struct MeshSettings: Sendable, Hashable {
  /// The namespace whose policies hold for the mesh (Istio `rootNamespace`).
  public var rootNamespace: String
  /// Whether callers use mesh TLS wherever the server can (Istio `enableAutoMtls`).
  public var autoMTLS: Bool
  /// The trust domain of identities.
  public var trustDomain: String
  /// The domain of service names, such as `cluster.local`.
  public var domain: String
  /// Whether proxies let calls to unknown hosts out (Istio `outboundTrafficPolicy: ALLOW_ANY`).
  public var allowsUnknownHosts: Bool
  /// The control plane's version; empty where unknown.
  public var version: String
  /// Other names that identities of this trust domain go by (Istio `trustDomainAliases`).
  public var trustDomainAliases: [String] = []
  /// The namespaces in which services, routes and destination policies are visible that do not say where (Istio
  /// `defaultServiceExportTo` and its like); empty means all.
  public var serviceExportTo: [String] = [], routeExportTo: [String] = [], destinationExportTo: [String] = []
  /// What tells this mesh from others (Istio `defaultConfig.meshId`); empty where nobody named it.
  public var meshID = ""
  /// The cluster's name as its proxies say it (Istio `CLUSTER_ID`); empty where unknown.
  public var cluster = ""
  /// The network its instances are reached in (`topology.istio.io/network`); empty where nobody named it.
  public var network = ""
  /// The root certificates that proxies believe, each as its base64 text without line breaks; empty where not read.
  public var roots: Set<String> = []
  /// What workloads let in where nothing of their own says (Linkerd `proxy.defaultInboundPolicy`); `nil` where unknown.
  public var defaultInbound: String?
  /// The networks that count as the cluster's (Linkerd `clusterNetworks`); empty where unknown.
  public var clusterNetworks: [String]

  /// Creates settings; the defaults are Istio's.
  public init(
    rootNamespace: String = "istio-system", autoMTLS: Bool = true, trustDomain: String = "cluster.local",
    domain: String = "cluster.local", allowsUnknownHosts: Bool = true, version: String = "",
    defaultInbound: String? = nil, clusterNetworks: [String] = []
  ) {
    self.defaultInbound = defaultInbound
    self.clusterNetworks = clusterNetworks
    self.rootNamespace = rootNamespace
    self.autoMTLS = autoMTLS
    self.trustDomain = trustDomain
    self.domain = domain
    self.allowsUnknownHosts = allowsUnknownHosts
    self.version = version
  }
}
