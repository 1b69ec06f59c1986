import MeshModel
import Testing

@testable import MeshPlanes

/// What Linkerd's proxies follow: a profile, or the routes of the same Service.
///
/// Source: Linkerd, "HTTPRoute": a ServiceProfile for the parent Service is used rather than the route.
@Suite struct ProfilePrecedenceTests {
  private static func profile(_ namespace: String, _ spec: String) -> String {
    """
    {"apiVersion":"linkerd.io/v1alpha2","kind":"ServiceProfile","metadata":{"name":"api.shop.svc.cluster.local",
     "namespace":"\(namespace)","resourceVersion":"7"},"spec":\(spec)}
    """
  }

  private static let routes = #"{"routes":[{"name":"all","condition":{"pathRegex":"/.*"}}]}"#
  private static let overrides =
    #"{"dstOverrides":[{"authority":"api-v1.shop.svc.cluster.local:8080","weight":"900m"}]}"#

  private static func snapshot(_ texts: [String]) throws -> MeshSnapshot {
    var snapshot = MeshSnapshot()
    for text in texts {
      for dialect in DialectFixtures.dialects {
        for entity in try dialect.entities(from: JSONValue(parsing: text), plane: "lab") {
          snapshot.apply(.upsert(entity))
        }
      }
    }
    return snapshot
  }

  @Test(arguments: [
    ("shop", routes, true), ("shop", overrides, true), ("shop", #"{"opaquePorts":["9000"]}"#, false),
    ("elsewhere", routes, false),
  ])
  func aProfileWithRoutesOrOverridesTakesARouteOutOfEffect(namespace: String, spec: String, isBefore: Bool) throws {
    let snapshot = try Self.snapshot([DialectFixtures.httpRoute, Self.profile(namespace, spec)])
    let route = try #require(snapshot.routes.values.first { $0.ref.kind == "httproute" })
    let programmed = GatewayAPIDialect().routing(in: snapshot, plane: "lab").programmed(
      try #require(route.rules.first), of: route, in: ProgrammedReport(at: Instant(seconds: 1)))
    #expect(programmed.map { $0.value == nil } == [isBefore, isBefore])
    #expect(
      programmed[0].reason?.contains("ServiceProfile \(namespace)/api.shop.svc.cluster.local") ?? false == isBefore)
    let findings = LinkerdDialect().findings(in: snapshot, plane: "lab").filter { $0.code == "MD2405" }
    #expect(findings.map(\.object) == (isBefore ? [route.ref] : []))
  }

  @Test func streamsFollowNoProfile() throws {
    let stream = DialectFixtures.httpRoute.replacing("\"HTTPRoute\"", with: "\"TCPRoute\"")
    let snapshot = try Self.snapshot([stream, Self.profile("shop", Self.routes)])
    #expect(!LinkerdDialect().findings(in: snapshot, plane: "lab").contains { $0.code == "MD2405" })
  }
}
