public import MeshModel

/// The routes of a plane by host, for finding the one a caller's proxy, or a gateway, uses.
public struct RouteIndex: Sendable {
  private let exact: [String: [Route]]
  private let wildcards: [(pattern: String, routes: [Route])]

  /// Indexes the routes of one plane.
  public init(_ snapshot: MeshSnapshot, plane: PlaneName, settings: MeshSettings? = nil) {
    let settings = settings ?? snapshot.meshes[plane] ?? MeshSettings()
    var exact: [String: [Route]] = [:]
    var wild: [String: [Route]] = [:]
    for route in snapshot.routes.values where route.ref.plane == plane && route.dialect == .istio {
      for host in Set(
        route.hosts.map {
          IstioHost.resolved($0, namespace: route.ref.namespace, domain: settings.domain)
        })
      {
        if host.utf8.first == UInt8(ascii: "*") {
          wild[host, default: []].append(route)
        } else {
          exact[host, default: []].append(route)
        }
      }
    }
    self.exact = exact
    wildcards = wild.map { ($0.key, $0.value) }.sorted { ($1.0.utf8.count, $0.0) < ($0.0.utf8.count, $1.0) }
  }

  /// The route used for a full host name, or `nil` where none is.
  ///
  /// Source: Istio, `PushContext.VirtualServicesForGateway` and `SelectVirtualServices`: of the routes attached to the
  /// gateway and visible to the caller, the most specific host; of several those kept to the caller's own namespace go
  /// first, then those exported to it by name, then public ones; of the same kind the oldest.
  ///
  /// - Parameter gateway: `mesh` for the caller's sidecar, else a gateway as `namespace/name`.
  public func route(host: String, callerNamespace: String, gateway: String = "mesh") -> Route? {
    if let found = first(of: exact[host] ?? [], callerNamespace, gateway) { return found }
    for entry in wildcards where IstioHost.matches(pattern: entry.pattern, host: host) {
      if let found = first(of: entry.routes, callerNamespace, gateway) { return found }
    }
    return nil
  }

  private func first(of routes: [Route], _ namespace: String, _ gateway: String) -> Route? {
    routes.filter { route in
      IstioHost.isExported(route.exportTo, from: route.ref.namespace, to: namespace)
        && route.attachedTo.contains { name in
          name == "mesh" ? gateway == "mesh" : IstioAnalysis.gateway(name, namespace: route.ref.namespace) == gateway
        }
    }.min { left, right in
      (rank(left), left.createdAt, left.ref) < (rank(right), right.createdAt, right.ref)
    }
  }

  private func rank(_ route: Route) -> Int {
    if route.exportTo.isEmpty || route.exportTo.contains("*") { return 2 }
    return route.exportTo == ["."] ? 0 : 1
  }
}
