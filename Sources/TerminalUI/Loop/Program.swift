/// A program for a terminal: a state, messages that change it, and a picture of it. All of it is pure.
///
/// A runner owns the state, hands each input event to `message(for:)`, each message to `update`, runs the effects it
/// answers off the terminal's thread, and draws `view` when something changed.
public protocol Program: Sendable {
  /// What the program knows.
  associatedtype State: Sendable
  /// What can happen to it.
  associatedtype Message: Sendable

  /// The first state and the effects to begin with.
  func start() -> (State, [Effect<Message>])

  /// The message an input event stands for; nil ignores it. To be stopped from outside (SIGTSTP) comes as Ctrl-Z does.
  func message(for event: InputEvent) -> Message?

  /// Changes the state and answers what is to be done outside of it.
  func update(_ state: inout State, _ message: Message) -> [Effect<Message>]

  /// The picture of the state.
  func view(_ state: State, in viewport: Viewport) -> Frame

  /// The theme to draw in; asked before each frame.
  func theme(of state: State) -> Theme

  /// Whether a message makes an earlier one needless that the program did not come to yet, as where the terminal is slow
  /// or stopped: so that what comes again and again does not pile up.
  func supersedes(_ message: Message, _ earlier: Message) -> Bool

  /// The message to send before a signal or a hang-up ends the program, to close what must be closed; nil ends it at
  /// once. It is waited for until no effect of the kind `run` is at work, half a minute at most.
  func message(forSignal signal: Int32, in state: State) -> Message?
}

extension Program {
  /// The plain theme.
  public func theme(of state: State) -> Theme { .plain }
  /// Every message counts.
  public func supersedes(_ message: Message, _ earlier: Message) -> Bool { false }
  /// No message: a signal ends the program.
  public func message(forSignal signal: Int32, in state: State) -> Message? { nil }
}

/// Sends messages to a running program from anywhere.
public typealias Send<Message> = @Sendable (Message) -> Void

/// Something to be done outside a program's state.
public enum Effect<Message: Sendable>: Sendable {
  /// Work off the terminal's thread, which may send messages while it runs. A test waits for it to finish.
  /// An `id` allows it to be cancelled; a second effect of the same id cancels the first.
  case run(id: String? = nil, @Sendable (@escaping Send<Message>) async -> Void)
  /// Work that goes on for the program's life, such as a watch or a clock. A test does not wait for it.
  case background(id: String, @Sendable (@escaping Send<Message>) async -> Void)
  /// Cancels the work of an id.
  case cancel(id: String)
  /// Gives the terminal back while another program uses it, such as an editor, and takes it again afterwards.
  case release(@Sendable () async -> Message?)
  /// Copies text to the clipboard by OSC 52, at the operator's request only.
  case copy(String)
  /// Stops the program as Ctrl-Z does.
  case suspend
  /// Draws everything anew, as Ctrl-L does.
  case redraw
  /// Sounds the bell.
  case bell
  /// Ends the program with an exit code.
  case quit(code: Int32 = 0)
}
