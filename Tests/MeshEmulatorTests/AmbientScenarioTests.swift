import MeshModel
import Testing

@testable import MeshEmulator

/// What is reported where no workload has a proxy of its own.
@Suite struct AmbientScenarioTests {
  static let catalog = "destination_service=\"catalog.am-shop.svc.cluster.local\""

  static func mesh() throws -> SimulatedMesh {
    let mesh = try SimulatedMesh(.builtIn("dialects"))
    mesh.run(4)
    return mesh
  }

  @Test func theWaypointReportsRequestsAndTheNodesConnections() throws {
    let mesh = try Self.mesh()
    #expect(abs(mesh.rate("reporter=\"waypoint\"", Self.catalog, "request_protocol=\"http\"") - 20) < 0.1)
    let requests = mesh.state.flows.filter { $0.kind == .request && $0.labels.contains(Self.catalog) }
    #expect(requests.allSatisfy { $0.labels.hasPrefix("reporter=\"waypoint\",source_workload=\"kiosk-v1\"") })
    #expect(requests.allSatisfy { $0.labels.hasSuffix("connection_security_policy=\"mutual_tls\"") })
    // From the caller's node to the waypoint, and from there to the server's node.
    for (reporter, source, destination) in [
      ("source", "kiosk-v1", "waypoint"), ("destination", "waypoint", "catalog-v1"),
    ] {
      let rate = mesh.rate(
        "reporter=\"\(reporter)\"", "source_workload=\"\(source)\"", "destination_workload=\"\(destination)\"",
        "request_protocol=\"tcp\"", "connection_security_policy=\"mutual_tls\"")
      #expect(rate > 0, "\(reporter)")
    }
  }

  @Test func theWaypointFollowsTheRoute() throws {
    let mesh = try Self.mesh()
    func share() -> Double {
      let all = mesh.rate("reporter=\"waypoint\"", Self.catalog)
      return mesh.rate("reporter=\"waypoint\"", Self.catalog, "destination_workload=\"catalog-v2\"") / all
    }
    #expect(abs(share() - 0.2) < 0.01)
    try mesh.edit("virtualservices", "networking.istio.io", "am-shop", "catalog") { object in
      let patch = JSONPatch([
        .replace("/spec/http/0/route/0/weight", 50), .replace("/spec/http/0/route/1/weight", 50),
      ])
      object = (try? patch.applied(to: object)) ?? object
    }
    mesh.run(4)
    #expect(abs(share() - 0.5) < 0.01)
  }

  @Test func withoutAWaypointThereAreConnectionsAndNoRoutes() throws {
    let mesh = try Self.mesh()
    try mesh.edit("namespaces", "", "", "am-shop") { $0["metadata"]?["labels"]?["istio.io/use-waypoint"] = nil }
    mesh.run(4)
    #expect(mesh.rate("reporter=\"waypoint\"") == 0)
    for reporter in ["source", "destination"] {
      let (one, other) = (
        mesh.rate("reporter=\"\(reporter)\"", "source_workload=\"kiosk-v1\"", "destination_workload=\"catalog-v1\""),
        mesh.rate("reporter=\"\(reporter)\"", "source_workload=\"kiosk-v1\"", "destination_workload=\"catalog-v2\"")
      )
      #expect(one > 0 && abs(one / other - 2) < 0.01, "two instances of one version, one of the other")
    }
  }
}
