import MeshModel
import Testing

@testable import MeshEmulator

/// The embedded SOFAMesh: policies of Istio 1.1 decide what passes, and Mixer counts it.
@Suite struct SOFAMeshTests {
  static func code(_ mesh: SimulatedMesh, _ source: String, _ service: String, _ code: String) -> Double {
    mesh.rate(
      "source_workload=\"\(source)\"", "destination_service=\"\(service).bank.svc.cluster.local\"",
      "response_code=\"\(code)\"")
  }

  @Test func aPlaintextCallerOfAMutualPortFailsAndThePortOfTheJobDoesNot() throws {
    let mesh = try SimulatedMesh(.builtIn("sofa"))
    mesh.run(4)
    #expect(Self.code(mesh, "transfer-v1", "risk", "503") > 5)
    #expect(Self.code(mesh, "transfer-v1", "risk", "200") == 0)
    #expect(Self.code(mesh, "transfer-v1", "ledger", "200") > 5)
    #expect(
      mesh.rate("reporter=\"destination\"", "destination_workload=\"ledger-v1\"", "connection_security_policy=\"none\"")
        > 1)
    try mesh.edit("policies", "authentication.istio.io", "bank", "risk") { $0["spec"]?["peers"] = [] }
    mesh.run(8)
    #expect(Self.code(mesh, "transfer-v1", "risk", "200") > 5)
  }

  @Test func aPolicyOfTheMeshHoldsWhereNoOtherDoes() throws {
    let mesh = try SimulatedMesh(.builtIn("sofa"))
    mesh.run(4)
    #expect(mesh.rate("destination_workload=\"accounts-v1\"", "connection_security_policy=\"mutual_tls\"") > 10)
    try mesh.edit("meshpolicies", "authentication.istio.io", "", "default") { $0["spec"]?["peers"] = [] }
    mesh.run(8)
    // The DestinationRule still asks for mutual TLS, which nobody takes now.
    #expect(Self.code(mesh, "portal-v1", "accounts", "503") > 30)
  }

  @Test func metricsHaveMixersNamesAndLabels() throws {
    let mesh = try SimulatedMesh(.builtIn("sofa"))
    mesh.run(30)
    let text = Exposition(state: mesh.state, simulation: mesh.simulation).text()
    #expect(text.contains("istio_request_duration_seconds_bucket{"))
    #expect(text.contains("le=\"0.025\""))
    #expect(!text.contains("milliseconds"))
    #expect(!text.contains("canonical"))
    #expect(text.contains("connection_security_policy=\"mutual_tls\""))
  }
}
