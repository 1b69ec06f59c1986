import Synchronization

/// The messages on their way to a program, and the count of work that may still send some.
final class Mailbox<Message: Sendable>: Sendable {
  private struct Contents {
    var messages: [Message] = []
    var active = 0
    var finished: [UInt64] = []
    var version: UInt64 = 0
    var isClosed = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let contents = Mutex(Contents())
  private let wake: @Sendable () -> Void

  /// A mailbox that calls `wake`, from any thread, when something arrived or some work ended.
  init(wake: @escaping @Sendable () -> Void = {}) { self.wake = wake }

  /// Adds a message; a closed mailbox drops it. Those still waiting that it makes needless are dropped.
  func post(_ message: Message, replacing isNeedless: (Message) -> Bool = { _ in false }) {
    change { contents in
      guard !contents.isClosed else { return }
      contents.messages.removeAll(where: isNeedless)
      contents.messages.append(message)
    }
  }

  /// Counts a piece of work that idleness waits for.
  func begin() { contents.withLock { $0.active += 1 } }

  /// Notes that the work of a task ended.
  func end(task: UInt64, counted: Bool) {
    change {
      if counted { $0.active -= 1 }
      $0.finished.append(task)
    }
  }

  /// Takes what arrived.
  func take() -> (messages: [Message], finished: [UInt64]) {
    contents.withLock { contents in
      defer {
        contents.messages = []
        contents.finished = []
      }
      return (contents.messages, contents.finished)
    }
  }

  /// Drops what arrives from now on.
  func close() { change { $0.isClosed = true } }

  /// Lets those who wait look again.
  func nudge() { change { _ in } }

  /// Whether nothing is on its way, and the number of changes so far.
  var status: (isIdle: Bool, version: UInt64) {
    contents.withLock { ($0.messages.isEmpty && $0.active == 0, $0.version) }
  }

  /// Waits until there were more changes than `version`.
  func changes(after version: UInt64) async {
    await withCheckedContinuation { continuation in
      let isOver = contents.withLock { contents in
        if contents.version > version { return true }
        contents.waiters.append(continuation)
        return false
      }
      if isOver { continuation.resume() }
    }
  }

  private func change(_ body: (inout Contents) -> Void) {
    let waiters = contents.withLock { contents in
      body(&contents)
      contents.version += 1
      defer { contents.waiters = [] }
      return contents.waiters
    }
    for waiter in waiters { waiter.resume() }
    wake()
  }
}
