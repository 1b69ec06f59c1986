import MeshModel
import Synchronization

/// What the replicas of istiod last said of their proxies.
final class SyncMemo: Sendable {
  /// One replica's answer: its proxies in the order it named them.
  struct Answer: Sendable {
    var states: DigestedAnswer<ProxyState>
    /// The generation of the configuration the proxies' workloads were found in.
    var generation: Int
  }

  /// How long the answer of a replica is kept that gives no other: it may be gone.
  private static let lifetime = Duration.seconds(600)

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
