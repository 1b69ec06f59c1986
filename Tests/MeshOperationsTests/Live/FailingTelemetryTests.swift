import MeshModel
import MeshPlanes
import MeshTelemetry
import Synchronization
import Testing

@testable import MeshOperations

/// A source of measurements that answered and then no longer does.
@Suite struct FailingTelemetryTests {
  private struct StillPlane: QuietPlane {
    var plane: Plane { Plane(name: "east", kind: .kubernetes, address: "memory") }

    func changes() -> AsyncStream<[MeshChange]> { AsyncStream { $0.finish() } }

    func read(
      _ kinds: Set<ObjectKind>?, namespace: String?, _ receive: @escaping @Sendable ([MeshChange]) async -> Void
    ) async throws(MeshError) {}
  }

  /// Answers with reports that are so many seconds old; fails for `nil`, and once there are no more.
  private final class Failing: TelemetrySource {
    let description = "test"
    let isNamed: Bool
    private let ages: Mutex<[Double?]>

    init(ages: [Double?], isNamed: Bool = true) {
      self.ages = Mutex(ages)
      self.isNamed = isNamed
    }

    func check() async throws(MeshError) -> String? { "2.53" }

    func traffic(window: Double, plane: PlaneName) async throws(MeshError) -> TrafficReport {
      guard let age = ages.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else {
        throw MeshError(.unreachable, "connection refused", remedy: "start it")
      }
      return TrafficReport(
        edges: [], queries: [], window: window, at: Instant(seconds: Instant.now.seconds - age))
    }

    func history(of flow: FlowSelector, span: Double, step: Double) async throws(MeshError) -> TrafficHistory {
      TrafficHistory(points: [], step: step, queries: [])
    }

    func reasonForNoData(of flow: FlowSelector, window: Double) async throws(MeshError) -> String { "" }
  }

  private static func connection(_ source: (any TelemetrySource)?) -> PlaneConnection {
    PlaneConnection(name: "east", control: StillPlane(), telemetry: source)
  }

  @Test func aFailureAfterASuccessIsToldBesideTheNumbers() async throws {
    let mesh = LiveMesh([Self.connection(Failing(ages: [0]))])
    await mesh.measure()
    #expect(await mesh.current().trafficGap(on: "east") == nil)
    await mesh.measure()
    let view = await mesh.current()
    #expect(view.traffic(on: "east").value != nil, "what was measured stays for a while")
    #expect(view.measuringFailures == ["east": "connection refused"])
    #expect(view.trafficGap(on: "east") == "the last measurement failed: connection refused")
    #expect(view.topology().gap == "east: the last measurement failed: connection refused")
  }

  @Test func numbersThatAreTooOldAreGone() async throws {
    let mesh = LiveMesh([Self.connection(Failing(ages: [MeshView.oldestMeasurement + 1]))])
    await mesh.measure()
    await mesh.measure()
    let view = await mesh.current()
    #expect(view.traffic(on: "east").reason == "connection refused")
    #expect(view.measuringFailures.isEmpty)
  }

  @Test func aMeasurementThatWorksAgainForgetsTheFailure() async throws {
    let mesh = LiveMesh([Self.connection(Failing(ages: [0, nil, 0]))])
    for _ in 0..<3 { await mesh.measure() }
    #expect(await mesh.current().measuringFailures.isEmpty)
    #expect(await mesh.current().trafficGap(on: "east") == nil)
  }

  @Test func theCheckOfAPlaneAsksItsSource() async {
    let works = await Self.connection(Failing(ages: [0])).checkTelemetry()
    #expect(works.result == .ok)
    #expect(works.detail == "test, version 2.53, 0 flows")
    let fails = await Self.connection(Failing(ages: [])).checkTelemetry()
    #expect(fails.result == .failed && fails.detail == "connection refused" && fails.remedy == "start it")
    let found = await Self.connection(Failing(ages: [], isNamed: false)).checkTelemetry()
    #expect(found.result == .warning, "what nobody named fails no check")
    let none = await Self.connection(nil).checkTelemetry()
    #expect(none.result == .skipped && none.detail == "no telemetry source")
  }

  @Test func measurementsPauseForTheirWorkAndNeverForMostOfTheWindow() async {
    let mesh = LiveMesh([], window: 60, interval: 5)
    #expect(await mesh.pause(afterMeasuring: 0, work: 0, needsTwo: true) == .seconds(5))
    #expect(await mesh.pause(afterMeasuring: 0, work: 0.02, needsTwo: true) == .seconds(10))
    #expect(await mesh.pause(afterMeasuring: 5_500, work: 0, needsTwo: true) == .seconds(11))
    for (flows, work) in [(0, 1.0), (50_000, 0)] {
      #expect(await mesh.pause(afterMeasuring: flows, work: work, needsTwo: true) == .seconds(27))
      #expect(await mesh.pause(afterMeasuring: flows, work: work, needsTwo: false) == .seconds(60))
    }
    #expect(await mesh.pause(afterReading: 50_000) == .seconds(60))
  }
}
