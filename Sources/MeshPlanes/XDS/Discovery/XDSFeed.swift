import MeshModel
import MeshTransport

/// What a control plane sends, kept up to date while somebody follows it and asked for anew when somebody looks.
///
/// A stream that breaks is opened again after a growing pause; what was known stays, with the reason and since when.
actor XDSFeed {
  /// All that is known of a control plane.
  struct State: Sendable {
    var resources: XDSResources
    /// Why nothing is heard now, and since when.
    var failure: Failure?
    /// Whether all that was asked for was answered, or no more answers came.
    var isSettled = false
    /// When the last answer came; `nil` before the first.
    var at: Instant?

    /// Why nothing is heard.
    struct Failure: Sendable {
      var error: MeshError
      var since: Instant
    }
  }

  /// The seconds without an answer after which what is missing counts as not coming.
  static let patience = 2.0
  /// The seconds after which a server that took the question and says nothing counts as down.
  static let silence = 15.0

  private let source: any XDSSource
  private let now: @Sendable () -> Instant
  private let clock: any TransportClock
  private(set) var state: State
  /// What came since asking began; it is what is known once it is whole.
  private var pending: XDSResources
  private var hasAnswer = false
  private var task: Task<Void, Never>?
  private var users = 0
  /// Which task is asking.
  private var round = 0
  private var answers = 0
  private var waiting: [CheckedContinuation<Void, Never>] = []
  private var followers: [Int: AsyncStream<State>.Continuation] = [:]
  private var nextFollower = 0

  init(
    _ source: any XDSSource, whole: [XDSType], clock: any TransportClock = SystemClock(),
    now: @escaping @Sendable () -> Instant
  ) {
    self.source = source
    self.clock = clock
    self.now = now
    pending = XDSResources(whole: whole)
    state = State(resources: pending)
  }

  deinit { task?.cancel() }

  /// What is known once everything asked for is answered, or nothing more comes; asked anew where nobody follows and it is
  /// older than `age` seconds.
  func current(within age: Double = 0) async -> State {
    if task == nil, age > 0, let at = state.at, state.failure == nil, now().age(of: at) < age { return state }
    begin()
    while !state.isSettled, state.failure == nil, !Task.isCancelled {
      await withTaskCancellationHandler {
        await withCheckedContinuation { waiting.append($0) }
      } onCancel: {
        Task { await self.wake() }
      }
    }
    end()
    return state
  }

  /// What is known, again whenever it changes.
  func follow() -> AsyncStream<State> {
    let number = nextFollower
    nextFollower += 1
    let (stream, continuation) = AsyncStream.makeStream(of: State.self, bufferingPolicy: .bufferingNewest(1))
    continuation.onTermination = { [weak self] _ in Task { [weak self] in await self?.unfollow(number) } }
    followers[number] = continuation
    if state.isSettled { continuation.yield(state) }
    begin()
    return stream
  }

  private func unfollow(_ number: Int) {
    guard followers.removeValue(forKey: number) != nil else { return }
    end()
  }

  /// Asks, unless that is under way.
  private func begin() {
    users += 1
    guard task == nil else { return }
    // Asked from nothing on: a server that knows of a version may have no reason to answer.
    pending = XDSResources(whole: pending.whole)
    hasAnswer = false
    state.isSettled = false
    state.failure = nil
    round += 1
    task = Task { [weak self, source, clock, round] in
      var backoff = Backoff()
      while !Task.isCancelled {
        guard let known = await self?.pending else { return }
        let error = await source.run(known) { [weak self] in await self?.take($0, round) }
        let pause = backoff.failed(at: clock.now(), random: .random(in: 0..<1))
        await self?.fail(error, round)
        try? await clock.sleep(for: pause)
      }
    }
    awaitMore()
  }

  /// Stops asking once nobody looks.
  private func end() {
    users -= 1
    guard users == 0 else { return }
    task?.cancel()
    task = nil
  }

  private func take(_ resources: XDSResources, _ round: Int) {
    guard isCurrent(round) else { return }
    pending = resources
    hasAnswer = true
    state.failure = nil
    if state.isSettled || resources.missing.isEmpty {
      settle()
    } else {
      awaitMore()
    }
  }

  /// Settles for what is known if nothing more comes for a while.
  private func awaitMore() {
    answers += 1
    let count = answers
    let patience = hasAnswer ? Self.patience : Self.silence
    Task { [weak self, clock] in
      try? await clock.sleep(for: .seconds(patience))
      await self?.losePatience(count)
    }
  }

  private func losePatience(_ count: Int) {
    guard count == answers, !state.isSettled, task != nil else { return }
    guard !hasAnswer else { return settle() }
    let words = "the control plane took the question and said nothing for \(Int(Self.silence)) s"
    fail(MeshError(.unreachable, words, remedy: "see whether it has anything for this node"), round)
  }

  private func fail(_ error: MeshError, _ round: Int) {
    guard isCurrent(round) else { return }
    state.failure = State.Failure(error: error, since: state.failure?.since ?? now())
    settle()
  }

  private func settle() {
    if state.failure == nil, hasAnswer {
      state.resources = pending
      state.at = now()
      state.isSettled = true
    } else {
      state.isSettled = false
    }
    wake()
    for follower in followers.values { follower.yield(state) }
  }

  private func wake() {
    let ready = waiting
    waiting = []
    for one in ready { one.resume() }
  }

  /// Whether what is told comes from who is asked now, and not from one that was stopped.
  private func isCurrent(_ round: Int) -> Bool { task != nil && round == self.round }
}
