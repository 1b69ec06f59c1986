import MeshModel
import Testing

@testable import MeshPlanes

/// Machines that a ServiceEntry names itself: the form of Istio before WorkloadEntries.
@Suite struct ServiceEntryEndpointTests {
  static let entry = """
    {"apiVersion":"networking.istio.io/v1alpha3","kind":"ServiceEntry","metadata":{"name":"mainframe","namespace":"shop"},
     "spec":{"hosts":["mainframe.internal"],"location":"MESH_INTERNAL","resolution":"STATIC",
      "ports":[{"number":80,"name":"http","protocol":"HTTP"}],
      "endpoints":[
       {"address":"10.9.0.1","labels":{"app":"mainframe","version":"v1"},"ports":{"http":8080},"serviceAccount":"mainframe"},
       {"address":"10.9.0.2","labels":{"app":"mainframe","version":"v2"}},
       {"address":"10.9.0.3","labels":{"app":"mainframe","version":"v1","security.istio.io/tlsMode":"disabled"},
        "serviceAccount":"mainframe"}]}}
    """

  static let workloads = (0..<3).map { SmallMesh.ref("workload", "shop", "mainframe-\($0)") }

  static func mesh() throws -> SmallMesh {
    var mesh = SmallMesh()
    mesh.add("cart")
    try mesh.add(
      objects: entry,
      IstioClientChoiceTests.rule(
        "mainframe", "shop",
        #""subsets":[{"name":"v1","labels":{"version":"v1"}},{"name":"v2","labels":{"version":"v2"}},{"name":"v9","labels":{"version":"v9"}}]"#,
        host: "mainframe.internal"))
    return mesh
  }

  @Test func theyAreInstancesWithLabelsPortsAndAccounts() throws {
    let entities = try IstioFixtures.entities(text: Self.entry)
    let services: [Service] = entities.compactMap { if case .service(let value) = $0 { value } else { nil } }
    let workloads: [Workload] = entities.compactMap { if case .workload(let value) = $0 { value } else { nil } }
    let endpoints: [Endpoint] = entities.compactMap { if case .endpoint(let value) = $0 { value } else { nil } }
    #expect(services.map(\.named) == [Self.workloads])
    #expect(workloads.map(\.ref) == Self.workloads)
    #expect(workloads.map(\.runtime) == [.vm, .vm, .vm])
    #expect(workloads.map(\.serviceAccount) == ["mainframe", "", "mainframe"])
    #expect(endpoints.map(\.workload) == Self.workloads)
    #expect(endpoints.map(\.address) == ["10.9.0.1", "10.9.0.2", "10.9.0.3"])
    #expect(endpoints.map(\.ports) == [[8080], [], []])
    #expect(endpoints.map(\.proxy) == [.sidecar, .none, .none], "a label goes before an account")
    #expect(endpoints.map { $0.labels["version"] } == ["v1", "v2", "v1"])
  }

  @Test func aSelectorLeavesNoneOfThem() throws {
    let selecting = Self.entry.replacing(
      #""resolution":"STATIC","#, with: #""resolution":"STATIC","workloadSelector":{"labels":{"app":"x"}},"#)
    #expect(try IstioFixtures.entities(text: selecting).count == 1)
  }

  @Test func subsetsLeadToThemByTheirLabels() throws {
    let mesh = try Self.mesh()
    let routing = IstioDialect().routing(in: mesh.snapshot, plane: "lab")
    let route = Route(
      ref: SmallMesh.ref("virtualservice", "shop", "cart"), dialect: .istio, apiVersion: "networking.istio.io/v1",
      hosts: ["cart"], rules: [])
    func workloads(_ subset: String?) -> [ObjectRef] {
      routing.target(
        of: Backend(name: "b", host: "mainframe.internal", subset: subset, weight: 1, pointer: "/x"), in: route
      ).workloads
    }
    #expect(workloads(nil) == Self.workloads)
    #expect(workloads("v1") == [Self.workloads[0], Self.workloads[2]])
    #expect(workloads("v2") == [Self.workloads[1]])
    #expect(workloads("v9") == [])
    #expect(mesh.snapshot.readiness[Self.workloads[1]]?.ready == 1)
  }

  @Test func aSubsetThatNoneOfThemIsInIsFound() throws {
    var mesh = try Self.mesh()
    try mesh.add(
      objects: IstioAnalysisTests.vs(
        "a",
        #"{"hosts":["cart"],"http":[{"route":[{"destination":{"host":"mainframe.internal","subset":"v2"}}]},{"route":[{"destination":{"host":"mainframe.internal","subset":"v9"}}]}]}"#
      ))
    let findings = IstioAnalysis(mesh.snapshot, plane: "lab").findings()
    #expect(findings.filter { $0.code == "MD0203" }.map(\.pointer) == ["/spec/subsets/2/labels"])
    #expect(findings.filter { $0.code == "MD1120" }.map(\.pointer) == ["/spec/http/1/route/0/destination/subset"])
  }

  @Test func mutualTLSReachesThoseThatSpeakIt() throws {
    var mesh = try Self.mesh()
    let service = try #require(mesh.snapshot.services[SmallMesh.ref("serviceentry", "shop", "mainframe")])
    func outcome(_ server: Int) -> MTLSVerdict.Outcome {
      IstioMTLS(mesh.snapshot, plane: "lab").verdict(
        client: MTLSClient(namespace: "shop"), service: service, port: 80, server: Self.workloads[server]
      ).outcome
    }
    #expect(outcome(0) == .mtls)
    #expect(outcome(1) == .plaintext)
    mesh.peer("off", in: "shop", .disable, selector: ["version": "v1"])
    #expect(outcome(0) == .plaintext)
  }

  @Test func otherServicesDoNotSelectThem() throws {
    var mesh = try Self.mesh()
    mesh.snapshot.apply(
      .upsert(
        .service(
          Service(
            ref: SmallMesh.ref("service", "shop", "other"), hosts: ["other"], ports: [], selector: ["app": "mainframe"])
        )))
    let index = IstioIndex(mesh.snapshot, plane: "lab")
    let other = try mesh.service("other")
    #expect(index.instances.instances(of: other).isEmpty)
    #expect(index.workloads.selected(by: other.selector, in: "shop").isEmpty)
  }
}
