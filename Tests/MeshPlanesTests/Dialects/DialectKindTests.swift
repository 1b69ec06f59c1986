import MeshModel
import Testing

@testable import MeshPlanes

@Suite struct DialectKindTests {
  @Test(
    "A native object is referred to by the kind that its own API has",
    arguments: [
      ("gateway.networking.k8s.io/v1", "Gateway", "gateway.gateway.networking.k8s.io"),
      ("networking.istio.io/v1", "Gateway", "gateway"),
      ("serving.knative.dev/v1", "Service", "service.serving.knative.dev"),
      ("v1", "Service", "service"),
      ("policy.linkerd.io/v1beta3", "HTTPRoute", "httproute.policy.linkerd.io"),
      ("gateway.networking.k8s.io/v1", "HTTPRoute", "httproute"),
      ("example.org/v1", "Thing", "thing"),
    ])
  func kinds(apiVersion: String, kind: String, expected: String) throws {
    let plane = try Recorded.plane(
      try Recorded.server(), dialects: [IstioDialect(), GatewayAPIDialect(), KnativeDialect(), LinkerdDialect()])
    #expect(plane.kind(of: ["apiVersion": .string(apiVersion), "kind": .string(kind)]) == expected)
  }

  @Test func anObjectWithoutAKindHasNone() throws {
    let plane = try Recorded.plane(try Recorded.server(), dialects: [])
    #expect(plane.kind(of: ["apiVersion": "v1"]) == nil)
  }
}
