import MeshModel
import Synchronization

/// Where the pods of istiod were last found: two of 50,000 are not looked for at every question.
final class ReplicaMemo: Sendable {
  private struct Finding {
    var namespace: String
    var pods: [ObjectRef]
    var at: ContinuousClock.Instant
  }

  /// How long other replicas may go unnoticed.
  private static let lifetime = Duration.seconds(30)

  private let finding = Mutex<Finding?>(nil)

  /// The names of the pods found in a namespace not long ago, where all of them are still ready; `nil` where they are to be
  /// looked for.
  func pods(of namespace: String, in snapshot: MeshSnapshot) -> [String]? {
    guard let last = finding.withLock({ $0 }), last.namespace == namespace, !last.pods.isEmpty,
      last.at.duration(to: .now) < Self.lifetime,
      last.pods.allSatisfy({ snapshot.endpoints[$0]?.isReady == true })
    else { return nil }
    return last.pods.map(\.name)
  }

  /// Keeps what was found in a namespace.
  func keep(_ pods: [ObjectRef], of namespace: String) {
    finding.withLock { $0 = Finding(namespace: namespace, pods: pods, at: .now) }
  }
}
