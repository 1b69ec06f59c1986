import MeshModel
import Testing

@testable import MeshPlanes

@Suite struct IstioRouteIndexTests {
  static func route(
    _ name: String, in namespace: String, hosts: [String], exportTo: [String] = [], gateways: [String] = ["mesh"],
    age: Double = 100
  ) -> Route {
    Route(
      ref: SmallMesh.ref("virtualservice", namespace, name), dialect: .istio, apiVersion: "networking.istio.io/v1",
      hosts: hosts, attachedTo: gateways, exportTo: exportTo, rules: [], createdAt: Instant(seconds: age))
  }

  static let cart = "cart.shop.svc.cluster.local"

  struct Row: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var routes: [Route]
    var caller = "web"
    var gateway = "mesh"
    var expected: String?
  }

  static let rows: [Row] = [
    Row(
      testDescription: "a short name of its own namespace", routes: [route("a", in: "shop", hosts: ["cart"])],
      expected: "a"),
    Row(testDescription: "a short name elsewhere", routes: [route("a", in: "web", hosts: ["cart"])], expected: nil),
    Row(
      testDescription: "not exported", routes: [route("a", in: "shop", hosts: ["cart"], exportTo: ["."])], expected: nil
    ),
    Row(
      testDescription: "the caller's own before the public one",
      routes: [route("a", in: "shop", hosts: ["cart"], age: 1), route("b", in: "web", hosts: [cart], exportTo: ["."])],
      expected: "b"),
    Row(
      testDescription: "exported by name before public",
      routes: [
        route("a", in: "shop", hosts: ["cart"], age: 1), route("b", in: "shop", hosts: ["cart"], exportTo: ["web"]),
      ], expected: "b"),
    Row(
      testDescription: "the oldest of several",
      routes: [route("a", in: "shop", hosts: ["cart"], age: 2), route("b", in: "shop", hosts: ["cart"], age: 1)],
      expected: "b"),
    Row(
      testDescription: "the most specific host",
      routes: [
        route("a", in: "shop", hosts: ["*.local"], age: 1), route("b", in: "shop", hosts: ["*.shop.svc.cluster.local"]),
      ], expected: "b"),
    Row(
      testDescription: "a gateway's routes are not the sidecars'",
      routes: [route("a", in: "shop", hosts: ["cart"], gateways: ["gw"])], expected: nil),
    Row(
      testDescription: "a gateway by namespace and name",
      routes: [route("a", in: "shop", hosts: ["cart"], gateways: ["gw"])], gateway: "shop/gw", expected: "a"),
  ]

  @Test(arguments: rows)
  func picksTheRouteIstioPicks(row: Row) {
    var snapshot = MeshSnapshot()
    for route in row.routes { snapshot.apply(.upsert(.route(route))) }
    let found = RouteIndex(snapshot, plane: "lab").route(
      host: Self.cart, callerNamespace: row.caller, gateway: row.gateway)
    #expect(found?.ref.name == row.expected)
  }
}
