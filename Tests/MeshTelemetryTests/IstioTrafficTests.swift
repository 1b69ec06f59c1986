import MeshModel
import Testing

@testable import MeshTelemetry

@Suite("Assembly of edges")
struct IstioTrafficTests {
  static func labels(
    reporter: String, from source: String = "web", to workload: String = "reviews-v1", version: String = "v1",
    _ more: [String: String] = [:]
  ) -> [String: String] {
    [
      "reporter": reporter, "source_workload_namespace": "shop", "source_workload": source,
      "source_canonical_revision": "v1", "destination_service_namespace": "shop",
      "destination_service": "reviews.shop.svc.cluster.local", "destination_service_name": "reviews",
      "destination_workload_namespace": "shop", "destination_workload": workload,
      "destination_canonical_revision": version, "request_protocol": "http", "response_code": "200",
    ].merging(more) { $1 }
  }

  static func sample(_ rate: Double, _ labels: [String: String]) -> LabelledSample {
    LabelledSample(labels: labels, sample: Sample(rate))
  }

  static func assemble(
    _ requests: [LabelledSample], _ latencies: IstioTraffic.Latencies = [:], tcp: [LabelledSample] = []
  ) -> IstioTraffic.Assembly {
    IstioTraffic.edges(
      requests: requests, latencies: latencies, tcp: tcp, plane: "p", window: 60, at: Instant(seconds: 1000), query: "q"
    )
  }

  @Test(
    "every outcome has its class",
    arguments: [
      ("200", "", Traffic.ResponseClass.success), ("101", "", .informational), ("302", "", .redirect),
      ("404", "", .clientError), ("503", "", .serverError), ("0", "", .noResponse), ("200", "0", .success),
      ("200", "14", .grpcError), ("503", "14", .serverError), ("0", "14", .noResponse), ("", "14", .grpcError),
    ])
  func outcomes(_ code: String, _ status: String, _ expected: Traffic.ResponseClass) {
    let assembly = Self.assemble([
      Self.sample(2, Self.labels(reporter: "destination", ["response_code": code, "grpc_response_status": status]))
    ])
    #expect(assembly.edges.map(\.traffic.rates) == [[expected: 2]])
  }

  @Test("one edge a source, destination and reporter; n is rate times window; idle edges are dropped")
  func edges() throws {
    let assembly = Self.assemble([
      Self.sample(9, Self.labels(reporter: "destination")),
      Self.sample(1, Self.labels(reporter: "destination", ["response_code": "503"])),
      Self.sample(10, Self.labels(reporter: "source")),
      Self.sample(3, Self.labels(reporter: "destination", to: "reviews-v2", version: "v2")),
      Self.sample(0, Self.labels(reporter: "destination", from: "idle")),
    ])
    #expect(assembly.gaps.isEmpty)
    #expect(assembly.edges.count == 3)
    #expect(assembly.idle == [EdgeEnd(namespace: "shop", workload: "reviews-v1")], "a counter that stands still is one")
    let first = try #require(assembly.edges.first { $0.reporter == .destination && $0.destination.version == "v1" })
    #expect(first.traffic.rates == [.success: 9, .serverError: 1])
    #expect(first.traffic.n == 600)
    #expect(first.traffic.errorRate() == 0.1)
    #expect(first.destination == EdgeEnd(namespace: "shop", workload: "reviews-v1", service: "reviews", version: "v1"))
    #expect(first.source == EdgeEnd(namespace: "shop", workload: "web", version: "v1"))
    #expect(first.transport == "http")
    #expect(first.traffic.query == "q")
    let flows = assembly.edges.countedOnce()
    #expect(flows.count == 2)
    #expect(flows.allSatisfy { $0.reporter == .destination })
  }

  @Test(
    "Mixer's own label tells of protection where the later one is not there",
    arguments: [("true", 1.0), ("false", 0), ("unknown", nil)] as [(String, Double?)])
  func mixerProtection(_ label: String, _ share: Double?) throws {
    let assembly = Self.assemble([Self.sample(5, Self.labels(reporter: "destination", ["connection_mtls": label]))])
    #expect(try #require(assembly.edges.first).traffic.mtlsShare == share)
  }

  @Test("failures that never reached a workload are kept: alone where none is known, else with what the workload saw")
  func unreached() throws {
    let unknown = [
      "destination_workload": "unknown", "destination_workload_namespace": "unknown",
      "destination_service_namespace": "unknown", "destination_canonical_revision": "unknown",
    ]
    let assembly = Self.assemble([
      Self.sample(5, Self.labels(reporter: "destination")),
      Self.sample(5, Self.labels(reporter: "source")),
      Self.sample(2, Self.labels(reporter: "source", ["response_code": "503", "response_flags": "UF,URX"])),
      Self.sample(1, Self.labels(reporter: "source", ["response_code": "504", "response_flags": "UT"])),
      Self.sample(
        4, Self.labels(reporter: "source", unknown.merging(["response_code": "503", "response_flags": "NR"]) { $1 })),
    ])
    let seen = try #require(assembly.edges.first { $0.reporter == .destination })
    // The timeout (UT) reached the workload, which reported it as it saw it; the refused connections did not.
    #expect(seen.traffic.rates == [.success: 5, .serverError: 2])
    let lost = try #require(assembly.edges.first { $0.destination.workload.isEmpty })
    #expect(lost.destination == EdgeEnd(namespace: "shop", workload: "", service: "reviews"))
    #expect(lost.traffic.rates == [.serverError: 4])
    let total = assembly.edges.countedOnce().map(\.traffic.requestsPerSecond).reduce(0, +)
    #expect(total == 11)
  }

  @Test("failures that never reached a waypoint are told with what it saw")
  func unreachedWaypoint() throws {
    let assembly = Self.assemble([
      Self.sample(5, Self.labels(reporter: "waypoint")), Self.sample(5, Self.labels(reporter: "source")),
      Self.sample(2, Self.labels(reporter: "source", ["response_code": "503", "response_flags": "UF"])),
    ])
    let counted = assembly.edges.countedOnce()
    #expect(counted.map(\.traffic.rates) == [[.success: 5, .serverError: 2]])
  }

  @Test("the mTLS share is the destination's word alone")
  func mutualTLS() {
    func share(_ reporter: String, _ parts: [(Double, String)]) -> Double? {
      Self.assemble(
        parts.map { Self.sample($0.0, Self.labels(reporter: reporter, ["connection_security_policy": $0.1])) }
      ).edges.first?.traffic.mtlsShare
    }
    #expect(share("destination", [(3, "mutual_tls"), (1, "none")]) == 0.75)
    #expect(share("destination", [(3, "mutual_tls")]) == 1)
    #expect(share("destination", [(3, "none")]) == 0)
    #expect(share("destination", [(3, "unknown")]) == nil)
    #expect(share("source", [(3, "unknown")]) == nil)
    #expect(share("source", [(3, "mutual_tls")]) == nil)
  }

  @Test("TCP: bytes in Istio's reversed naming, connections as n; gRPC messages and latencies join their edge")
  func flows() throws {
    #expect(FlowMeasure.toDestination.counter == "istio_tcp_received_bytes_total")
    #expect(FlowMeasure.toSource.counter == "istio_tcp_sent_bytes_total")
    func flow(_ measure: FlowMeasure, _ rate: Double, _ labels: [String: String]) -> LabelledSample {
      Self.sample(rate, labels.merging(["measure": measure.rawValue]) { $1 })
    }
    var tcp = Self.labels(reporter: "destination", to: "db", ["connection_security_policy": "mutual_tls"])
    tcp["request_protocol"] = nil
    let grpc = Self.labels(reporter: "destination", ["request_protocol": "grpc"])
    let assembly = Self.assemble(
      [Self.sample(4, grpc)], [.p50: [Self.sample(12, grpc)], .p99: [Self.sample(.nan, grpc)]],
      tcp: [
        flow(.toDestination, 100, tcp), flow(.toSource, 900, tcp), flow(.connections, 0.5, tcp),
        flow(.requestMessages, 8, grpc), flow(.responseMessages, 6, grpc), flow(.responseBytes, 70, grpc),
      ])
    let database = try #require(assembly.edges.first { $0.transport == "tcp" })
    #expect(database.traffic.bytesInPerSecond == 100)
    #expect(database.traffic.bytesOutPerSecond == 900)
    #expect(database.traffic.n == 30)
    #expect(database.traffic.mtlsShare == 1)
    #expect(database.traffic.rates.isEmpty)
    let calls = try #require(assembly.edges.first { $0.transport == "grpc" })
    #expect(calls.traffic.messagesInPerSecond == 8)
    #expect(calls.traffic.messagesOutPerSecond == 6)
    #expect(calls.traffic.bytesOutPerSecond == 70)
    #expect(calls.traffic.bytesInPerSecond == nil)
    #expect(calls.traffic.p50ms == 12)
    #expect(calls.traffic.p99ms == nil)
  }

  @Test("what cannot be used is a gap in words and never a number")
  func gaps() {
    let assembly = Self.assemble([
      LabelledSample(labels: Self.labels(reporter: "destination"), sample: .nan),
      LabelledSample(labels: Self.labels(reporter: "destination"), sample: .unreadable("1e400")),
      Self.sample(1, Self.labels(reporter: "")), Self.sample(1, Self.labels(reporter: "martian")),
      Self.sample(1, Self.labels(reporter: "destination", ["response_code": ""])),
    ])
    #expect(assembly.edges.isEmpty)
    #expect(assembly.gaps.count == 5)
    #expect(assembly.gaps.contains { $0.contains("1e400") })
    #expect(assembly.gaps.contains { $0.contains("label was dropped") })
  }

  @Test("Mixer's labels: version instead of revision, external hosts as they are")
  func mixer() throws {
    var labels = Self.labels(reporter: "destination", ["destination_version": "v7", "source_version": "v2"])
    labels["destination_canonical_revision"] = nil
    labels["source_canonical_revision"] = nil
    let edge = try #require(Self.assemble([Self.sample(1, labels)]).edges.first)
    #expect(edge.destination.version == "v7")
    #expect(edge.source.version == "v2")
    let outside = Self.labels(
      reporter: "source",
      [
        "destination_service": "api.example.com", "destination_service_name": "", "destination_workload": "unknown",
        "destination_service_namespace": "unknown", "destination_workload_namespace": "unknown",
      ])
    #expect(Self.assemble([Self.sample(1, outside)]).edges.first?.destination.service == "api.example.com")
  }
}
