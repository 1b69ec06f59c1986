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
    let sum = TrafficSum([])
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
      ])
    #expect(sum.rps == 400)
    #expect(sum.errorsPerSecond == 10)
    #expect(sum.errorRate == 0.025)
    #expect(sum.p99ms == 80)
    #expect(sum.mtlsShare == 0.625)
    #expect(sum.bytesPerSecond == 512)
    #expect(sum.n == 400)
  }

  @Test func latenciesOfSeveralFlowsAreABound() {
    let one = TrafficSum([Self.flow([.success: 1], p99: 50, n: 60), Self.flow([.success: 1], n: 60)])
    #expect(!one.isLatencyBound)
    #expect(Figures.latency(one) == "50ms")
    let two = TrafficSum(
      [Self.flow([.success: 99], p99: 50, n: 5940), Self.flow([.success: 0.1], p99: 900, n: 6)])
    #expect(two.isLatencyBound)
    #expect(Figures.latency(two) == "≤900ms")
    #expect(Figures.latency(two, \.p50ms) == "–")
    #expect(abs((two.weightedP99ms ?? 0) - 50.9) < 0.1, "six requests weigh little")
    let many = TrafficSum(Array(repeating: Self.flow([.success: 1], p99: 500, n: 15), count: 10))
    #expect(many.weightedP99ms == 500, "many small callers are enough together")
    #expect(TrafficSum([Self.flow([.success: 0.1], p99: 900, n: 6)]).weightedP99ms == nil)
  }

  @Test func whatTheServerFailedIsAnErrorAndWhatTheClientAskedWronglyIsNone() throws {
    let flow = Self.flow([.success: 3, .clientError: 4, .serverError: 1, .grpcError: 1, .noResponse: 1])
    #expect(abs(try #require(TrafficSum([flow]).errorRate) - 0.3) < 1e-9)
  }

  @Test func messagesOfGRPCAreCountedBothWays() {
    func flow(_ sent: Double?, _ received: Double?) -> Traffic {
      Traffic(messagesInPerSecond: sent, messagesOutPerSecond: received, window: 60, at: Instant(seconds: 0))
    }
    #expect(TrafficSum([flow(8, 6), flow(nil, 1), flow(nil, nil)]).messagesPerSecond == 15)
    #expect(TrafficSum([flow(nil, nil)]).messagesPerSecond == nil)
  }

  /// A flow of connections has no requests to weigh it with, and its mTLS share counts all the same.
  @Test func connectionsHaveAShareOfMTLSToo() {
    #expect(TrafficSum([Self.flow([:], bytes: 10, mtls: 1)]).mtlsShare == 1)
  }

  @Test func connectionsAreWeighedByTheirNumberElseByTheirBytes() {
    let counted = [
      Self.flow([:], bytes: 200, mtls: 1, n: 60), Self.flow([:], bytes: 200, mtls: 1, n: 36),
      Self.flow([:], bytes: 100, mtls: 0, n: 4),
    ]
    #expect(TrafficSum(counted).mtlsShare == 0.96)
    let lasting = [Self.flow([:], bytes: 300, mtls: 1), Self.flow([:], bytes: 100, mtls: 0)]
    #expect(TrafficSum(lasting).mtlsShare == 0.75, "none was opened in the window")
    #expect(TrafficSum([Self.flow([.success: 9], mtls: 1, n: 540), counted[2]]).mtlsShare == 540.0 / 544)
  }
}
