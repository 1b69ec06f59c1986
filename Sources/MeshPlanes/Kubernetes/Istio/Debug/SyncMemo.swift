import MeshModel
import Synchronization

/// What the replicas of istiod last said of their proxies.
final class SyncMemo: Sendable {
  /// One replica's answer: its proxies in the order it named them, each with the digest of its bytes.
  struct Answer: Sendable {
    var digests: [ByteDigest]
    var states: [ProxyState]
    /// The generation of the configuration the proxies' workloads were found in.
    var generation: Int

    /// How many that went away in a row are passed over in search of the next.
    private static let reach = 8

    /// The place of a proxy's bytes, at the one expected or a few behind it.
    func place(of digest: ByteDigest, from expected: Int) -> Int? {
      guard expected < digests.count else { return nil }
      return digests[expected..<min(expected + Self.reach, digests.count)].firstIndex(of: digest)
    }
  }

  /// How long the answer of a replica is kept that gives no other: it may be gone.
  private static let lifetime = Duration.seconds(600)

  let digester = ByteDigester()
  private let answers = Mutex<[String: (answer: Answer, at: ContinuousClock.Instant)]>([:])

  /// The last answer of a replica.
  func answer(of replica: String) -> Answer? { answers.withLock { $0[replica]?.answer } }

  /// Keeps the answer of a replica.
  func keep(_ answer: Answer, of replica: String) {
    let now = ContinuousClock.now
    answers.withLock { answers in
      answers[replica] = (answer, now)
      answers = answers.filter { $0.value.at.duration(to: now) < Self.lifetime }
    }
  }
}
