import MeshModel
import Testing

@testable import MeshOperations

/// Calls that configuration names and nobody measured.
@Suite struct DeclaredLinksTests {
  static func world(namesCallees: Bool = true) throws -> SmallWorld {
    var world = try SmallWorld()
    world.add("cart", versions: ["v1"])
    world.view.snapshot.apply(
      .upsert(
        .egressScope(
          EgressScope(
            ref: SmallWorld.ref("upstreams", "web"), selector: ["app": "web"],
            hosts: ["reviews.shop.svc.cluster.local", "cart.shop.svc.cluster.local", "nobody.example"],
            namesCallees: namesCallees))))
    world.call("reviews", "v1", ok: 4)
    return world
  }

  @Test func aCallNobodyMeasuredIsDrawnAsDeclared() throws {
    let graph = try Self.world().view.topology()
    let declared = graph.links.filter { $0.declared != nil }
    // To reviews something was measured, so that its other version is not said to be called.
    #expect(declared.map(\.destination.name) == ["cart-v1"])
    #expect(declared.first?.source.name == "web-v1" && declared.first?.declared?.kind == "upstreams")
    #expect(graph.tree.contains("shop/cart-v1 2/2  no calls seen"), "\(graph.tree)")
    let edges = try JSONValue(parsing: graph.json(planes: []))["edges"]?.array ?? []
    #expect(edges.compactMap { $0["declaredBy"]?.string } == ["lab/shop/upstreams/web"])
  }

  @Test func patternsOfWhatMayBeSeenAreNoCallsAndFlowsAloneAreFlows() throws {
    #expect(!(try Self.world(namesCallees: false)).view.topology().links.contains { $0.declared != nil })
    #expect(!(try Self.world()).view.topology(idle: false).links.contains { $0.declared != nil })
  }
}
