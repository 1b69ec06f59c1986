import MeshModel
import Testing

@testable import MeshPlanes

/// What a real API server's objects of each dialect are read as.
@Suite struct DialectReadingTests {
  static func route(_ path: String, _ name: String) throws -> Route {
    for case .route(let route) in try DialectFixtures.entities(recorded: path) where route.ref.name == name {
      return route
    }
    throw MeshError(.notFound, "no route \(name) in \(path)")
  }

  @Test func recordedRoutesOfTheGatewayAPIAreRead() throws {
    let mesh = try Self.route("gateway-api/httproutes.v1.json", "api-mesh")
    #expect(mesh.ref.description == "lab/gw-shop/httproute/api-mesh")
    #expect(mesh.hosts == ["api"])
    #expect(mesh.attachedTo == ["service api:8080"])
    let rule = try #require(mesh.rules.first)
    #expect(rule.timeout == 3)
    #expect(rule.matches == [RuleMatch(uri: .prefix("/v1"))])
    #expect(rule.backends.map(\.name) == ["api-v1", "api-v2"])
    #expect(rule.backends.map(\.weight) == [9, 1])
    #expect(rule.backends[1].pointer == "/spec/rules/0/backendRefs/1")
    let edge = try Self.route("gateway-api/httproutes.v1.json", "api-edge")
    #expect(edge.hosts == ["api.example.com"])
    #expect(edge.attachedTo == ["gateway edge"])
    let grpc = try Self.route("gateway-api/grpcroutes.v1.json", "pricing")
    #expect(grpc.rules.first?.layer == .grpc)
    #expect(grpc.rules.first?.matches.first?.uri == .prefix("/pricing.v1.Pricing/"))
  }

  @Test func aRecordedGatewayTellsWhatItsControllerSays() throws {
    let entities = try DialectFixtures.entities(recorded: "gateway-api/gateways.v1.json")
    guard case .gateway(let gateway)? = entities.first else {
      Issue.record("no gateway")
      return
    }
    #expect(gateway.listeners.map(\.port) == [80])
    #expect(gateway.status.first?["Programmed"]?.holds == nil)
    #expect(gateway.status.first?["Programmed"]?.reason == "Pending")
  }

  @Test(arguments: ["smi/trafficsplits.v1alpha2.json", "smi/trafficsplits.v1alpha4.json"])
  func recordedSplitsAreRead(path: String) throws {
    let split = try Self.route(path, "site-rollout")
    #expect(split.hosts == ["site"])
    #expect(split.rules.first?.backends.map(\.weight) == [75, 25])
  }

  @Test func recordedGroupsAndTargetsOfSMIAreRead() throws {
    let group = try Self.route("smi/httproutegroups.v1alpha4.json", "site-routes")
    #expect(group.rules.first?.matches == [RuleMatch(name: "reads", uri: .regex("/.*"), method: .exact("GET"))])
    guard
      case .accessPolicy(let target)? = try DialectFixtures.entities(recorded: "smi/traffictargets.v1alpha3.json").first
    else {
      Issue.record("no target")
      return
    }
    #expect(target.principals == ["smi-shop/edge"])
    #expect(target.rules == ["to ServiceAccount smi-shop/site: HTTPRouteGroup site-routes (reads)"])
  }

  @Test func aRecordedKnativeServiceIsASplitOfRevisions() throws {
    let service = try Self.route("knative/services.v1.json", "thumbnailer")
    #expect(service.ref.kind == "service.serving.knative.dev")
    #expect(service.rules.first?.backends.map(\.name) == ["thumbnailer-00001", "thumbnailer-00002"])
    #expect(service.rules.first?.backends.map(\.weight) == [90, 10])
    #expect(service.attachedTo == ["tag candidate"])
  }

  @Test func whatKnativeReportsIsWhatIsInEffect() throws {
    let route = try KnativeDialect().route(of: DialectFixtures.native(DialectFixtures.knativeService))
    let routing = KnativeDialect().routing(in: MeshSnapshot(), plane: "lab")
    let rule = try #require(route.rules.first)
    let found = routing.programmed(rule, of: route, in: ProgrammedReport(at: Instant(seconds: 1)))
    #expect(found.map { $0.value?.weight } == [95, 5])
    #expect(found.map { $0.value?.acknowledged } == [1, 1])
  }

  /// Source: Knative, "Configurations" and "Routes"; the fields are those of its custom resource definitions.
  @Test(arguments: [("resize-00002", [80, 20]), ("resize-00003", [0, 20])])
  func aRouteMadeByHandFollowsTheLatestReadyRevisionOfItsConfiguration(ready: String, programmed: [Int]) throws {
    let dialect = KnativeDialect()
    var snapshot = MeshSnapshot()
    let configuration = DialectFixtures.knativeConfiguration.replacing(
      "ReadyRevisionName\":\"resize-00002", with: "ReadyRevisionName\":\"\(ready)")
    let pods = ["resize-00001", "resize-00002", "resize-00003"].map { revision in
      Endpoint(
        ref: ObjectRef(plane: "lab", namespace: "shop", kind: "pod", name: revision),
        workload: ObjectRef(plane: "lab", namespace: "shop", kind: "deployment", name: "\(revision)-deployment"),
        labels: ["serving.knative.dev/revision": revision], address: "10.0.0.1", ports: [8080], isReady: true,
        proxy: .none, acceptsMeshTLS: false, runtime: .container)
    }
    let entities = try [configuration, DialectFixtures.knativeRoute].flatMap {
      try dialect.entities(from: JSONValue(parsing: $0), plane: "lab")
    }
    for entity in entities + pods.map(Entity.endpoint) { snapshot.apply(.upsert(entity)) }
    let route = try #require(snapshot.routes.values.first)
    let rule = try #require(route.rules.first)
    #expect(rule.backends.map(\.name) == ["resize", "resize-00001"])
    let routing = dialect.routing(in: snapshot, plane: "lab")
    #expect(
      rule.backends.map { routing.target(of: $0, in: route).workloads.map(\.name) }
        == [["\(ready)-deployment"], ["resize-00001-deployment"]])
    let found = routing.programmed(rule, of: route, in: ProgrammedReport(at: Instant(seconds: 1)))
    #expect(found.map { $0.value?.weight } == programmed, "what is in effect is what the Route's status says")
    let findings = dialect.findings(in: snapshot, plane: "lab")
    #expect(findings.map(\.code) == ["MD2306"])
    #expect(findings.first?.message.contains("\(ready) still gets what follows it") == true)
  }

  @Test func aRouteThatFollowsNoConfigurationIsAFinding() throws {
    let dialect = KnativeDialect()
    var snapshot = MeshSnapshot()
    let other = DialectFixtures.knativeConfiguration.replacing("\"name\":\"resize\"", with: "\"name\":\"scale\"")
      .replacing("\"status\":\"False\"", with: "\"status\":\"True\"")
    let revision =
      #"{"apiVersion":"serving.knative.dev/v1","kind":"Revision","metadata":"#
      + #"{"name":"resize-00001","namespace":"shop"}}"#
    let entities = try [other, DialectFixtures.knativeRoute, revision].flatMap {
      try dialect.entities(from: JSONValue(parsing: $0), plane: "lab")
    }
    for entity in entities { snapshot.apply(.upsert(entity)) }
    #expect(dialect.findings(in: snapshot, plane: "lab").map(\.code) == ["MD2305"])
  }

  @Test(arguments: [("\"observedGeneration\":2", 1), ("\"observedGeneration\":1", 0)])
  func aRouteIsInEffectOnceItsControllerHasSeenItsGeneration(observed: String, acknowledged: Int) throws {
    let text = DialectFixtures.httpRoute.replacing("\"observedGeneration\":2", with: observed)
    let route = try GatewayAPIDialect().route(of: DialectFixtures.native(text))
    let routing = GatewayAPIDialect().routing(in: MeshSnapshot(), plane: "lab")
    let found = routing.programmed(
      try #require(route.rules.first), of: route, in: ProgrammedReport(at: Instant(seconds: 1)))
    #expect(found.map { $0.value?.acknowledged } == [acknowledged, acknowledged])
    #expect(found.map { $0.value?.proxies } == [1, 1])
  }

  @Test func aReferenceAcrossNamespacesNeedsAGrant() throws {
    let text = DialectFixtures.httpRoute.replacing(
      "\"name\":\"api-v2\"", with: "\"name\":\"api-v2\",\"namespace\":\"other\"")
    let grant = """
      {"apiVersion":"gateway.networking.k8s.io/v1","kind":"ReferenceGrant","metadata":{"name":"g","namespace":"other"},
       "spec":{"from":[{"group":"gateway.networking.k8s.io","kind":"HTTPRoute","namespace":"shop"}],
       "to":[{"group":"","kind":"Service"}]}}
      """
    var snapshot = MeshSnapshot()
    let dialect = GatewayAPIDialect()
    for entity in try dialect.entities(from: JSONValue(parsing: text), plane: "lab") { snapshot.apply(.upsert(entity)) }
    #expect(dialect.findings(in: snapshot, plane: "lab").map(\.code) == ["MD2105"])
    for entity in try dialect.entities(from: JSONValue(parsing: grant), plane: "lab") {
      snapshot.apply(.upsert(entity))
    }
    #expect(dialect.findings(in: snapshot, plane: "lab").isEmpty)
  }

  @Test func absentDefinitionsCostNoRequest() async throws {
    let server = try Recorded.server()
    let plane = try Recorded.plane(server, dialects: DialectFixtures.dialects)
    let index = try await plane.catalog.current()
    var bare = index
    bare.resources.removeAll { $0.group.contains(".") && $0.group != "apps" }
    #expect(plane.readers(bare).allSatisfy { $0.dialect == nil })
    #expect(
      Set(plane.readers(index).compactMap { $0.dialect?.dialect }) == [
        .gatewayAPI, .smi, .knative, .linkerd, .shardingSphere,
      ])
  }
}
