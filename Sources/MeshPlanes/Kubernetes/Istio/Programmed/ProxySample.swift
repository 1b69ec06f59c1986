import MeshModel

/// The proxies worth asking for the routes of some hosts.
struct ProxySample {
  let snapshot: MeshSnapshot
  let plane: PlaneName

  /// At most `limit` proxies: unsynchronised ones first, then one of each workload that can see the routes, then
  /// others.
  ///
  /// Of 50,000 proxies a handful is chosen: each is compared with the last of those chosen so far, and none is sorted.
  func proxies(for routes: [Route], known: [ProxyState], limit: Int) -> [ObjectRef] {
    var callers = Callers(routes: routes, exportTo: snapshot.meshes[plane]?.routeExportTo ?? [])
    var chosen = Choice(limit: limit)
    var unsettled: Set<ObjectRef> = []
    for place in known.indices where !known[place].isSettled { unsettled.insert(known[place].ref) }
    // Replicas of one workload are told the same: they are asked where there are not enough workloads.
    for replicasCount in [false, true] where chosen.isWanting {
      func consider(_ ref: ObjectRef, of workload: @autoclosure () -> ObjectRef?, isGateway: @autoclosure () -> Bool) {
        let namespace = callers.namespace(of: ref)
        guard namespace.isCaller else { return }
        let rank = callers.rank(ref, in: namespace, isUnsettled: unsettled.contains(ref), isGateway: isGateway)
        if !replicasCount {
          chosen.consider(ref, rank: rank, workload: workload() ?? ref)
        } else if !chosen.contains(ref) {
          chosen.consider(ref, rank: rank + Callers.ranks, workload: ref)
        }
      }
      for place in known.indices {
        let ref = known[place].ref
        consider(
          ref, of: known[place].workload ?? snapshot.endpoints[ref]?.workload,
          isGateway: snapshot.endpoints[ref]?.proxy == .gateway)
      }
      guard known.isEmpty else { continue }
      for place in snapshot.endpoints.kept {
        let ref = place.value.ref
        guard ref.plane == plane, place.value.isReady, ref.kind == "pod",
          place.value.proxy == .sidecar || place.value.proxy == .gateway
        else { continue }
        consider(ref, of: place.value.workload, isGateway: place.value.proxy == .gateway)
      }
    }
    return chosen.refs
  }
}

/// Who can call by some routes, worked out once a namespace.
private struct Callers {
  /// The number of ranks.
  static let ranks = 4

  let routes: [Route]
  /// Where routes are visible that do not say so.
  private let exportTo: [String]
  private let gateways: Bool
  /// What is known of a namespace.
  struct Namespace {
    /// Whether the routes are visible in it.
    var isCaller: Bool
    /// Whether one of the routes is in it.
    var hasRoute: Bool
  }

  private let withRoutes: Set<String>
  private var namespaces: [String: Namespace] = [:]
  /// The one asked for last: proxies come in the order of their namespaces.
  private var last: (ref: ObjectRef, namespace: Namespace)?

  init(routes: [Route], exportTo: [String]) {
    self.routes = routes
    self.exportTo = exportTo
    withRoutes = Set(routes.lazy.map(\.ref.namespace))
    gateways = routes.contains { $0.attachedTo != ["mesh"] }
  }

  /// The namespace of a proxy.
  mutating func namespace(of ref: ObjectRef) -> Namespace {
    if let last, last.ref.hasScope(of: ref) { return last.namespace }
    let name = ref.namespace
    let found =
      namespaces[name]
      ?? Namespace(
        isCaller: routes.contains {
          IstioHost.isExported($0.exportTo, from: $0.ref.namespace, to: name, unless: exportTo)
        }, hasRoute: withRoutes.contains(name))
    namespaces[name] = found
    last = (ref, found)
    return found
  }

  /// How soon a proxy is asked: the lower the sooner.
  func rank(_ ref: ObjectRef, in namespace: Namespace, isUnsettled: Bool, isGateway: () -> Bool) -> Int {
    // A VM's proxy can seldom be asked; what a pod's says of the same routes is as good.
    if ref.kind != "pod" { return 3 }
    if isUnsettled { return 0 }
    if gateways, isGateway() { return 1 }
    return namespace.hasRoute ? 2 : 3
  }
}

/// The first few by rank and name, one a workload.
private struct Choice {
  private struct Chosen {
    var rank: Int
    var ref: ObjectRef
    var workload: ObjectRef

    static func < (left: Chosen, right: Chosen) -> Bool {
      left.rank == right.rank ? left.ref < right.ref : left.rank < right.rank
    }
  }

  let limit: Int
  private var chosen: [Chosen] = []

  init(limit: Int) { self.limit = limit }

  var refs: [ObjectRef] { chosen.map(\.ref) }
  var isWanting: Bool { chosen.count < limit }

  func contains(_ ref: ObjectRef) -> Bool { chosen.contains { $0.ref == ref } }

  mutating func consider(_ ref: ObjectRef, rank: Int, workload: @autoclosure () -> ObjectRef) {
    if !isWanting, let last = chosen.last, rank > last.rank || rank == last.rank && !(ref < last.ref) { return }
    let workload = workload()
    let new = Chosen(rank: rank, ref: ref, workload: workload)
    if let same = chosen.firstIndex(where: { $0.workload == workload }) {
      guard new < chosen[same] else { return }
      chosen.remove(at: same)
    }
    let place = chosen.firstIndex { new < $0 } ?? chosen.endIndex
    chosen.insert(new, at: place)
    if chosen.count > limit { chosen.removeLast() }
  }
}
