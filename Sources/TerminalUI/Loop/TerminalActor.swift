/// The actor of the terminal: all drawing and reading happens on its one thread, which sleeps in `poll` between jobs.
@globalActor
public actor TerminalActor {
  /// The one instance.
  public static let shared = TerminalActor()

  /// The executor of the terminal's thread.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { TerminalThread.shared.asUnownedSerialExecutor() }
}
