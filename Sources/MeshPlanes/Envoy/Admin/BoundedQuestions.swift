import MeshModel

/// Questions to many proxies, some at a time, and for no longer than a screen is waited for.
enum BoundedQuestions {
  /// The most proxies asked at once.
  static let parallel = 16
  /// The seconds after which no further proxy is asked.
  static let budget = 8.0

  /// What each proxy answers; one that was not asked in time says so.
  static func answers<Value: Sendable>(
    of proxies: [ObjectRef], _ ask: @escaping @Sendable (ObjectRef) async -> Known<Value>
  ) async -> [ObjectRef: Known<Value>] {
    let clock = ContinuousClock()
    let end = clock.now.advanced(by: .seconds(budget))
    var waiting = proxies[...]
    var result: [ObjectRef: Known<Value>] = [:]
    await withTaskGroup(of: (ObjectRef, Known<Value>).self) { group in
      for proxy in waiting.prefix(parallel) { group.addTask { (proxy, await ask(proxy)) } }
      waiting = waiting.dropFirst(parallel)
      while let (proxy, known) = await group.next() {
        result[proxy] = known
        if clock.now < end, !Task.isCancelled, let next = waiting.popFirst() {
          group.addTask { (next, await ask(next)) }
        }
      }
    }
    for proxy in waiting {
      result[proxy] = .unknown("not asked: the others took all of the \(Int(budget)) s there are for it")
    }
    return result
  }
}
