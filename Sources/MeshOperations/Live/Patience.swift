import MeshModel
import MeshPlanes

/// How long a plane that says nothing at all may keep those waiting who asked several planes at once.
///
/// The wait begins when another plane has told everything: a plane that answers, however slowly, is waited for, and one
/// plane alone is too. It begins anew when the operator has answered what a credential plugin asked.
actor Patience {
  private let limit: Duration
  private var heard: Set<PlaneName> = []
  private var firstEnd: ContinuousClock.Instant?
  /// Whether the operator is being asked something now.
  private let isAsking: @Sendable () async -> Bool

  /// Creates a patience of so many seconds.
  init(seconds: Double, isAsking: @escaping @Sendable () async -> Bool = { await TerminalTurn.shared.isTaken }) {
    limit = .seconds(seconds)
    self.isAsking = isAsking
  }

  /// A plane said something.
  func hears(_ plane: PlaneName) { heard.insert(plane) }

  /// A plane told everything.
  func ends(_ plane: PlaneName) {
    heard.insert(plane)
    firstEnd = firstEnd ?? .now
  }

  /// Whether a plane that said nothing is no longer waited for.
  func isLost(with plane: PlaneName) async -> Bool {
    if firstEnd != nil, await isAsking() { firstEnd = ContinuousClock.now }
    guard !heard.contains(plane), let firstEnd else { return false }
    return firstEnd.duration(to: .now) >= limit
  }

  /// Does work, and gives it up once a question, asked again and again, is answered with yes.
  ///
  /// - Returns: Whether it was given up.
  static func work(
    unless isLost: @escaping @Sendable () async -> Bool, _ work: @escaping @Sendable () async -> Void
  ) async -> Bool {
    await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        await work()
        return false
      }
      group.addTask {
        while !Task.isCancelled {
          if await isLost() { return true }
          try? await Task.sleep(for: .milliseconds(50))
        }
        return false
      }
      let isGivenUp = await group.next() ?? false
      group.cancelAll()
      return isGivenUp
    }
  }

  /// What is said of a plane that was given up.
  nonisolated func failure(of plane: PlaneName) -> MeshError {
    MeshError(
      .unreachable, "it said nothing for \(Figures.duration(limit / .seconds(1))) after another plane had answered",
      plane: plane,
      remedy: "ask it alone, with -p \(plane), to wait for it; see `meshdeck planes check`")
  }
}
