import MeshTransport
import Testing

@Suite struct RetryPolicyTests {
  @Test func spansDoubleFrom800MillisecondsTo30Seconds() {
    let policy = RetryPolicy()
    let spans = (1...8).map { policy.pause(failures: $0, random: 1) }
    #expect(
      spans == [
        .milliseconds(800), .milliseconds(1600), .milliseconds(3200), .milliseconds(6400), .milliseconds(12_800),
        .milliseconds(25_600), .seconds(30), .seconds(30),
      ])
    #expect(policy.pause(failures: 5, random: 0) == .zero)
    #expect(policy.pause(failures: .max, random: 1) == .seconds(30))
  }

  @Test func twoHealthyMinutesForgetTheFailures() {
    var backoff = Backoff()
    var now = Duration.zero
    for _ in 0..<6 {
      let pause = backoff.failed(at: now, random: 1)
      now += pause
    }
    backoff.succeeded(at: now)
    #expect(backoff.failed(at: now + .seconds(119), random: 1) == .seconds(30))
    backoff.succeeded(at: now + .seconds(120))
    #expect(backoff.failed(at: now + .seconds(241), random: 1) == .milliseconds(800))
  }

  @Test func tenMinutesOfFailureCostAtMostSixtyRequestsAndRecoveryTakesAMinute() {
    var random = SplitMix(state: 7)
    for _ in 0..<200 {
      var backoff = Backoff()
      var now = Duration.zero
      var requests = 0
      while now < .seconds(600) {
        requests += 1
        now += backoff.failed(at: now, random: random.unit())
      }
      #expect(requests <= 60)
      #expect(now - .seconds(600) <= .seconds(60))
    }
  }

  @Test func aThousandClientsDoNotReturnTogether() {
    var random = SplitMix(state: 11)
    var buckets: [Int: Int] = [:]
    var total = 0
    for _ in 0..<1000 {
      var backoff = Backoff()
      var now = Duration.zero
      while true {
        now += backoff.failed(at: now, random: random.unit())
        guard now < .seconds(600) else { break }
        let (seconds, attoseconds) = now.components
        buckets[Int(seconds) * 10 + Int(attoseconds / 100_000_000_000_000_000), default: 0] += 1
        total += 1
      }
    }
    #expect(Double(buckets.values.max() ?? 0) <= 0.05 * Double(total))
    #expect(Double(total) / 1000 / 600 <= 0.3)
  }
}

/// Reproducible random numbers.
struct SplitMix {
  var state: UInt64

  mutating func unit() -> Double {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    mixed ^= mixed >> 31
    return Double(mixed >> 11) / 9_007_199_254_740_992
  }
}
