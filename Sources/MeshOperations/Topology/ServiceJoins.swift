public import MeshModel

/// Services of several planes that have one name.
public struct ServiceNamesakes: Sendable, Hashable {
  /// The name they have in common.
  public var host: String
  /// The services, by identity; those of two planes at least.
  public var members: [ObjectRef]
  /// Why they are one service, or why they are not taken for one.
  public var reasons: [String]
}

/// Which services of several planes are one service, and which only share a name.
public struct ServiceJoins: Sendable {
  /// Those that are one.
  public private(set) var joined: [ServiceNamesakes] = []
  /// Those that share a name and are kept apart.
  public private(set) var apart: [ServiceNamesakes] = []
  private var places: [ObjectRef: Int] = [:]
  private var hosts: [String: Int] = [:]

  /// What a service is joined with, itself included; `nil` where it stands alone.
  public func join(of service: ObjectRef) -> ServiceNamesakes? { places[service].map { joined[$0] } }

  /// What the service of a host is joined with; `nil` where it stands alone, or where several of that name are joined.
  func join(ofHost host: String) -> ServiceNamesakes? {
    Self.name(host).flatMap { hosts[$0] }.map { joined[$0] }
  }

  /// The groups that share a service's name and are kept apart.
  public func apart(of service: ObjectRef) -> [ServiceNamesakes] { apart.filter { $0.members.contains(service) } }

  init() {}

  /// Joins the services of several planes.
  ///
  /// - Planes that are one mesh (``MeshKinship``): services of one host are one service.
  /// - A plane of another kind, whose identities cannot be compared (an App Mesh or a Consul beside a cluster): a fully
  ///   qualified host that is written alike names one thing, as long as there is one candidate.
  /// - A service that says which service of which cluster it mirrors (Linkerd multicluster, label
  ///   `mirror.linkerd.io/cluster-name` and annotation `mirror.linkerd.io/remote-svc-fq-name`): the one it names.
  /// - All others that share a name are kept apart, with the reason.
  init(
    _ services: some Sequence<Service>, kinds: [PlaneName: Plane.Kind], clusters: [PlaneName: String],
    kinship: (PlaneName, PlaneName) -> MeshKinship
  ) {
    var alike: [String: Set<ObjectRef>] = [:]
    var mirrors: [(ref: ObjectRef, remote: RemoteService)] = []
    for service in services {
      if let remote = service.remote { mirrors.append((service.ref, remote)) }
      for name in service.hosts.compactMap(Self.name) { alike[name, default: []].insert(service.ref) }
    }
    for (name, members) in alike.sorted(by: { $0.key < $1.key }) {
      let byPlane = Dictionary(grouping: members, by: \.plane)
      guard byPlane.count > 1 else { continue }
      sort(name, byPlane, kinds, kinship)
    }
    for mirror in mirrors.sorted(by: { $0.ref < $1.ref }) { join(mirror.ref, mirror.remote, alike, clusters) }
    let groups = Dictionary(grouping: joined.indices, by: { joined[$0].host })
    hosts = groups.compactMapValues { $0.count == 1 ? $0.first : nil }
    for (place, group) in joined.enumerated() { for member in group.members { places[member] = place } }
  }

  /// The name by which a host is compared; `nil` for one that means nothing beyond its plane: a wildcard, a bare label.
  ///
  /// `reviews.shop.svc.cluster.local`, `reviews.shop.svc.clusterset.local` (KEP-1645) and `reviews.shop.global` (Istio's
  /// replicated control planes) name one service within one mesh: the domain only says who is asked for its address.
  static func name(_ host: String) -> String? {
    let labels = host.lowercased().split(separator: ".").map(String.init)
    guard labels.count > 1, let first = labels.first, !first.hasPrefix("*") else { return nil }
    if let place = labels.firstIndex(of: "svc"), place >= 2 { return labels[...place].joined(separator: ".") }
    if labels.count == 3, labels[2] == "global" { return "\(labels[0]).\(labels[1]).svc" }
    return labels.joined(separator: ".")
  }

  /// The words of a service's place among those of other planes, one line each; none where it is alone of its name.
  public func words(for service: ObjectRef) -> [String] {
    func names(_ group: ServiceNamesakes) -> String {
      group.members.filter { $0 != service }.map(\.description).joined(separator: ", ")
    }
    let one = join(of: service).map { "one with \(names($0)): \($0.reasons.joined(separator: "; "))" }
    return [one].compactMap(\.self)
      + apart(of: service).map { group in
        let (others, reasons) = (names(group), group.reasons.joined(separator: "; "))
        return others.isEmpty ? reasons : "not one with \(others): \(reasons)"
      }
  }

  /// Joins or parts the services of one name.
  private mutating func sort(
    _ name: String, _ byPlane: [PlaneName: [ObjectRef]], _ kinds: [PlaneName: Plane.Kind],
    _ kinship: (PlaneName, PlaneName) -> MeshKinship
  ) {
    var groups: [(planes: [PlaneName], reasons: [String])] = []
    var doubts: [String] = []
    /// The planes of kinds that are alone in the group, and so can only be told by the name.
    var others: [PlaneName] = []
    let planes = byPlane.keys.sorted()
    for plane in planes {
      if planes.count(where: { kinds[$0] == kinds[plane] }) == 1 {
        others.append(plane)
        continue
      }
      var home: Int?
      for (place, group) in groups.enumerated() {
        guard let first = group.planes.first(where: { kinds[$0] == kinds[plane] }) else { continue }
        let found = kinship(first, plane)
        if found.isSame {
          if home == nil { home = place }
          if !groups[place].reasons.contains(found.reason) { groups[place].reasons.append(found.reason) }
        } else {
          doubts.append("\(first) and \(plane): \(found.reason)")
        }
      }
      if let home { groups[home].planes.append(plane) } else { groups.append(([plane], [])) }
    }
    if groups.isEmpty, let first = others.first {
      groups = [([first], [])]
      others.removeFirst()
    }
    for plane in others {
      if byPlane[plane]?.count != 1 {
        doubts.append("\(plane) has \(byPlane[plane]?.count ?? 0) of that name")
        groups.append(([plane], []))
      } else if groups.count == 1 {
        groups[0].planes.append(plane)
      } else {
        doubts.append("which one \(plane) means cannot be told")
        groups.append(([plane], []))
      }
    }
    for group in groups where group.planes.count > 1 {
      joined.append(
        ServiceNamesakes(
          host: name, members: group.planes.flatMap { byPlane[$0] ?? [] }.sorted(),
          reasons: ["same host \(name)"] + group.reasons))
    }
    if groups.count > 1 {
      apart.append(ServiceNamesakes(host: name, members: byPlane.values.flatMap(\.self).sorted(), reasons: doubts))
    }
  }

  /// Joins a mirror with the service it stands for.
  private mutating func join(
    _ mirror: ObjectRef, _ remote: RemoteService, _ alike: [String: Set<ObjectRef>], _ clusters: [PlaneName: String]
  ) {
    guard let name = Self.name(remote.host) else { return }
    let candidates = (alike[name] ?? []).filter {
      $0.plane != mirror.plane && ($0.plane == remote.cluster || clusters[$0.plane] == remote.cluster)
    }
    let targets = Set(candidates.map(\.plane))
    guard targets.count == 1 else {
      let reason =
        targets.isEmpty
        ? "it mirrors \(remote.host) of cluster \(remote.cluster), which no plane is known to be"
        : "several planes are cluster \(remote.cluster)"
      apart.append(ServiceNamesakes(host: remote.host, members: [mirror] + candidates.sorted(), reasons: [reason]))
      return
    }
    let reason = "\(mirror.shortName) mirrors \(remote.host) of cluster \(remote.cluster)"
    if let place = joined.firstIndex(where: { !candidates.isDisjoint(with: $0.members) }) {
      joined[place].members = (joined[place].members + [mirror]).sorted()
      joined[place].reasons.append(reason)
    } else {
      joined.append(
        ServiceNamesakes(host: name, members: (Array(candidates) + [mirror]).sorted(), reasons: [reason]))
    }
  }
}

extension MeshView {
  /// Which services of several planes are one, and why; nothing of one plane alone.
  public func serviceJoins() -> ServiceJoins {
    let kinds = Dictionary(planes.map { ($0.plane.name, $0.plane.kind) }, uniquingKeysWith: { first, _ in first })
    guard kinds.count > 1 else { return ServiceJoins() }
    let clusters = Dictionary(
      kinds.keys.compactMap { plane in cluster(of: plane).map { (plane, $0) } }, uniquingKeysWith: { first, _ in first }
    )
    return ServiceJoins(
      snapshot.services.values.filter { kinds[$0.ref.plane] != nil }, kinds: kinds, clusters: clusters,
      kinship: kinship)
  }
}
