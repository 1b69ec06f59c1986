import MeshModel
import Synchronization

/// A limit of time on an asynchronous question.
enum TimeLimit {
  /// The answer, or an `.unreachable` error once the time is up; the question is cancelled then.
  ///
  /// - Parameters:
  ///   - seconds: How long nothing may be heard.
  ///   - total: How long an answer may take that is heard of all the while; `nil` for no longer than one that is not.
  ///   - body: Asks, and calls what it is given whenever something is heard.
  static func within<Value: Sendable>(
    seconds: Double, total: Double? = nil, what: String,
    _ body: @escaping @Sendable (_ heard: @escaping @Sendable () -> Void) async throws(MeshError) -> Value
  ) async throws(MeshError) -> Value {
    let last = LastHeard()
    let result = await withTaskGroup(of: Result<Value, MeshError>.self) { group in
      group.addTask {
        do throws(MeshError) { return .success(try await body { last.note() }) } catch { return .failure(error) }
      }
      group.addTask {
        let total = Duration.seconds(total ?? seconds)
        let begun = ContinuousClock.now
        while true {
          let left = min(Duration.seconds(seconds) - last.age, total - begun.duration(to: .now))
          guard left > .zero, !Task.isCancelled else { break }
          try? await Task.sleep(for: left)
        }
        let isSilent = last.age >= .seconds(seconds)
        let limit = isSilent ? seconds : total / .seconds(1)
        return .failure(
          MeshError(
            .unreachable, "\(what) gave no \(isSilent ? "" : "whole ")answer in \(Int(exactly: limit) ?? 0) s"))
      }
      let first = await group.next()
      group.cancelAll()
      return first
    }
    return try (result ?? .failure(MeshError(.cancelled, "\(what) was not asked"))).get()
  }

  private final class LastHeard: Sendable {
    private let at = Mutex(ContinuousClock.now)

    var age: Duration { at.withLock { $0 }.duration(to: .now) }

    func note() { at.withLock { $0 = .now } }
  }
}
