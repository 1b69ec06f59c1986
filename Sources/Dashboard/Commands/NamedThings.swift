public import MeshKit

extension ObjectRef {
  /// The thing among candidates that the typed text names; a namespace, where given, narrows the search.
  public static func one(
    _ typed: String, among candidates: some Sequence<ObjectRef>, namespace: String? = nil, what: String
  ) throws(MeshError) -> ObjectRef {
    let all = candidates.filter { namespace == nil || $0.namespace == namespace }
    let found = all.filter { $0.matches(typed) }
    if found.count == 1, let only = found.first { return only }
    if found.count > 1 {
      let names = found.sorted().prefix(5).map(\.description).joined(separator: ", ")
      throw MeshError(
        .notFound, "\(typed) names several \(Int.plural(of: what)): \(names)",
        remedy: "say which, with more of its name or with -n")
    }
    let near = all.filter { $0.name.contains(typed) || typed.contains($0.name) }.sorted().prefix(3).map(\.description)
    // A namespace is no kind that is listed; services stand beside theirs.
    let list = ListKind(typed: what) ?? .services
    let place = namespace.map { " in namespace \($0)" } ?? ""
    throw MeshError(
      .notFound, "there is no \(what) \(typed)\(place)",
      remedy: near.isEmpty
        ? "see `meshdeck get \(list.rawValue) -A`" : "did you mean \(near.joined(separator: " or "))?"
    )
  }
}

extension MeshView {
  /// The thing that is named by `KIND/NAME`, or by any unambiguous part of `plane/namespace/kind/name`.
  public func described(
    _ typed: String, namespace: String? = nil, plane: PlaneName? = nil
  ) throws(MeshError) -> ObjectRef {
    func one(
      _ typed: String, _ candidates: some Sequence<ObjectRef>, _ what: String
    ) throws(MeshError) -> ObjectRef {
      try ObjectRef.one(
        typed, among: candidates.filter { plane == nil || $0.plane == plane }, namespace: namespace, what: what)
    }
    let parts = typed.split(separator: "/", maxSplits: 1).map(String.init)
    switch (parts.first?.lowercased(), parts.count) {
    case (DescribeKind.route.rawValue, 2), ("routes", 2): return try one(parts[1], snapshot.routes.keys, "route")
    case (DescribeKind.service.rawValue, 2), ("svc", 2): return try one(parts[1], snapshot.services.keys, "service")
    case (DescribeKind.workload.rawValue, 2), ("deployment", 2):
      return try one(parts[1], snapshot.workloads.keys, "workload")
    case (DescribeKind.proxy.rawValue, 2), ("pod", 2):
      let refs = Set(snapshot.endpoints.keys).union(programmed.values.flatMap { $0.value?.proxies.map(\.ref) ?? [] })
      return try one(parts[1], refs, "proxy")
    default:
      let all =
        snapshot.routes.keys.map(\.self) + snapshot.services.keys + snapshot.workloads.keys + snapshot.destinations.keys
        + snapshot.gateways.keys + snapshot.mtlsPolicies.keys + snapshot.accessPolicies.keys
        + snapshot.egressScopes.keys
        + snapshot.endpoints.keys
      // A VM is a workload and its own instance, a database a service and a workload: one object all the same.
      return try one(typed, Set(all), "object")
    }
  }
}
