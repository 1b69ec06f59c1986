import MeshModel
import MeshTransport

/// The changes of a plane that has no change feed: everything is read again and again.
enum PolledChanges {
  /// Readings one after another until the stream is cancelled; trouble is told as a `.feed` change of a kind.
  ///
  /// A plane so large that reading it takes long is read less often, so that its server is not asked without end.
  static func stream(
    plane: PlaneName, kind: ObjectKind, interval: Duration, clock: any TransportClock,
    read: @escaping @Sendable () async throws(MeshError) -> [MeshChange]
  ) -> AsyncStream<[MeshChange]> {
    AsyncStream { continuation in
      let task = Task {
        var backoff = Backoff()
        var hasRead = false
        while !Task.isCancelled {
          var pause = interval
          let begun = clock.now()
          do throws(MeshError) {
            continuation.yield(try await read())
            pause = max(interval, min((clock.now() - begun) * 10, .seconds(300)))
            backoff.succeeded(at: clock.now())
            hasRead = true
          } catch {
            let now = Instant(seconds: Double(clock.wallSeconds()))
            let state: FeedState =
              error.code == .forbidden && !hasRead ? .refused(error.message) : .stale(error.description, now)
            continuation.yield([.feed(MeshSnapshot.FeedKey(plane: plane, kind: kind), state)])
            pause = max(.seconds(1), backoff.failed(at: clock.now(), random: Double.random(in: 0..<1)))
          }
          do { try await clock.sleep(for: pause) } catch { break }
        }
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }
}

extension FeedState {
  /// How a kind is being read that the server did not give: it has no such kind, or does not let us.
  init(gap: MeshError) { self = gap.code == .notFound ? .absent(gap.message) : .refused(gap.message) }
}
