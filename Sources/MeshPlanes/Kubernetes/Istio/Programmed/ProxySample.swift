import MeshModel

/// The proxies worth asking for the routes of some hosts.
struct ProxySample {
  let snapshot: MeshSnapshot
  let plane: PlaneName
  let settings: MeshSettings

  /// At most `limit` proxies: unsynchronised ones first, then one of each workload that can see the routes, then
  /// others.
  func proxies(for routes: [Route], known: [ProxyState], limit: Int) -> [ObjectRef] {
    let namespaces = Set(routes.map(\.ref.namespace))
    let gateways = routes.contains { $0.attachedTo != ["mesh"] }
    func isCaller(_ ref: ObjectRef) -> Bool {
      routes.contains { IstioHost.isExported($0.exportTo, from: $0.ref.namespace, to: ref.namespace) }
    }
    let unsettled = Set(
      known.filter { state in state.sync.values.contains { $0 != .synced && $0 != .notSent } }.map(\.ref))
    var candidates = known.map(\.ref)
    if candidates.isEmpty {
      candidates = snapshot.endpoints.values.lazy.filter {
        $0.ref.plane == plane && $0.isReady && ($0.proxy == .sidecar || $0.proxy == .gateway) && $0.ref.kind == "pod"
      }.map(\.ref)
    }
    func rank(_ ref: ObjectRef) -> Int {
      // A VM's proxy can seldom be asked; what a pod's says of the same routes is as good.
      if ref.kind != "pod" { return 3 }
      if unsettled.contains(ref) { return 0 }
      if gateways, snapshot.endpoints[ref]?.proxy == .gateway { return 1 }
      return namespaces.contains(ref.namespace) ? 2 : 3
    }
    if zip(candidates, candidates.dropFirst()).contains(where: { $1 < $0 }) { candidates.sort() }
    // Ranked once each, not at every comparison: there may be 50,000.
    var ranked = [[ObjectRef]](repeating: [], count: 4)
    for ref in candidates where isCaller(ref) { ranked[rank(ref)].append(ref) }
    let ordered = ranked.joined()
    // One of each workload first: replicas of one are told the same.
    var workloads: Set<ObjectRef> = []
    var (firsts, others) = ([ObjectRef](), [ObjectRef]())
    for ref in ordered {
      if workloads.insert(snapshot.endpoints[ref]?.workload ?? ref).inserted {
        firsts.append(ref)
        if firsts.count == limit { break }
      } else {
        others.append(ref)
      }
    }
    return Array((firsts + others).prefix(limit))
  }
}
