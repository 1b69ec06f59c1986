import MeshModel
import Testing

@testable import MeshEmulator

@Suite struct DistributionTests {
  private let fromWeb = "reporter=\"source\",source_workload=\"web-v1\""

  private func routes(_ mesh: SimulatedMesh) throws -> [JSONValue] {
    let answer = try mesh.envoy("demo/web-v1", "/config_dump", [("resource", "dynamic_route_configs")])
    let configs = try JSONValue(parsing: answer.body)["configs"]?.array ?? []
    let hosts = configs.flatMap { $0["route_config"]?["virtual_hosts"]?.array ?? [] }
    let api = hosts.first { $0["name"]?.string == "api.demo.svc.cluster.local:8080" }
    return api?["routes"]?[0]?["route"]?["weighted_clusters"]?["clusters"]?.array?.compactMap { $0["weight"] } ?? []
  }

  private func sync(_ mesh: SimulatedMesh, _ workload: String) throws -> JSONValue {
    let id = try mesh.proxy(workload).proxyID
    let all = try JSONValue(parsing: mesh.istiod("/debug/syncz").body).array ?? []
    return all.first { $0["proxy"]?.string == id } ?? .null
  }

  @Test func proxiesAcknowledgeAfterADelay() throws {
    let mesh = try SimulatedMesh(.demo)
    mesh.run(5)
    let before = try sync(mesh, "demo/web-v1")
    #expect(before["route_sent"] == before["route_acked"])
    try mesh.setWeights(50, 50)
    mesh.run(0.25)
    let during = try sync(mesh, "demo/web-v1")
    #expect(during["route_sent"] != during["route_acked"])
    #expect(during["route_acked"] == before["route_acked"])
    #expect(try routes(mesh) == [80, 20])
    #expect(abs(mesh.rate(fromWeb, "destination_workload=\"api-v2\"") - 20) < 1e-9)
    mesh.run(3)
    let after = try sync(mesh, "demo/web-v1")
    #expect(after["route_sent"] == after["route_acked"])
    #expect(after["endpoint_sent"] == before["endpoint_sent"])
    #expect(try routes(mesh) == [50, 50])
    #expect(abs(mesh.rate(fromWeb, "destination_workload=\"api-v2\"") - 50) < 1e-9)
  }

  @Test func aLaggingProxyKeepsTheOldWeightsForItsShare() throws {
    var scenario = try Scenario.demo
    scenario.habits = [.init(workload: "demo/web-v1", instance: 0, lag: 30, rejects: nil)]
    let mesh = try SimulatedMesh(scenario)
    try mesh.setWeights(0, 100)
    mesh.run(10)
    #expect(abs(mesh.rate(fromWeb, "destination_workload=\"api-v1\"") - 40) < 1e-9)
    mesh.run(25)
    #expect(mesh.rate(fromWeb, "destination_workload=\"api-v1\"") == 0)
  }

  @Test(arguments: [(-5, 105, "exceeds 4294967295"), (0, 0, "must be greater than 0")])
  func nonsenseIsRejectedAndTheOldRoutesStay(v1: Int, v2: Int, text: String) throws {
    let mesh = try SimulatedMesh(.demo)
    mesh.run(5)
    try mesh.setWeights(v1, v2)
    mesh.run(60)
    #expect(try routes(mesh) == [80, 20])
    #expect(abs(mesh.rate(fromWeb, "destination_workload=\"api-v2\"") - 20) < 1e-9)
    let status = try sync(mesh, "demo/web-v1")
    #expect(status["route_sent"] != status["route_acked"])
    #expect(status["cluster_sent"] == status["cluster_acked"])
    let error = status["resources"]?["type.googleapis.com/envoy.config.route.v3.RouteConfiguration"]?["lastError"]
    #expect(error?.string?.contains(text) == true)
    let stats = String(decoding: try mesh.envoy("demo/web-v1", "/stats", [("filter", "rds")]).body, as: UTF8.self)
    #expect(stats.contains("rds.8080.update_rejected: 1\n"))
    try mesh.setWeights(60, 40)
    mesh.run(4)
    #expect(try routes(mesh) == [60, 40])
    #expect(
      try sync(mesh, "demo/web-v1")["resources"]?.object?.members.allSatisfy { $0.value["lastError"] == nil } == true)
  }

  @Test func anAnnotatedProxyRejectsUntilTheAnnotationIsGone() throws {
    let mesh = try SimulatedMesh(.demo)
    let pod = try mesh.proxy("demo/web-v1").name
    try mesh.edit("pods", "", "demo", pod) {
      $0["metadata"]?["annotations"]?[ProxyAnnotation.rejects] = "no listener"
    }
    for index in 0..<40 {
      try mesh.setWeights(50 + index % 2, 50)
      mesh.run(3.5)
    }
    #expect(try routes(mesh) == [80, 20])
    #expect(mesh.state.distribution.pushes.count < 20)
    try mesh.edit("pods", "", "demo", pod) { $0["metadata"]?["annotations"]?[ProxyAnnotation.rejects] = nil }
    mesh.run(4)
    #expect(try routes(mesh) == [51, 50])
  }

  @Test func changesThatNoProxySeesPushNothing() throws {
    let mesh = try SimulatedMesh(.demo)
    let before = mesh.state.distribution.latest?.id
    try mesh.edit("virtualservices", "networking.istio.io", "demo", "api") { object in
      object["metadata"]?["managedFields"] = [["manager": "someone"]]
    }
    #expect(mesh.state.distribution.latest?.id == before)
    try mesh.setWeights(1, 1)
    #expect(mesh.state.distribution.latest?.id == (before ?? 0) + 1)
  }
}
