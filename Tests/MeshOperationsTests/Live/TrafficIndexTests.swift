import MeshModel
import Testing

@testable import MeshOperations

@Suite struct TrafficIndexTests {
  @Test func aServiceSendingCallsToAnEmptySubsetFails() throws {
    var world = try SmallWorld()
    world.call("reviews", "v1", ok: 80)
    world.lose("reviews", failed: 20)
    let row = try #require(world.view.serviceRows().first { $0.ref.name == "reviews" })
    #expect(row.traffic.value?.rps == 100)
    #expect(row.traffic.value?.errorRate == 0.2)
    #expect(row.needsAttention)
    let workload = try #require(world.view.workloadRows().first { $0.ref.name == "reviews-v1" })
    #expect(workload.traffic.value?.rps == 80)
  }

  @Test func requestsThroughAWaypointCountOnceAndWithoutTheirConnections() throws {
    var world = try SmallWorld()
    world.call("reviews", "v1", ok: 45, failed: 5, reporter: .waypoint)
    world.call("reviews", "v1", ok: 45, failed: 5, reporter: .source)
    world.call("reviews", "v1", ok: 0, transport: "tcp", bytes: 900)
    let row = try #require(world.view.serviceRows().first { $0.ref.name == "reviews" })
    #expect(row.traffic.value?.rps == 50)
    #expect(row.traffic.value?.errorRate == 0.1)
    let link = try #require(world.view.topology(idle: false).links.first { $0.destination.name == "reviews-v1" })
    #expect(link.traffic.rps == 50)
  }

  @Test(arguments: [
    "reviews", "reviews.shop", "reviews.shop.svc", "reviews.shop.svc.cluster.local", "reviews.shop.svc.svc.local",
  ])
  func aServiceIsFoundByEverySpellingOfItsHost(_ host: String) throws {
    var world = try SmallWorld()
    world.call("reviews", "v1", ok: 1)
    let index = TrafficIndex(world.view, plane: "lab")
    #expect(index.inbound(toHost: host, namespace: "shop").count == 1)
    for other in ["api.example.com", "reviews.shop.svcs", "a.svcx.example", "reviews."] {
      #expect(index.inbound(toHost: other, namespace: "shop").isEmpty)
    }
  }
}
