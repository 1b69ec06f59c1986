import MeshModel

/// A limit of time on an asynchronous question.
enum TimeLimit {
  /// The answer, or an `.unreachable` error once the time is up; the question is cancelled then.
  static func within<Value: Sendable>(
    seconds: Double, what: String, _ body: @escaping @Sendable () async throws(MeshError) -> Value
  ) async throws(MeshError) -> Value {
    let result = await withTaskGroup(of: Result<Value, MeshError>.self) { group in
      group.addTask {
        do throws(MeshError) { return .success(try await body()) } catch { return .failure(error) }
      }
      group.addTask {
        try? await Task.sleep(for: .seconds(seconds))
        return .failure(MeshError(.unreachable, "\(what) gave no answer in \(Int(exactly: seconds) ?? 0) s"))
      }
      let first = await group.next()
      group.cancelAll()
      return first
    }
    return try (result ?? .failure(MeshError(.cancelled, "\(what) was not asked"))).get()
  }
}
