import MeshModel
import Testing

@testable import MeshOperations

@Suite struct TopologyGraphTests {
  static func world() throws -> SmallWorld {
    var world = try SmallWorld()
    world.add("db", in: "data", versions: ["v1"], role: .database)
    world.add("idle", versions: ["v1"])
    world.call("reviews", "v1", ok: 15, failed: 1, p99: 84)
    world.call("reviews", "v2", ok: 4)
    world.call(by: "reviews-v1", "db", "v1", in: "data", ok: 0, mtls: 0, transport: "tcp", bytes: 1234)
    // A loop, and a name that would break out of its quotes.
    world.call(by: "reviews-v1", "web", "v1", ok: 1)
    world.call(by: "w\"]; evil\n", "web", "v1", ok: 1)
    return world
  }

  @Test func nodesAndFlowsAreWhatConfigurationAndTelemetryKnow() throws {
    let graph = try Self.world().view.topology()
    #expect(graph.nodes.map(\.ref.name) == ["db-v1", "idle-v1", "reviews-v1", "reviews-v2", "w\"]; evil\n", "web-v1"])
    #expect(graph.links.count == 5)
    let link = try #require(graph.links.first { $0.destination.name == "reviews-v1" })
    #expect(link.source.name == "web-v1")
    #expect(link.traffic.rps == 16)
    #expect(link.traffic.errorRate == 0.0625)
    #expect(graph.nodes.first { $0.ref.name == "db-v1" }?.role == .database)
    #expect(graph.gap == nil)
    #expect(!(try Self.world().view.topology(idle: false)).nodes.contains { $0.ref.name == "idle-v1" })
    let data = try Self.world().view.topology(namespace: "data", idle: false)
    #expect(data.nodes.map(\.ref.name) == ["db-v1", "reviews-v1"])
  }

  @Test func theTreeFollowsEachNodeOnce() throws {
    let lines = try Self.world().view.topology(idle: false).tree.split(separator: "\n", omittingEmptySubsequences: true)
    #expect(lines.count { $0.contains("db-v1 (database)") } == 1)
    #expect(lines.count { $0.contains("…") } == 1, "the loop is marked and not followed: \(lines)")
    #expect(lines.contains { $0.contains("└─ ") })
  }

  @Test func dotAndMermaidQuoteWhatTheyAreGiven() throws {
    let graph = try Self.world().view.topology()
    for text in [graph.dot, graph.mermaid] {
      #expect(text.contains(#"w\"]; evil\n"#))
      #expect(!text.contains("evil\n\""))
    }
    #expect(graph.dot.hasPrefix("digraph mesh {"))
    #expect(graph.dot.hasSuffix("}"))
    #expect(graph.dot.contains("shape=cylinder"))
    #expect(graph.dot.split(separator: "\n").count { $0.contains(" -> ") } == 5)
    #expect(graph.mermaid.split(separator: "\n").count { $0.contains("-->") } == 5)
    #expect(graph.mermaid.contains("[(\"data/db-v1 (database) 2/2\")]"))
  }

  @Test func theJSONHoldsNodesAndEdges() throws {
    let json = try JSONValue(parsing: try Self.world().view.topology().json(planes: []))
    #expect(json["kind"] == "Graph")
    #expect(json["nodes"]?.array?.count == 6)
    #expect(json["edges"]?.array?.count == 5)
  }

  @Test func missingTelemetryIsToldNotDrawnAsSilence() throws {
    var world = try SmallWorld()
    world.view.traffic["lab"] = .unknown("no telemetry source is configured")
    let graph = world.view.topology()
    #expect(graph.links.isEmpty)
    #expect(graph.gap == "lab: no telemetry source is configured")
  }
}
