import MeshModel
import MeshTelemetry
import Testing

@testable import MeshOperations

/// One graph of two clusters of one mesh: `web` in the east calls `reviews`, which runs in both.
@Suite struct MergedTopologyTests {
  private struct World {
    var view = MeshView(at: Instant(seconds: 1000))
    private var edges: [PlaneName: [Edge]] = [:]

    init(domains: (String, String) = ("prod.example", "prod.example")) {
      for (plane, domain) in [("east", domains.0), ("west", domains.1)] {
        view.planes.append(PlaneStatus(plane: Plane(name: plane, kind: .kubernetes, address: ""), state: .live))
        var settings = MeshSettings(trustDomain: domain)
        settings.cluster = "\(plane)-1"
        view.snapshot.meshes[plane] = settings
        add("reviews", on: plane)
        report([], on: plane)
      }
      add("web", on: "east")
    }

    mutating func add(_ name: String, on plane: PlaneName) {
      view.snapshot.apply(
        .upsert(
          .service(
            Service(
              ref: ObjectRef(plane: plane, namespace: "shop", kind: "service", name: name),
              hosts: ["\(name).shop.svc.cluster.local"], ports: [], selector: ["app": name]))))
      view.snapshot.apply(
        .upsert(
          .workload(
            Workload(
              ref: ObjectRef(plane: plane, namespace: "shop", kind: "workload", name: "\(name)-v1"),
              labels: ["app": name], nativeKind: "deployment"))))
    }

    mutating func report(_ more: [Edge], on plane: PlaneName) {
      edges[plane, default: []] += more
      view.traffic[plane] = .known(
        TrafficReport(edges: edges[plane] ?? [], queries: [], window: 60, at: view.at), source: "test", at: view.at)
    }

    /// A call from the east to `reviews` in a cluster, as one end says it on a plane.
    static func call(to cluster: String, by reporter: Edge.Reporter, on plane: PlaneName, rps: Double) -> Edge {
      Edge(
        plane: plane, source: EdgeEnd(namespace: "shop", workload: "web-v1", cluster: "east-1"),
        destination: EdgeEnd(namespace: "shop", workload: "reviews-v1", service: "reviews", cluster: cluster),
        transport: "http", reporter: reporter,
        traffic: Traffic(
          rates: [.success: rps], mtlsShare: reporter == .destination ? 1 : nil, n: rps * 60, window: 60,
          at: Instant(seconds: 1000)))
    }
  }

  @Test func aCallBetweenClustersIsOneEdgeWithBothEndsNumbers() throws {
    var world = World()
    world.report([World.call(to: "west-1", by: .source, on: "east", rps: 10)], on: "east")
    world.report([World.call(to: "west-1", by: .destination, on: "west", rps: 9)], on: "west")
    let graph = world.view.topology(idle: false)
    let link = try #require(graph.links.first)
    #expect(graph.links.count == 1)
    #expect(link.source.description == "east/shop/workload/web-v1")
    #expect(link.destination.description == "west/shop/workload/reviews-v1")
    #expect(link.traffic.rps == 9, "the destination's word, not the sum")
    #expect(link.reports.map(\.plane) == ["east", "west"])
    #expect(link.reports.map(\.traffic.rps) == [10, 9])
    #expect(graph.nodes.map(\.clusters) == [["east-1"], ["west-1"]])
    let json = try JSONValue(parsing: graph.json(planes: []))
    let reported = json["edges"]?.array?.first?["reported"]
    #expect(reported?["source"]?["plane"] == "east")
    #expect(reported?["destination"]?["rps"]?.double == 9)
    #expect(json["joined"]?.array?.first?["host"] == "reviews.shop.svc")
    #expect(json["nodes"]?.array?.last?["clusters"] == ["west-1"])
  }

  @Test func rowsOfEachClusterCountWhatReachedThatCluster() throws {
    var world = World()
    world.report(
      [
        World.call(to: "west-1", by: .source, on: "east", rps: 10),
        World.call(to: "east-1", by: .destination, on: "east", rps: 4),
      ], on: "east")
    let rows = world.view.workloadRows().filter { $0.ref.name == "reviews-v1" }
    #expect(rows.map(\.ref.plane) == ["east", "west"])
    #expect(rows.map { $0.traffic.value?.rps } == [4, 10], "the west's own source says nothing; the caller's does")
    let services = world.view.serviceRows().filter { $0.ref.name == "reviews" }
    #expect(services.map(\.planes) == [["east", "west"], ["west", "east"]])
    #expect(services.map(\.cluster) == ["east-1", "west-1"])
  }

  @Test func onePrometheusOfBothPlanesCountsNothingTwice() throws {
    var world = World()
    for plane in ["east", "west"] {
      world.report(
        [
          World.call(to: "west-1", by: .source, on: plane, rps: 10),
          World.call(to: "west-1", by: .destination, on: plane, rps: 9),
        ], on: plane)
    }
    let link = try #require(world.view.topology(idle: false).links.first)
    #expect(world.view.topology(idle: false).links.count == 1)
    #expect(link.traffic.rps == 9)
    #expect(link.reports.map(\.plane) == ["east", "west"], "each end's word by its own plane")
  }

  @Test func aClusterOfAnotherMeshIsNotTakenForThePlaneOfItsName() throws {
    var world = World(domains: ("a.example", "b.example"))
    world.report([World.call(to: "west-1", by: .source, on: "east", rps: 10)], on: "east")
    let graph = world.view.topology(idle: false)
    #expect(graph.links.map(\.destination.plane) == ["east"])
    #expect(graph.nodes.first { $0.ref.name == "reviews-v1" }?.clusters == ["west-1"])
    #expect(graph.joins.joined.isEmpty)
    #expect(graph.joins.apart.first?.reasons.first?.contains("trust domains differ") == true)
  }

  @Test func withoutTheControlPlanesWordTheProxiesOfAPlaneSayItsCluster() {
    var world = World()
    for plane in ["east", "west"] { world.view.snapshot.meshes[plane]?.cluster = "" }
    #expect(world.view.cluster(of: "east") == nil)
    world.report([World.call(to: "west-1", by: .source, on: "east", rps: 10)], on: "east")
    world.report([World.call(to: "west-1", by: .destination, on: "west", rps: 9)], on: "west")
    #expect(world.view.cluster(of: "east") == "east-1")
    #expect(world.view.topology(idle: false).links.map(\.destination.plane) == ["west"])
  }

  @Test func aCallThroughAServiceThatStandsForAnotherPlanesEndsThere() throws {
    var world = World()
    let entry = Service(
      ref: ObjectRef(plane: "east", namespace: "shop", kind: "serviceentry", name: "ledger"),
      hosts: ["ledger.pay.svc.clusterset.local"], ports: [], isExternal: true)
    world.view.snapshot.apply(.upsert(.service(entry)))
    var real = entry
    real.ref = ObjectRef(plane: "west", namespace: "pay", kind: "service", name: "ledger")
    (real.hosts, real.isExternal) = (["ledger.pay.svc.cluster.local"], false)
    world.view.snapshot.apply(.upsert(.service(real)))
    var edge = World.call(to: "", by: .source, on: "east", rps: 3)
    edge.destination = EdgeEnd(namespace: "", workload: "", service: "ledger.pay.svc.clusterset.local")
    world.report([edge], on: "east")
    let link = try #require(world.view.topology(idle: false).links.first)
    #expect(link.destination == real.ref)
    #expect(link.joined == "same host ledger.pay.svc; one trust domain, prod.example")
  }

  @Test func exportsTellThePlanesApart() {
    var world = World()
    world.report([World.call(to: "west-1", by: .source, on: "east", rps: 10)], on: "east")
    let graph = world.view.topology(idle: false)
    #expect(graph.dot.contains("subgraph cluster_0 {\n    label=\"east (cluster east-1)\";"))
    #expect(graph.mermaid.contains("subgraph p1[\"west (cluster west-1)\"]"))
    #expect(graph.tree.hasPrefix("east: shop/web-v1"))
    #expect(graph.tree.contains("└─ west: shop/reviews-v1"))
    #expect(world.view.topology(plane: "west", idle: false).links.count == 1)
  }
}
