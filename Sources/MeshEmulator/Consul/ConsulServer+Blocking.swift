import MeshModel

extension ConsulServer {
  /// A read as Consul answers it: at once, or with `index=` when there is something newer or the wait is over.
  ///
  /// Source: "Blocking queries" in the HTTP API documentation: the wait is five minutes unless said, ten at most, and up to
  /// a sixteenth longer.
  func blocking(
    _ request: PlainRequest, index: () -> Int, _ read: () throws(ConsulFailure) -> JSONValue
  ) async throws(ConsulFailure) -> PlainAnswer {
    if let text = request["index"], let known = Int(text), known > 0 {
      let wait = try Self.wait(request["wait"])
      let deadline = ContinuousClock.now.advanced(by: .seconds(wait))
      while index() <= known, !Task.isCancelled {
        let revision = estate.store.resourceVersion
        let left = ContinuousClock.now.duration(to: deadline)
        guard index() <= known, left > .zero else { break }
        await estate.waitForChange(after: revision, atMost: left / .seconds(1))
      }
    }
    let current = max(1, index())
    do throws(ConsulFailure) {
      return Self.indexed(.json(try read()), current)
    } catch {
      return Self.indexed(.text(error.message, status: error.status), current)
    }
  }

  private static func indexed(_ answer: PlainAnswer, _ index: Int) -> PlainAnswer {
    var answer = answer
    answer.headers += [
      ("X-Consul-Index", String(index)), ("X-Consul-KnownLeader", "true"), ("X-Consul-LastContact", "0"),
      ("X-Consul-Effective-Consistency", "leader"), ("X-Consul-Default-Acl-Policy", "allow"),
    ]
    return answer
  }

  private static func wait(_ text: String?) throws(ConsulFailure) -> Double {
    guard let text, !text.isEmpty else { return 300 }
    guard let milliseconds = Duration.milliseconds(text) else {
      throw ConsulFailure(400, "Invalid wait time: time: invalid duration \"\(text)\"")
    }
    return min(600, milliseconds / 1_000)
  }
}
