import MeshModel
import MeshTelemetry

extension MeshView {
  /// The calls that configuration names and nobody measured: who is set up to call a service (Consul's upstreams, App
  /// Mesh's backends) and is not among its measured callers.
  ///
  /// A caller that was measured to reach any workload of a service is not said to be idle towards the others.
  func declaredLinks(beside measured: [TopologyGraph.Link]) -> [TopologyGraph.Link] {
    let scopes = snapshot.egressScopes.values.filter { $0.namesCallees && !$0.selector.isEmpty }
    guard !scopes.isEmpty else { return [] }
    let workloads = WorkloadIndex(snapshot)
    var services: [String: [Service]] = [:]
    for service in snapshot.services.values {
      for host in service.hosts { services["\(service.ref.plane) \(host)", default: []].append(service) }
    }
    let reached = Set(measured.map { Ends(source: $0.source, destination: $0.destination) })
    return scopes.flatMap { scope in
      let callers = workloads.matching(scope.selector, namespace: scope.ref.namespace, plane: scope.ref.plane)
      return scope.hosts.flatMap { host -> [TopologyGraph.Link] in
        let named = services["\(scope.ref.plane) \(host)"] ?? []
        guard let service = named.first(where: { $0.ref.namespace == scope.ref.namespace }) ?? named.first else {
          return []
        }
        let members = self.workloads(of: service, workloads).map(\.ref)
        return callers.map(\.ref).flatMap { caller -> [TopologyGraph.Link] in
          guard !members.contains(where: { reached.contains(Ends(source: caller, destination: $0)) }) else { return [] }
          return members.map { member in
            TopologyGraph.Link(
              source: caller, destination: member, service: service.ref.name,
              transport: service.ports.first?.appProtocol == "tcp" ? "tcp" : "http",
              traffic: TrafficSum([]), declared: scope.ref)
          }
        }
      }
    }
  }

  private struct Ends: Hashable {
    let source, destination: ObjectRef
  }
}
