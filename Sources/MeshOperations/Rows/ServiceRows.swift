public import MeshModel
public import MeshTelemetry

/// A service or workload with its instances and its traffic: one row of a table.
public struct HealthRow: Sendable, Hashable {
  /// The service or workload.
  public var ref: ObjectRef
  /// What its instances are.
  public var runtime: Runtime
  /// What kind of server it is; `nil` for a workload no service selects.
  public var role: Role?
  /// How it takes part in the mesh; `nil` where it has no instance.
  public var proxy: ProxyMode?
  /// The instances that take traffic.
  public var ready: Int
  /// All instances, or those asked for where that is more.
  public var total: Int
  /// Why its instances are not known, where they are not: a platform may not tell them, or not yet.
  public var uncounted: String?
  /// Its traffic, or why it is not known.
  public var traffic: Known<TrafficSum>
  /// The name of its cluster; `nil` where it is not known.
  public var cluster: String?
  /// The services of other planes it is one with, and why; `nil` where it stands alone.
  public var joined: ServiceNamesakes?
  /// What proxies counted of it in its own protocol, where it is a database, a cache or a broker; `nil` elsewhere.
  @Rare public var stores: [StoreTraffic]?

  /// Its plane, then those of the services it is one with.
  public var planes: [PlaneName] {
    [ref.plane] + Set(joined?.members.map(\.plane) ?? []).subtracting([ref.plane]).sorted()
  }

  /// Whether an operator should look: failing requests, or instances asked for and none ready.
  public var needsAttention: Bool {
    (traffic.value?.errorRate ?? 0) >= 0.01 || lacksInstances
  }

  /// Whether instances that are asked for do not take traffic, as far as they are known.
  public var lacksInstances: Bool { uncounted == nil && ready < total }
}

extension HealthRow {
  /// Why its instances are not known, where nothing tells them.
  static let untold = "nothing tells its instances"
  /// Why its traffic is not known, where telemetry does not mention it.
  public static let unmeasured = "no call was seen, and no proxy of it reports: absent is not none"
  /// Why the traffic of a gateway is not known, where no caller's proxy reports and the gateway reports what it sends on alone.
  public static let outermost = "its callers have no proxy that reports, and it does not report as a server"
}

extension MeshView {
  /// The workloads of a service: those its selector matches, the VMs a service entry stands for or names, and the addresses
  /// that are written for it.
  public func workloads(of service: Service, _ index: WorkloadIndex) -> [Workload] {
    index.matching(service.selector, namespace: service.ref.namespace, plane: service.ref.plane)
      + service.written.compactMap { snapshot.workloads[$0] }
  }

  /// One row a service; those that need attention alone where no others are wanted.
  public func serviceRows(
    plane: PlaneName? = nil, namespace: String? = nil, onlyNeedingAttention: Bool = false
  ) -> [HealthRow] {
    var latest: (plane: PlaneName, index: TrafficIndex, reached: Set<Int>)?
    var clusters = ClusterNames()
    var stores: [PlaneName: [ObjectRef: [StoreTraffic]]] = [:]
    lazy var joins = serviceJoins()
    let services = memo.services(of: snapshot.generation) { stillRows() }
    // By place: none is copied before it is known to be wanted.
    return services.indices.compactMap { place in
      let ref = services[place].ref
      guard ref.isIn(plane: plane, namespace: namespace) else { return nil }
      if latest?.plane != ref.plane {
        let index = TrafficIndex(self, plane: ref.plane)
        latest = (ref.plane, index, onlyNeedingAttention ? index.digestsOfHosts : [])
      }
      // Most services have neither traffic nor too few instances.
      if onlyNeedingAttention, services[place].ready >= services[place].total,
        latest?.reached.contains(services[place].hostDigest) != true
      {
        return nil
      }
      guard let index = latest?.index else { return nil }
      let service = services[place]
      let edges = service.host.map { index.inbound(toHost: $0, namespace: ref.namespace) } ?? []
      if onlyNeedingAttention, edges.isEmpty, service.ready >= service.total { return nil }
      var row = HealthRow(
        ref: ref, runtime: service.runtime, role: service.role, proxy: service.proxy, ready: service.ready,
        total: service.total, uncounted: service.uncounted, traffic: .unknown(""))
      row.traffic = sum(
        edges.countedOnce(), plane: ref.plane,
        gap: Self.gap(service.workloads.lazy.map { index.gap(to: $0, proxy: service.proxy) }))
      row.uncounted = row.uncounted ?? instancesGap(row.runtime, on: ref.plane)
      if onlyNeedingAttention, !row.needsAttention { return nil }
      row.cluster = clusters.name(ref.plane, self)
      row.joined = joins.join(of: ref)
      if stores[ref.plane] == nil { stores[ref.plane] = self.stores(on: ref.plane).services }
      row.stores = stores[ref.plane]?[ref]
      return row
    }
  }

  /// Why the pods of a plane are not known yet, or not at all; what was told of them before they are says too little.
  private func instancesGap(_ runtime: Runtime, on plane: PlaneName) -> String? {
    // Machines and what is outside are told by kinds of their own.
    guard runtime == .container || runtime == .serverless else { return nil }
    let key = MeshSnapshot.FeedKey(plane: plane, kind: "pod")
    switch snapshot.feeds[key] {
    case .loading: return snapshot.listed.contains(key) ? nil : "its instances are still being read"
    case .refused(let reason): return "its instances are not read: \(reason)"
    case .stale(let reason, _): return snapshot.listed.contains(key) ? nil : "its instances are not read: \(reason)"
    case .live, .absent, nil: return nil
    }
  }

  /// The rows of all services without their traffic.
  private func stillRows() -> [ConfigurationMemo.Service] {
    let workloads = WorkloadIndex(snapshot)
    var rows: [ConfigurationMemo.Service] = []
    rows.reserveCapacity(snapshot.services.count)
    for service in snapshot.services.values {
      let members = self.workloads(of: service, workloads)
      let readiness = members.compactMap { snapshot.readiness[$0.ref] }
      rows.append(
        ConfigurationMemo.Service(
          ref: service.ref, runtime: members.first?.runtime ?? service.runtime, role: service.role,
          proxy: readiness.first?.proxy, ready: readiness.map(\.ready).reduce(0, +),
          total: max(readiness.map(\.total).reduce(0, +), members.compactMap(\.desired).reduce(0, +)),
          uncounted: members.isEmpty || !readiness.isEmpty || members.contains { $0.desired != nil }
            ? nil : HealthRow.untold, host: service.hosts.first,
          hostDigest: service.hosts.first.map { TrafficIndex.digest(ofHost: $0, namespace: service.ref.namespace) }
            ?? 0,
          workloads: members.map(\.ref)))
    }
    rows.sort { $0.ref < $1.ref }
    return rows
  }

  /// One row a workload.
  public func workloadRows(plane: PlaneName? = nil, namespace: String? = nil) -> [HealthRow] {
    var indices: [PlaneName: TrafficIndex] = [:]
    var clusters = ClusterNames()
    let roles = serviceRoles()
    return snapshot.workloads.values.filter { $0.ref.isIn(plane: plane, namespace: namespace) }.map { workload in
      let index = indices[workload.ref.plane] ?? TrafficIndex(self, plane: workload.ref.plane)
      indices[workload.ref.plane] = index
      let readiness = snapshot.readiness[workload.ref]
      return HealthRow(
        ref: workload.ref, runtime: workload.runtime, role: roles[workload.ref], proxy: readiness?.proxy,
        ready: readiness?.ready ?? 0, total: max(readiness?.total ?? 0, workload.desired ?? 0),
        uncounted: instancesGap(workload.runtime, on: workload.ref.plane)
          ?? (readiness != nil || workload.desired != nil ? nil : HealthRow.untold),
        traffic: sum(
          index.inbound(to: workload.ref).countedOnce(), plane: workload.ref.plane,
          gap: index.gap(to: workload.ref, proxy: readiness?.proxy)),
        cluster: clusters.name(workload.ref.plane, self))
    }.sorted { $0.ref < $1.ref }
  }

  /// The role of the first service that selects each workload.
  public func serviceRoles() -> [ObjectRef: Role] {
    let workloads = WorkloadIndex(snapshot)
    var roles: [ObjectRef: Role] = [:]
    for workload in snapshot.workloads.values { if let role = workload.role { roles[workload.ref] = role } }
    for service in snapshot.services.values {
      // What knows its instances for a store is believed before what goes by the names of ports.
      let isStore = [Role.database, .message, .cache].contains(service.role)
      for workload in self.workloads(of: service, workloads) where isStore || roles[workload.ref] == nil {
        roles[workload.ref] = service.role
      }
    }
    return roles
  }

  /// Why nothing seen of a service is not none: what its workloads lack, unless one lacks nothing.
  private static func gap(_ gaps: some Sequence<String?>) -> String? {
    var reason = HealthRow.unmeasured
    for gap in gaps {
      guard let gap else { return nil }
      if gap != HealthRow.unmeasured { reason = gap }
    }
    return reason
  }

  /// The sum of what was measured. Where nothing was, that is none only if the proxy that would tell of it reports.
  private func sum(_ edges: [Edge], plane: PlaneName, gap: @autoclosure () -> String?) -> Known<TrafficSum> {
    switch traffic(on: plane) {
    case .unknown(let reason): return .unknown(reason)
    case .known(let report, let source, let at):
      if edges.isEmpty {
        if let gap = report.gaps.first { return .unknown(gap) }
        if let gap = gap() { return .unknown(gap) }
      }
      return .known(TrafficSum(edges.map(\.traffic)), source: source, at: at)
    }
  }
}

/// The clusters of planes, each worked out once.
private struct ClusterNames {
  private var known: [PlaneName: String?] = [:]

  mutating func name(_ plane: PlaneName, _ view: MeshView) -> String? {
    if let name = known[plane] { return name }
    let name = view.cluster(of: plane)
    known[plane] = .some(name)
    return name
  }
}

/// The workloads of a snapshot, found by labels without going through all of them.
public struct WorkloadIndex: Sendable {
  private struct Place: Hashable {
    let plane: PlaneName
    let namespace: String
    /// The value of the customary label; `nil` for all of a namespace.
    var value: String?
  }

  /// The labels nearly every selector has one of; others are found by going through the namespace.
  private static let customary = ["app", "app.kubernetes.io/name", "k8s-app", "istio"]

  private var workloads: [Workload] = []
  private var places: [Place: [Int32]] = [:]

  /// Indexes the workloads of a snapshot.
  public init(_ snapshot: MeshSnapshot) {
    workloads.reserveCapacity(snapshot.workloads.count)
    for workload in snapshot.workloads.values {
      let number = Int32(truncatingIfNeeded: workloads.count)
      var place = Place(plane: workload.ref.plane, namespace: workload.ref.namespace, value: nil)
      places[place, default: []].append(number)
      for name in Self.customary {
        guard let value = workload.labels[name] else { continue }
        place.value = name == "app" ? value : "\(name)=\(value)"
        places[place, default: []].append(number)
      }
      workloads.append(workload)
    }
  }

  /// The workloads that carry all labels of a selector, in the order of their names; an empty selector selects none.
  public func matching(_ selector: [String: String], namespace: String, plane: PlaneName) -> [Workload] {
    guard !selector.isEmpty else { return [] }
    var place = Place(plane: plane, namespace: namespace, value: nil)
    if let name = Self.customary.first(where: { selector[$0] != nil }), let value = selector[name] {
      place.value = name == "app" ? value : "\(name)=\(value)"
    }
    let found = (places[place] ?? []).map { workloads[Int($0)] }
      .filter { workload in selector.allSatisfy { workload.labels[$0.key] == $0.value } }
    return found.count > 1 ? found.sorted { $0.ref < $1.ref } : found
  }

  /// The workloads of a namespace.
  public func all(namespace: String, plane: PlaneName) -> [Workload] {
    (places[Place(plane: plane, namespace: namespace, value: nil)] ?? []).map { workloads[Int($0)] }
  }
}

extension ObjectRef {
  /// Whether it is on a plane and in a namespace, where those are given.
  public func isIn(plane: PlaneName?, namespace: String?) -> Bool {
    (plane == nil || plane == self.plane) && (namespace == nil || namespace == self.namespace)
  }
}
