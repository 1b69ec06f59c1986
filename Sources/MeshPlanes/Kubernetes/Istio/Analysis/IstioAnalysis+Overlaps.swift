import MeshModel

extension IstioAnalysis {
  private struct Claim: Hashable {
    var gateway: String
    var host: String
  }

  /// Several routes for one host on one gateway, or in the sidecars of one namespace.
  ///
  /// Sources: KIA1106, IST0109. Of several in the sidecars the oldest is used; on a gateway they are joined in no
  /// promised order.
  func checkOverlaps(into found: inout [Finding]) {
    var claims: [Claim: [Kept<Route>]] = [:]
    claims.reserveCapacity(snapshot.routes.count)
    for kept in snapshot.routes.kept where kept.value.ref.plane == plane && kept.value.dialect == .istio {
      let (ref, route) = (kept.value.ref, kept.value)
      for name in route.attachedTo {
        let gateway = name == "mesh" ? "mesh" : Self.gateway(name, namespace: ref.namespace)
        var own: Set<String> = []
        for (index, host) in route.hosts.enumerated() {
          let full = hosts.resolved(host, in: ref.namespace)
          if own.insert(full).inserted {
            claims[Claim(gateway: gateway, host: full), default: []].append(kept)
          } else if route.hosts[..<index].contains(host) {
            // In full and in short beside each other is usual, and one to Istio; the same word twice is a slip.
            found.append(
              Finding(
                code: "MD1106", severity: .info, object: ref, pointer: JSONPointer(["spec", "hosts", String(index)]),
                message: "the route names the host \(host) twice", remedy: "Name it once", equivalents: []))
          }
        }
      }
    }
    for (claim, places) in claims where places.count > 1 {
      let routes = places.map(\.value)
      for route in routes {
        let others = routes.filter { other in
          other.ref != route.ref && (claim.gateway != "mesh" || meet(route, other))
        }
        guard !others.isEmpty else { continue }
        let names = others.map { "\($0.ref.namespace)/\($0.ref.name)" }.sorted()
        let index = route.hosts.firstIndex { hosts.resolved($0, in: route.ref.namespace) == claim.host } ?? 0
        let place = claim.gateway == "mesh" ? "in the sidecars" : "on the gateway \(claim.gateway)"
        found.append(
          Finding(
            code: "MD1106", severity: .warning, object: route.ref,
            pointer: JSONPointer(["spec", "hosts", String(index)]),
            message: "\(claim.host) has other routes \(place): \(names.prefix(5).joined(separator: ", "))"
              + (names.count > 5 ? " and \(names.count - 5) more" : ""),
            remedy: "Put the rules for one host into one VirtualService, or keep each to its namespace with exportTo",
            equivalents: ["KIA1106", "IST0109"]))
      }
    }
  }

  /// Whether a namespace sees both routes.
  private func meet(_ left: Route, _ right: Route) -> Bool {
    func reach(_ route: Route) -> Set<String>? {
      let exportTo = route.exportTo.isEmpty ? settings.routeExportTo : route.exportTo
      if exportTo.isEmpty || exportTo.contains("*") { return nil }
      return Set(exportTo.map { $0 == "." ? route.ref.namespace : $0 })
    }
    switch (reach(left), reach(right)) {
    case (nil, nil): return true
    // A caller in a route's own namespace uses that one alone.
    case (nil, let namespaces?), (let namespaces?, nil): return !namespaces.isEmpty
    case (let one?, let other?): return !one.isDisjoint(with: other)
    }
  }
}
