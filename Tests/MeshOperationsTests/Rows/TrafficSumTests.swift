import MeshModel
import Testing

@testable import MeshOperations

@Suite struct TrafficSumTests {
  static func flow(
    _ rates: [Traffic.ResponseClass: Double], p99: Double? = nil, bytes: Double? = nil, mtls: Double? = nil,
    n: Double = 0
  ) -> Traffic {
    Traffic(
      rates: rates, p99ms: p99, bytesInPerSecond: bytes, mtlsShare: mtls, n: n, window: 60, at: Instant(seconds: 0))
  }

  @Test func nothingIsKnownOfNoFlow() {
    let sum = TrafficSum([], errors: .server)
    #expect(sum == TrafficSum([], errors: .all))
    #expect(sum.rps == 0)
    #expect(sum.errorRate == nil)
    #expect(sum.p99ms == nil)
    #expect(sum.mtlsShare == nil)
    #expect(sum.bytesPerSecond == nil)
  }

  @Test func ratesAddUpAndSharesAreWeighted() {
    let sum = TrafficSum(
      [
        Self.flow([.success: 90, .serverError: 10], p99: 50, mtls: 1, n: 100),
        Self.flow([.success: 300], p99: 80, mtls: 0.5, n: 300),
        Self.flow([:], bytes: 512),
      ], errors: .server)
    #expect(sum.rps == 400)
    #expect(sum.errorsPerSecond == 10)
    #expect(sum.errorRate == 0.025)
    #expect(sum.p99ms == 80)
    #expect(sum.mtlsShare == 0.625)
    #expect(sum.bytesPerSecond == 512)
    #expect(sum.n == 400)
  }

  @Test func latenciesOfSeveralFlowsAreABound() {
    let one = TrafficSum([Self.flow([.success: 1], p99: 50, n: 60), Self.flow([.success: 1], n: 60)], errors: .server)
    #expect(!one.isLatencyBound)
    #expect(Figures.latency(one) == "50ms")
    let two = TrafficSum(
      [Self.flow([.success: 99], p99: 50, n: 5940), Self.flow([.success: 0.1], p99: 900, n: 6)], errors: .server)
    #expect(two.isLatencyBound)
    #expect(Figures.latency(two) == "≤900ms")
    #expect(Figures.latency(two, \.p50ms) == "–")
    #expect(two.weightedP99ms == 50, "six requests have no 99th percentile")
    #expect(TrafficSum([Self.flow([.success: 0.1], p99: 900, n: 6)], errors: .server).weightedP99ms == nil)
  }

  @Test(arguments: [(Traffic.ErrorDefinition.server, 0.3), (.all, 0.7), (.only5xx, 0.1)])
  func anErrorIsWhatTheDefinitionSays(definition: Traffic.ErrorDefinition, rate: Double) throws {
    let flow = Self.flow([.success: 3, .clientError: 4, .serverError: 1, .grpcError: 1, .noResponse: 1])
    #expect(abs(try #require(TrafficSum([flow], errors: definition).errorRate) - rate) < 1e-9)
  }

  /// A flow of connections has no requests to weigh it with, and its mTLS share counts all the same.
  @Test func connectionsHaveAShareOfMTLSToo() {
    #expect(TrafficSum([Self.flow([:], bytes: 10, mtls: 1)], errors: .server).mtlsShare == 1)
  }
}
