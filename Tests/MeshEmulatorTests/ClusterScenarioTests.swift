import MeshModel
import Testing

@testable import MeshEmulator

/// The scenario of two clusters of one mesh.
@Suite struct ClusterScenarioTests {
  @Test func eachClusterSaysItsOwnNameAndBothTheMeshs() throws {
    let scenario = try Scenario.builtIn("clusters")
    #expect(scenario.mesh.cluster == "east")
    #expect(scenario.clusters.map(\.mesh.cluster) == ["west"])
    for cluster in [scenario] + scenario.clusters {
      let mesh = try SimulatedMesh(cluster)
      mesh.run(5)
      let text = try #require(
        mesh.store.get(ResourceID("configmaps"), namespace: "istio-system", name: "istio")?.json["data"]?["mesh"]?
          .string)
      #expect(text.contains("  meshId: shop-mesh\n"))
      #expect(text.contains("trustDomain: shop.example"))
      #expect(mesh.rate("destination_cluster=\"\(cluster.mesh.cluster)\"") > 0)
      let others = Set(["east", "west"]).subtracting([cluster.mesh.cluster])
      for other in others { #expect(mesh.rate("destination_cluster=\"\(other)\"") == 0) }
    }
  }

  @Test func theEastCallsTheLedgerAndTheWestServesIt() throws {
    let scenario = try Scenario.builtIn("clusters")
    let east = try SimulatedMesh(scenario)
    #expect(east.rate("destination_service=\"ledger.payments.svc.clusterset.local\"") > 10)
    let west = try SimulatedMesh(scenario.clusters[0])
    #expect(west.rate("destination_workload=\"ledger-v1\"", "reporter=\"destination\"") > 10)
  }

  @Test func aSectionThatMakesNoSenseIsToldWithItsPlace() {
    let base = "name: a\nnamespaces: {istio-system: {}}\nclusters:\n"
    for (text, words) in [
      (base + "  Kubernetes: {}\n", "two clusters have one name"), (base + "  west: {platforms: {}}\n", "platforms"),
    ] {
      do {
        _ = try Scenario(yaml: text, file: "a.yaml")
        Issue.record("\(words) was expected")
      } catch {
        #expect("\(error)".contains(words), "\(error)")
      }
    }
  }
}
