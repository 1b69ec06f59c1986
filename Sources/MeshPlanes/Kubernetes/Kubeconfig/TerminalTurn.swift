/// The turns of credential plugins at the terminal: one at a time has it, so that no answer is read by another.
public actor TerminalTurn {
  /// The turns at the terminal of this process.
  public static let shared = TerminalTurn()

  /// Whether a plugin has the terminal now.
  public private(set) var isTaken = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// Nobody has it yet.
  init() {}

  /// Waits until nobody else has the terminal, and takes it.
  func take() async {
    guard isTaken else {
      isTaken = true
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  /// Hands the terminal to who waited longest.
  func giveBack() {
    if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
  }
}
