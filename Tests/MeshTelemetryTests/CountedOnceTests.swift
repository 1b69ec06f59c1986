import MeshModel
import Testing

@testable import MeshTelemetry

@Suite("Flows counted once")
struct CountedOnceTests {
  static func edge(
    _ reporter: Edge.Reporter, from source: String = "web", to workload: String, _ transport: String = "http",
    ok: Double = 0, failed: Double = 0, version: String = "", cluster: String = "", service: String = "reviews"
  ) -> Edge {
    Edge(
      plane: "p", source: EdgeEnd(namespace: "shop", workload: source, version: version, cluster: cluster),
      destination: EdgeEnd(namespace: "shop", workload: workload, service: service, cluster: cluster),
      transport: transport, reporter: reporter,
      traffic: Traffic(
        rates: [.success: ok, .serverError: failed].filter { $0.value > 0 }, n: (ok + failed) * 60, window: 60,
        at: Instant(seconds: 0)))
  }

  @Test("a request that reached no workload is counted beside what destinations saw")
  func lost() {
    let edges = [
      Self.edge(.source, to: "", failed: 20), Self.edge(.destination, to: "reviews-v1", ok: 80),
      Self.edge(.source, to: "reviews-v1", ok: 80),
    ]
    for order in [edges, edges.reversed()] {
      #expect(order.countedOnce().map(\.traffic.requestsPerSecond).sorted() == [20, 80])
      #expect(Set(order.countedOnce().map(\.reporter)) == [.source, .destination])
    }
  }

  @Test("what a waypoint saw is counted, and neither the connections that carried it nor the caller's own word")
  func waypoint() {
    let requests = Self.edge(.waypoint, to: "reviews-v1", ok: 40, failed: 10)
    let edges = [
      requests, Self.edge(.source, from: "gateway", to: "reviews-v1", ok: 5),
      Self.edge(.waypoint, from: "gateway", to: "reviews-v1", ok: 5), Self.edge(.source, to: "waypoint", ok: 40),
      Self.edge(.source, to: "waypoint", "tcp"), Self.edge(.destination, to: "reviews-v1", "tcp"),
      Self.edge(.destination, from: "waypoint", to: "reviews-v1", "tcp"),
      Self.edge(.destination, to: "ratings-v1", "tcp", service: "ratings"),
    ]
    let counted = edges.countedOnce()
    #expect(counted.map(\.traffic.requestsPerSecond).reduce(0, +) == 55)
    #expect(counted.contains(requests))
    #expect(counted.filter { $0.transport == "tcp" }.map(\.destination.service) == ["ratings"])
    #expect((edges + [Self.edge(.source, to: "", failed: 3)]).countedOnce().count == counted.count + 1)
  }

  @Test("ztunnel's connections are not counted beside the requests of the caller that they carry")
  func carried() {
    let requests = Self.edge(.source, to: "reviews-v1", ok: 4)
    #expect([Self.edge(.destination, to: "reviews-v1", "tcp"), requests].countedOnce() == [requests])
  }

  @Test("a sidecar's TCP is a flow of its own beside its requests")
  func sidecar() {
    let edges = [
      Self.edge(.destination, to: "reviews-v1", ok: 4), Self.edge(.source, to: "reviews-v1", ok: 4),
      Self.edge(.destination, to: "reviews-v1", "tcp"), Self.edge(.source, to: "reviews-v1", "tcp"),
    ]
    let counted = edges.countedOnce()
    #expect(counted.map(\.transport) == ["http", "tcp"])
    #expect(counted.allSatisfy { $0.reporter == .destination })
  }

  @Test("what a destination saw of a caller it does not know is not counted again by the caller's word")
  func strangers() {
    let counted = [
      Self.edge(.destination, from: "", to: "reviews-v1", "tcp"), Self.edge(.source, to: "reviews-v1", "tcp"),
      Self.edge(.source, to: "reviews-v2", "tcp"), Self.edge(.source, to: "reviews-v1", failed: 2),
    ].countedOnce()
    #expect(counted.map(\.reporter.rawValue).sorted() == ["destination", "source", "source"])
    #expect(
      !counted.contains { $0.reporter == .source && $0.transport == "tcp" && $0.destination.workload == "reviews-v1" })
  }

  @Test("proxies that know a caller's version and those that do not tell of one flow; two clusters of two")
  func names() {
    let counted = [
      Self.edge(.destination, to: "reviews-v1", ok: 1, cluster: "east"),
      Self.edge(.destination, to: "reviews-v1", ok: 2, cluster: "west"),
      Self.edge(.source, to: "reviews-v1", ok: 3, version: "v1"),
    ].countedOnce()
    #expect(counted.map(\.traffic.requestsPerSecond).reduce(0, +) == 3)
    #expect(counted.count == 2)
  }
}
