public import MeshKit
public import TerminalUI

/// How the dashboard is to run.
public struct DashboardOptions: Sendable {
  /// The name of the theme; the configuration's where `nil`.
  public var theme: String?
  /// The screen to open first.
  public var screen: ScreenID
  /// How the terminal is used.
  public var terminal: TerminalOptions
  /// The clock; tests hand in their own.
  public var clock: @Sendable () -> Instant

  /// The usual way, in an environment that tells of the terminal and the editor.
  public init(
    theme: String? = nil, screen: ScreenID = .overview, terminal: TerminalOptions,
    clock: @escaping @Sendable () -> Instant = { .now }
  ) {
    self.theme = theme
    self.screen = screen
    self.terminal = terminal
    self.clock = clock
  }
}

/// Runs the dashboard on the terminal until it is left; answers the exit code.
///
/// - Throws: `ThemeError` or `KeymapError` where the configuration names what there is not, `ScreenError` where there is
///   no usable terminal; nothing has been drawn then.
public func runDashboard(deck: Deck, options: DashboardOptions) async throws -> Int32 {
  let program = try DashboardProgram(deck: deck, options: options)
  return try await TerminalRunner.run(program, options: options.terminal)
}

/// The dashboard as a program: pure but for the effects it asks for.
public struct DashboardProgram: Program {
  private let deck: Deck
  private let options: DashboardOptions
  private let first: DashboardState
  private let effects: DashboardEffects

  /// The program over a deck.
  public init(deck: Deck, options: DashboardOptions) throws {
    self.deck = deck
    self.options = options
    let theme = try ThemeFile.builtIn(options.theme ?? deck.configuration.theme)
    var keymap = Keymap(DashboardBindings.all)
    try keymap.remap(deck.configuration.keys)
    var state = DashboardState(
      now: options.clock(), theme: theme, keymap: keymap, isReadOnly: deck.configuration.readOnly)
    state.screen = options.screen
    first = state
    effects = DashboardEffects(deck: deck, clock: options.clock, environment: options.terminal.environment)
  }

  /// The first state; follows the mesh, tells the time, reads the journal.
  public func start() -> (DashboardState, [Effect<Message>]) {
    (first, [effects.follow(), effects.tick(), effects.readJournal(), effects.readIgnored()])
  }

  /// The event itself: what it stands for depends on the state.
  public func message(for event: InputEvent) -> Message? { .input(event) }

  /// Changes the state by a message.
  public func update(_ state: inout DashboardState, _ message: Message) -> [Effect<Message>] {
    Update(effects: effects).apply(message, to: &state)
  }

  /// The picture of the state.
  public func view(_ state: DashboardState, in viewport: Viewport) -> Frame {
    DashboardView.frame(state, in: viewport)
  }

  /// Of views and of the time, the newest is enough.
  public func supersedes(_ message: Message, _ earlier: Message) -> Bool {
    switch (message, earlier) {
    case (.view, .view), (.tick, .tick): true
    default: false
    }
  }

  /// Leaves in order where a write is under way, or a plan would stay that nobody confirmed.
  public func message(forSignal signal: Int32, in state: DashboardState) -> Message? {
    state.isWriting ? .leave : nil
  }

  /// The theme in use.
  public func theme(of state: DashboardState) -> Theme { state.theme }
}
