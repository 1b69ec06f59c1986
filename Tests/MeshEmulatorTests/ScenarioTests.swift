import MeshModel
import Testing

@testable import MeshEmulator

@Suite struct ScenarioTests {
  @Test(arguments: ["shop", "small", "large", "dialects", "hybrid", "clusters", "sofa"])
  func everyScenarioIsRead(name: String)
    throws
  {
    #expect(try Scenario.builtIn(name).name == name)
  }

  @Test(arguments: [
    ("", 1, "empty"),
    ("name: x\nservices:\n  a/b:\n    role: fax\n", 4, "http, grpc, tcp"),
    ("name: x\nnamespaces: {a: {}}\nservices:\n  a/b:\n    versions:\n      v1: {replicas: -2}\n", 6, "whole number"),
    ("name: x\nservices:\n  b: {}\n", 3, "namespace/name"),
    ("name: x\nservises: {}\n", 2, "unknown field \"servises\""),
    ("name: x\nobjects:\n  - kind: Pod\n", 3, "apiVersion, kind and metadata.name"),
    ("name: x\n  bad: [\n", 2, "not YAML"),
    ("name: x\nservices: {a/b: {}}\n", 1, "no namespace a"),
    ("name: x\narrivals: [{via: a/b, host: c}]\n", 1, "no workload a/b"),
    ("name: x\nproxies:\n  shop/cart: {lag: 3}\n", 3, "namespace/workload/index"),
    ("services: {}\n", 1, "name is missing"),
  ])
  func errorsSayTheLineAndTheRemedy(yaml: String, line: Int, message: String) throws {
    let error = #expect(throws: ScenarioError.self) { try Scenario(yaml: yaml, file: "x.yaml") }
    #expect(error?.line == line)
    #expect(error?.message.contains(message) == true, "\(error?.description ?? "")")
    #expect(error?.description.hasPrefix("x.yaml:\(line): ") == true)
  }

  @Test func theShopBecomesWhatKubernetesWouldHold() throws {
    let mesh = try SimulatedMesh(.builtIn("shop"))
    func count(_ plural: String, _ group: String = "") -> Int { mesh.store.count(ResourceID(plural, group: group)) }
    #expect(count("virtualservices", "networking.istio.io") >= 3)
    #expect(count("workloadentries", "networking.istio.io") == 2)
    #expect(count("deployments", "apps") == count("replicasets", "apps"))
    #expect(mesh.store.get(ResourceID("configmaps"), namespace: "istio-system", name: "istio") != nil)
    let pods = mesh.store.list(ResourceID("pods"), namespace: "shop")
    let sets = Set(mesh.store.list(ResourceID("replicasets", group: "apps"), namespace: "shop").map(\.name))
    for pod in pods {
      let owner = pod.json["metadata"]?["ownerReferences"]?[0]
      #expect(owner?["kind"]?.string == "ReplicaSet")
      #expect(sets.contains(owner?["name"]?.string ?? ""))
      #expect(pod.label("security.istio.io/tlsMode") == "istio")
      #expect(pod.json["spec"]?["containers"]?.array?.count == 2)
    }
    let reporting = mesh.store.list(ResourceID("pods"), namespace: "legacy")
    #expect(reporting.allSatisfy { $0.json["spec"]?["containers"]?.array?.count == 1 })
    let split = mesh.store.get(
      ResourceID("virtualservices", group: "networking.istio.io"), namespace: "shop", name: "reviews")
    #expect(split?.json["/spec/http/2/route/0/weight" as JSONPointer] == 80)
  }

  @Test func aSeedGivesTheSameNamesAgain() throws {
    let (one, two) = (try SimulatedMesh(.demo), try SimulatedMesh(.demo))
    func pods(_ mesh: SimulatedMesh) -> [JSONValue] { mesh.store.list(ResourceID("pods")).map(\.json) }
    #expect(pods(one) == pods(two))
    #expect(pods(one) != pods(try SimulatedMesh(.demo, seed: 99)))
  }

  @Test func aGeneratedEstateHasTheSizeItSays() throws {
    var scenario = try Scenario.builtIn("large")
    scenario.generation = .init(services: 100, pods: 503, namespaces: 7, active: 40)
    let mesh = try SimulatedMesh(scenario)
    #expect(mesh.store.list(ResourceID("pods")).filter { $0.namespace.hasPrefix("team-") }.count == 503)
    let routes = mesh.store.list(ResourceID("virtualservices", group: "networking.istio.io"))
    #expect(routes.count == 100)
    let bytes = routes.reduce(0) { $0 + $1.bytes(apiVersion: "networking.istio.io/v1", kind: "VirtualService").count }
    #expect((1_900...2_500).contains(bytes / 100), "\(bytes / 100)")
    mesh.run(10)
    #expect(mesh.rate("reporter=\"destination\"") > 100)
  }
}
