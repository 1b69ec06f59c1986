import MeshModel
import MeshTelemetry
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
    world.call(by: "waypoint", "reviews", "v1", ok: 0, transport: "tcp", bytes: 900)
    #expect(world.view.topology(idle: false).links.map(\.source.name) == ["web-v1"])
  }

  @Test func nothingSeenIsNoneOnlyWhereTheProxyReports() throws {
    var world = try SmallWorld()
    world.add("silent", versions: ["v1"])
    world.call("reviews", "v1", ok: 1)
    world.call("reviews", "v1", ok: 1, reporter: .source)
    func traffic(_ rows: [HealthRow], _ name: String) throws -> Known<TrafficSum> {
      try #require(rows.first { $0.ref.name == name }).traffic
    }
    let services = world.view.serviceRows()
    #expect(try traffic(services, "web").value?.rps == 0, "its proxy tells of its own calls, and of none to it")
    #expect(try traffic(services, "silent").reason == HealthRow.unmeasured)
    let workloads = world.view.workloadRows()
    #expect(try traffic(workloads, "web-v1").value?.rps == 0)
    #expect(try traffic(workloads, "reviews-v2").reason == HealthRow.unmeasured)
    let report = TrafficReport(
      edges: world.edges, queries: [], window: 60, at: world.view.at,
      reporting: [EdgeEnd(namespace: "shop", workload: "reviews-v2")])
    world.view.traffic["lab"] = .known(report, source: "test", at: world.view.at)
    #expect(try traffic(world.view.workloadRows(), "reviews-v2").value?.rps == 0, "its counters stand still")
  }

  @Test func whatReachesAGatewayIsUnknownWhereItTellsOfWhatItSendsOnAlone() throws {
    var world = try SmallWorld()
    world.add("gate", versions: ["v1"], proxy: .gateway)
    world.call(by: "gate-v1", "reviews", "v1", ok: 350, reporter: .source)
    world.call("reviews", "v1", ok: 1, reporter: .source)
    func traffic(_ rows: [HealthRow], _ name: String) throws -> Known<TrafficSum> {
      try #require(rows.first { $0.ref.name == name }).traffic
    }
    #expect(try traffic(world.view.serviceRows(), "gate").reason == HealthRow.outermost)
    #expect(try traffic(world.view.workloadRows(), "gate-v1").reason == HealthRow.outermost)
    #expect(try traffic(world.view.serviceRows(), "web").value?.rps == 0, "a sidecar would tell of what it took")
    world.call("gate", "v1", ok: 2)
    #expect(try traffic(world.view.serviceRows(), "gate").value?.rps == 2)
  }

  @Test(arguments: [
    (FeedState.loading(3), "its instances are still being read"),
    (.refused("pods is forbidden"), "its instances are not read: pods is forbidden"),
    (.stale("timed out", Instant(seconds: 1)), "its instances are not read: timed out"),
  ])
  func instancesThatWereNotReadAreUnknownAndNotMissing(_ state: FeedState, _ reason: String) throws {
    var world = try SmallWorld()
    world.add("half", versions: ["v1"], ready: 1)
    let key = MeshSnapshot.FeedKey(plane: "lab", kind: "pod")
    world.view.snapshot.apply(.feed(key, state))
    for rows in [world.view.serviceRows(), world.view.workloadRows()] {
      #expect(rows.allSatisfy { $0.uncounted == reason && !$0.needsAttention })
    }
    world.view.snapshot.apply(.feed(key, .live(world.view.at)))
    for rows in [world.view.serviceRows(), world.view.workloadRows()] {
      #expect(rows.filter(\.needsAttention).map { [$0.ready, $0.total] } == [[1, 2]])
    }
    // What was read once stays known while it is read again.
    world.view.snapshot.apply(.feed(key, .loading(0)))
    #expect(world.view.serviceRows().allSatisfy { $0.uncounted == nil })
  }

  @Test func thoseThatNeedAttentionAreFoundWithoutTheOthers() throws {
    var world = try SmallWorld()
    world.add("failing", versions: ["v1"], ready: 2)
    world.add("half", versions: ["v1"], ready: 1)
    world.add("quiet", versions: ["v1"], ready: 2)
    world.call("failing", "v1", ok: 90, failed: 10, p99: 40)
    world.call("reviews", "v1", ok: 100, p99: 40)
    let found = world.view.serviceRows(onlyNeedingAttention: true)
    #expect(found.map(\.ref.name) == ["failing", "half"])
    #expect(found == world.view.serviceRows().filter(\.needsAttention))
  }

  @Test func aListTellsHowItsNumbersWereComeBy() throws {
    var world = try SmallWorld()
    world.call("reviews", "v1", ok: 1, p99: 40)
    world.view.measuringFailures["lab"] = "connection refused"
    var writer = ListWriter(kind: "ServiceList")
    for row in world.view.serviceRows() { writer.append(row) }
    let json = try JSONValue(parsing: writer.finish(world.view.planes, measured: world.view))
    let measured = try #require(json["planes"]?[0]?["measured"])
    #expect(measured["source"] == "test")
    #expect(measured["window"]?.double == 60)
    #expect(measured["at"]?.string == world.view.at.rfc3339)
    #expect(measured["failure"] == "connection refused")
    let reviews = try #require(json["items"]?.array?.first { $0["name"] == "reviews" })
    #expect(reviews["p99ms"]?.double == 40)
    #expect(reviews["p50ms"]?["unknown"] == "not measured")
    #expect(reviews["latencyIsBound"] == false)
    let web = try #require(json["items"]?.array?.first { $0["name"] == "web" })
    #expect(web["rps"]?["unknown"]?.string == HealthRow.unmeasured)
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
