import MeshModel

/// The ServiceProfiles that go before routes of the same Service.
///
/// Source: Linkerd, "HTTPRoute" and "GRPCRoute" (outbound routes); linkerd2-proxy, `outbound/src/http/logical/profile.rs`,
/// `should_override_policy`: proxies follow a profile that has routes or `dstOverrides`, and no route of the Service then;
/// one in the caller's namespace goes before one in the Service's.
struct ProfilePrecedence: Sendable {
  /// The profiles by the namespace and name of their Service.
  private let profiles: [String: [ObjectRef]]

  init(_ snapshot: MeshSnapshot, plane: PlaneName) {
    var profiles: [String: [ObjectRef]] = [:]
    for route in snapshot.routes.values
    where route.ref.plane == plane && route.ref.kind == LinkerdKind.serviceProfile.rawValue && !route.rules.isEmpty {
      let parts = route.ref.name.split(separator: ".")
      guard parts.count > 2, parts[2] == "svc" else { continue }
      profiles["\(parts[1])/\(parts[0])", default: []].append(route.ref)
    }
    self.profiles = profiles
  }

  /// The profile that callers follow in place of a route; `nil` where they follow the route.
  ///
  /// - Parameter targets: What the hosts of the route's Service parents mean.
  func profile(before route: Route, _ targets: BackendTargets) -> ObjectRef? {
    guard !profiles.isEmpty, route.ref.kind != LinkerdKind.serviceProfile.rawValue,
      route.rules.allSatisfy({ $0.layer == .http || $0.layer == .grpc })
    else { return nil }
    // The hosts of Services come first, one a parent.
    let parents = route.attachedTo.count { $0.hasPrefix("service ") }
    for host in route.hosts.prefix(parents) {
      let place = targets.place(host, in: route.ref.namespace)
      let found = profiles["\(place.namespace)/\(place.name)"] ?? []
      for namespace in [route.ref.namespace, place.namespace] {
        if let profile = found.first(where: { $0.namespace == namespace }) { return profile }
      }
    }
    return nil
  }

  /// A finding for each route that nobody follows.
  static func findings(in snapshot: MeshSnapshot, plane: PlaneName) -> [Finding] {
    let (precedence, targets) = (
      ProfilePrecedence(snapshot, plane: plane), BackendTargets(snapshot, plane: plane)
    )
    guard !precedence.profiles.isEmpty else { return [] }
    return snapshot.routes.values.filter { $0.ref.plane == plane }.sorted { $0.ref < $1.ref }.compactMap { route in
      precedence.profile(before: route, targets).map { profile in
        Finding(
          code: "MD2405", severity: .warning, object: route.ref, pointer: "/spec/parentRefs",
          message: "Linkerd's proxies follow ServiceProfile \(profile.shortName) and not this route",
          remedy: "Delete the profile, or take its routes and dstOverrides away, once the route says all it says")
      }
    }
  }
}
