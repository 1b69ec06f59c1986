/// A program run without a terminal: tests and scripts type into it and read its screen.
///
///     let runner = HeadlessRunner(program, size: Size(width: 80, height: 24))
///     await runner.press(.char("j"), .enter)
///     try await runner.idle()
///     #expect(await runner.text().contains("reviews"))
///
/// Nothing sleeps: `idle` returns when every event and message has been handled and no effect of the kind `run` is at
/// work. Background effects are not waited for; `wait` waits for what they bring.
public actor HeadlessRunner<P: Program> {
  private let engine: Engine<P>
  private let mailbox: Mailbox<P.Message>
  private let screen: MemoryScreen
  /// The code the program ended with, once it has.
  public private(set) var exitCode: Int32?
  /// The texts the program copied to the clipboard.
  public private(set) var copied: [String] = []

  /// Starts a program.
  public init(
    _ program: P, size: Size = .standard, glyphs: GlyphSet = .unicode, depth: ColorDepth = .trueColor
  ) {
    let mailbox = Mailbox<P.Message>()
    self.mailbox = mailbox
    self.engine = Engine(program, mailbox: mailbox)
    self.screen = MemoryScreen(size: size, glyphs: glyphs, depth: depth)
  }

  /// The program's state.
  public var state: P.State { engine.state }

  /// Presses keys one after the other.
  public func press(_ keys: Key...) { press(keys) }

  /// Presses keys one after the other.
  public func press(_ keys: [Key]) {
    for key in keys { feed(.key(key)) }
  }

  /// Types the characters of a text, a line feed as Return.
  public func type(_ text: String) {
    for character in text { feed(.key(character == "\n" ? .enter : .char(character))) }
  }

  /// Hands the program an input event.
  public func feed(_ event: InputEvent) {
    guard exitCode == nil else { return }
    if case .resize(let size) = event { screen.size = size }
    engine.handle(event)
    pump()
  }

  /// Feeds bytes as a terminal would send them.
  public func feed(bytes: [UInt8]) {
    var decoder = InputDecoder()
    for event in decoder.feed(bytes) + decoder.flush() { feed(event) }
  }

  /// Sends a message.
  public func send(_ message: P.Message) {
    guard exitCode == nil else { return }
    engine.update(message)
    pump()
  }

  /// Waits until nothing is left to do but background work.
  public func idle(timeout: Duration = .seconds(300)) async throws(HeadlessTimeout) {
    try await wait(timeout: timeout, what: "idle") { _, isIdle in isIdle }
  }

  /// Waits until the state fulfils a condition.
  public func wait(
    timeout: Duration = .seconds(300), for condition: @Sendable (P.State) -> Bool
  ) async throws(HeadlessTimeout) {
    try await wait(timeout: timeout, what: "the state") { state, _ in condition(state) }
  }

  /// Waits until the screen shows a text.
  public func wait(timeout: Duration = .seconds(300), text: String) async throws(HeadlessTimeout) {
    try await wait(timeout: timeout, what: "the text \"\(text)\"") { [self] _, _ in picture().text().contains(text) }
  }

  /// The screen as text.
  public func text() -> String { picture().text() }

  /// The screen as text with style marks.
  public func styledText() -> String { picture().styledText() }

  /// The screen as a frame.
  public func picture() -> Frame {
    pump()
    let theme = engine.program.theme(of: engine.state)
    screen.show(engine.program.view(engine.state, in: screen.viewport(theme: theme)), theme: theme)
    return screen.frame
  }

  /// Cancels the program's work and waits for its end.
  public func stop() async {
    for task in engine.shutdown() { await task.value }
  }

  private func wait(
    timeout: Duration, what: String, until condition: (P.State, Bool) -> Bool
  ) async throws(HeadlessTimeout) {
    let deadline = ContinuousClock.now.advanced(by: timeout)
    let mailbox = mailbox
    let alarm = Task.detached {
      try? await Task.sleep(until: deadline, clock: .continuous)
      mailbox.nudge()
    }
    defer { alarm.cancel() }
    while true {
      // Counted before it is looked: what arrives in between is looked at too.
      let version = mailbox.status.version
      pump()
      let isIdle = mailbox.status.isIdle
      if condition(engine.state, isIdle) || (isIdle && exitCode != nil && what == "idle") { return }
      if ContinuousClock.now >= deadline { throw HeadlessTimeout(what: what, screen: picture().text()) }
      await mailbox.changes(after: version)
    }
  }

  /// Handles what arrived and what the program asks of its host.
  private func pump() {
    repeat {
      engine.drain()
      for request in engine.takeRequests() {
        switch request {
        case .copy(let text): copied.append(text)
        case .quit(let code): exitCode = exitCode ?? code
        case .release(let work):
          let mailbox = mailbox
          mailbox.begin()
          Task.detached {
            if let message = await work() { mailbox.post(message) }
            mailbox.end(task: 0, counted: true)
          }
        case .run, .background, .cancel, .suspend, .redraw, .bell: break
        }
      }
    } while engine.drain()
  }
}

/// A program that did not come to what was waited for.
public struct HeadlessTimeout: Error, Sendable, CustomStringConvertible {
  /// What was waited for.
  public let what: String
  /// The screen at the end.
  public let screen: String

  /// What was waited for, and the screen at the end.
  public var description: String { "waited in vain for \(what); the screen was:\n\(screen)" }
}
