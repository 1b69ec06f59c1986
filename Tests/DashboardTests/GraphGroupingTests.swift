import MeshKit
import Testing

@testable import Dashboard
@testable import MeshOperations

/// What is drawn together as one node.
@Suite struct GraphGroupingTests {
  private static func node(_ plane: PlaneName, _ namespace: String, _ name: String, cluster: String?)
    -> TopologyGraph.Node
  {
    TopologyGraph.Node(
      ref: ObjectRef(plane: plane, namespace: namespace, kind: "workload", name: name), runtime: .container, role: nil,
      proxy: .sidecar, ready: 1, total: 1, clusters: cluster.map { [$0] } ?? [])
  }

  private static func traffic(_ rps: Double) -> TrafficSum {
    TrafficSum([Traffic(rates: [.success: rps], n: rps * 60, window: 60, at: ShopMesh.now)])
  }

  private static let graph: TopologyGraph = {
    let nodes = [
      Self.node("east", "shop", "web", cluster: "e1"), Self.node("east", "shop", "cart", cluster: "e1"),
      Self.node("west", "shop", "cart", cluster: nil), Self.node("west", "pay", "ledger", cluster: nil),
    ]
    func link(_ from: Int, _ to: Int, _ rps: Double) -> TopologyGraph.Link {
      var link = TopologyGraph.Link(
        source: nodes[from].ref, destination: nodes[to].ref, service: "", transport: "http", traffic: Self.traffic(rps))
      if link.isBetweenPlanes { link.reports = [.init(reporter: .source, plane: "east", traffic: Self.traffic(rps))] }
      return link
    }
    return TopologyGraph(nodes: nodes, links: [link(0, 1, 5), link(0, 2, 3), link(1, 3, 4)], gap: nil)
  }()

  @Test func planesAndClustersAreDrawnAsOneEachWithWhatFlowsBetweenThem() throws {
    let planes = GraphSelection.grouped(Self.graph, by: .plane)
    #expect(planes.nodes.map(\.ref.name) == ["east", "west"])
    #expect(planes.nodes.map(\.total) == [2, 2])
    let link = try #require(planes.links.first)
    #expect(planes.links.count == 1, "what stays within a plane is no line")
    #expect(link.traffic.rps == 7)
    #expect(link.reports.map(\.traffic.rps) == [7])
    let clusters = GraphSelection.grouped(Self.graph, by: .cluster)
    #expect(clusters.nodes.map(\.ref.name) == ["e1", "west, cluster not told"])
    #expect(GraphSelection.grouped(Self.graph, by: .namespace).nodes.count == 3)
    #expect(GraphSelection.grouped(Self.graph, by: .none).nodes.count == 4)
  }

  @Test func connectionsDrawnAsOneLineAreWeighedByTheirNumber() {
    func connections(_ n: Double, _ share: Double) -> TrafficSum {
      TrafficSum([Traffic(bytesInPerSecond: 10, mtlsShare: share, n: n, window: 60, at: ShopMesh.now)])
    }
    #expect(GraphSelection.sum(connections(96, 1), connections(4, 0)).mtlsShare == 0.96)
  }

  @Test func theKeyGoesThroughWhatThereIsToGroupBy() {
    var seen: [GraphGrouping] = [.none]
    for _ in 0..<4 { seen.append((seen.last ?? .none).next(ofSeveralPlanes: true)) }
    #expect(seen == [.none, .namespace, .cluster, .plane, .none])
    #expect(GraphGrouping.namespace.next(ofSeveralPlanes: false) == .none)
  }

  @Test func ofSeveralPlanesANodeNamesItsOwn() {
    let titles = GraphLayout(Self.graph).boxes.map(\.title)
    #expect(titles == ["web @east", "cart @east", "cart @west", "ledger @west"])
    #expect(GraphLayout(GraphSelection.grouped(Self.graph, by: .plane)).boxes.map(\.title) == ["east", "west"])
  }
}
