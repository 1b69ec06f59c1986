import MeshModel
import MeshPlanes

/// The mTLS rules of a plane with two meshes: those of the mesh that a server is in.
struct SharedPlaneMTLS: MTLSRules {
  /// The workloads of one of the meshes.
  let members: Set<ObjectRef>
  /// Its rules.
  let inside: any MTLSRules
  /// The rules for all others.
  let outside: any MTLSRules

  var exceptionalPorts: Set<Int> { inside.exceptionalPorts.union(outside.exceptionalPorts) }

  func accepted(by workload: Workload, port: Int?) -> (mode: MTLSMode, reasons: [Reason]) {
    (members.contains(workload.ref) ? inside : outside).accepted(by: workload, port: port)
  }

  func verdict(client: Workload, server: Workload, service: Service, port: Int) -> MTLSVerdict {
    guard members.contains(client.ref) != members.contains(server.ref) else {
      return (members.contains(server.ref) ? inside : outside)
        .verdict(client: client, server: server, service: service, port: port)
    }
    // The two meshes do not trust each other's identities: to either, the other's callers are without a proxy.
    var stranger = client
    stranger.ref.name += " (of another mesh)"
    return (members.contains(server.ref) ? inside : outside)
      .verdict(client: stranger, server: server, service: service, port: port)
  }
}
