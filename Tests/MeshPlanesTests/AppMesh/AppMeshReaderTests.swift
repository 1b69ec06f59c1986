import Foundation
import MeshModel
import Testing

@testable import MeshPlanes

/// Resources of App Mesh as a real server answered them (moto 5.2.5, Fixtures/Recordings/appmesh).
@Suite struct AppMeshReaderTests {
  static func recorded(_ name: String) throws -> JSONValue {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures/Recordings/appmesh")
    return try JSONValue(parsing: Array(Data(contentsOf: folder.appending(path: name))))
  }

  static func route(_ name: String) throws -> Route {
    let entities = AppMeshReader.entities(try recorded(name), plane: "aws")
    guard case .route(let route)? = entities.first else { throw MeshError(.malformed, "no route in \(name)") }
    return route
  }

  @Test func aWeightedRouteIsARuleWithTargets() throws {
    let route = try Self.route("route-http.json")
    #expect(route.ref.description == "aws/shop/route/reviews:primary")
    #expect(route.attachedTo == ["virtualrouter/reviews"])
    #expect(route.version == "2")
    let rule = try #require(route.rules.first)
    #expect(rule.name == "primary")
    #expect(rule.layer == .http)
    #expect(rule.backends.map(\.name) == ["reviews-v1", "reviews-v2"])
    #expect(rule.backends.map(\.weight) == [90, 10])
    #expect(rule.backends.last?.pointer == "/spec/httpRoute/action/weightedTargets/1")
    #expect(rule.timeout == 1.5)
    #expect(rule.retries == RetrySetting(attempts: 2, perTryTimeout: 1, retryOn: "server-error"))
    #expect(rule.matches.first?.uri == .prefix("/"))
  }

  @Test func conditionsOfHeadersAreRead() throws {
    let match = try #require(try Self.route("route-http2.json").rules.first?.matches.first)
    #expect(match.uri == .prefix("/reviews"))
    #expect(match.method == .exact("GET"))
    #expect(match.headers == ["x-canary": .exact("yes")])
    #expect(match.withoutHeaders == ["cookie": .present])
  }

  @Test func gRPCAndTCPRoutesAreRead() throws {
    let grpc = try #require(try Self.route("route-grpc.json").rules.first)
    #expect(grpc.layer == .grpc)
    #expect(grpc.matches.first?.uri == .exact("/shop.Reviews/Get"))
    #expect(grpc.retries == RetrySetting(attempts: 3, perTryTimeout: 0.25, retryOn: "unavailable"))
    let tcp = try #require(try Self.route("route-tcp.json").rules.first)
    #expect(tcp.layer == .tcp)
    #expect(tcp.matches.isEmpty)
    #expect(tcp.timeout == nil)
    #expect(AppMeshRules().shares(of: tcp).map { ($0 * 3).rounded() } == [2, 1])
  }

  @Test func aGatewayRouteLeadsToAService() throws {
    let route = try Self.route("gateway-route.json")
    #expect(route.ref.description == "aws/shop/gatewayroute/edge:all")
    #expect(route.rules.first?.backends.map(\.host) == ["web.shop.local"])
    #expect(AppMeshRules().shares(of: try #require(route.rules.first)) == [1])
  }

  @Test func aNodeTellsItsListenersBackendsAndPolicies() throws {
    let entities = AppMeshReader.entities(try Self.recorded("node-tls.json"), plane: "aws")
    let kinds = Set(entities.map(\.ref.kind))
    #expect(kinds == ["workload", "listener", "backends", "clientpolicy"])
    let policies = entities.compactMap { if case .mtlsPolicy(let policy) = $0 { policy } else { nil } }
    #expect(policies.map(\.mode) == [.strict])
    let scopes = entities.compactMap { if case .egressScope(let scope) = $0 { scope } else { nil } }
    #expect(scopes.first?.hosts == ["reviews.shop.local"])
    let clients = entities.compactMap { if case .destination(let policy) = $0 { policy } else { nil } }
    #expect(clients.first { $0.host == "reviews.shop.local" }?.settings.tls == .simple)
    #expect(clients.first { $0.host == "*" }?.settings.tls == nil)
  }

  @Test(arguments: ["mesh.json", "router.json", "gateway.json", "node.json", "route-http.json", "gateway-route.json"])
  func everyKindIsToldByItsMembers(_ file: String) throws {
    let json = try Self.recorded(file)
    let name = try #require(AppMeshName(of: json))
    #expect(AppMeshName(name.ref(plane: "aws")) == name)
    let expected: [String: AppMeshKind] = [
      "mesh.json": .mesh, "router.json": .virtualRouter, "gateway.json": .virtualGateway, "node.json": .virtualNode,
      "route-http.json": .route, "gateway-route.json": .gatewayRoute,
    ]
    #expect(name.kind == expected[file])
  }

  @Test func separatorsInNamesDoNotMoveThem() throws {
    let name = AppMeshName(kind: .route, mesh: "a/b", parent: "r:1", name: "x%2F/y:z")
    #expect(AppMeshName(name.ref(plane: "p")) == name)
    #expect(ObjectRef(name.ref(plane: "p").description) == name.ref(plane: "p"))
    #expect(name.path == "/v20190125/meshes/a%2Fb/virtualRouter/r%3A1/routes/x%252F%2Fy%3Az")
  }

  @Test func aRouteAnswersToItsOwnNameAndToItsRouters() {
    let ref = ObjectRef(plane: "aws", namespace: "shop", kind: "route", name: "reviews:primary")
    for typed in ["primary", "reviews:primary", "route/primary", "shop/primary", "aws/shop/route/reviews:primary"] {
      #expect(ref.matches(typed), "\(typed)")
    }
    for typed in ["reviews", "prim", "other:primary", "web/primary"] { #expect(!ref.matches(typed), "\(typed)") }
  }

  @Test func objectsOfAnotherAPIArePassedOver() throws {
    let other: JSONValue = ["apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "spec": [:]]
    #expect(try AppMeshRules().entities(from: other, plane: "x").isEmpty)
  }
}
