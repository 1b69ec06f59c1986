/// Calls of workloads without a proxy of their own, in ambient mode.
///
/// The proxies of the nodes carry connections by HBONE and know of no requests. Where the service called has a waypoint,
/// routes, subsets and retries are the waypoint's work; where it has none, nothing of the kind takes place.
/// Source: Istio, "Ambient data plane" and "Configure waypoint proxies".
extension CallSolver {
  /// What becomes of a call of an instance in ambient mode.
  mutating func outcomeInAmbient(of call: Scenario.Call, from caller: Instance) -> CallOutcome {
    let host = registry.resolve(call.to, in: caller.namespace)
    guard let service = registry.services[host], let port = service.port(call.port) else { return CallOutcome() }
    let waypoints = registry.waypoint(of: service).map { instances("\(service.namespace)/\($0)") } ?? []
    guard let waypoint = waypoints.first else {
      return tries(
        Cluster(service: service, port: port, labels: [:]), call: call, caller: caller, sent: .automatic, policy: nil)
    }
    var result = routed(call, from: caller, through: waypoints)
    result.waypoint = Destination(waypoint)
    return result
  }
}
