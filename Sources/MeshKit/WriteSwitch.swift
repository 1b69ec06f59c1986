import Synchronization

/// Whether a session refuses to write, shared by the copies of a deck.
final class WriteSwitch: Sendable {
  private let state = Mutex(false)

  /// Whether nothing is written now.
  var isRefusing: Bool {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }
}
