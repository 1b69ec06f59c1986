import MeshModel

extension ProgrammedReport {
  /// Notes, of routes whose proxies do not tell when they took them, since when they are seen as they are.
  mutating func noteTimes(since earlier: ProgrammedReport?) {
    guard routes.contains(where: { $0.updatedAt == nil }) else { return }
    var known: [ProgrammedRoute: Instant] = [:]
    for var route in earlier?.routes ?? [] {
      guard let time = route.updatedAt else { continue }
      route.updatedAt = nil
      known[route] = time
    }
    routes = routes.map { route in
      var route = route
      if route.updatedAt == nil { route.updatedAt = known[route] ?? at }
      return route
    }
  }
}
