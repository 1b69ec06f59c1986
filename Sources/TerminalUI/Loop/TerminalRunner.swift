import CNCurses

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Runs programs on the terminal.
public enum TerminalRunner {
  /// Runs a program until it quits and answers its exit code.
  ///
  /// A frame is drawn when something changed, at most 30 a second, and within 16 ms of a key. A signal that ends the
  /// process restores the terminal first, then lets the program close what it must, then ends the process as that
  /// signal would.
  ///
  /// - Throws: `ScreenError` where there is no usable terminal; nothing has been drawn then.
  @TerminalActor
  public static func run<P: Program>(_ program: P, options: TerminalOptions) async throws(ScreenError) -> Int32 {
    let screen = try CursesScreen(options: options)
    let session = Session(program, screen: screen)
    return await session.run()
  }
}

/// One run of a program on the terminal.
@TerminalActor
private final class Session<P: Program> {
  private let screen: CursesScreen
  private let engine: Engine<P>
  private let mailbox: Mailbox<P.Message>
  private let thread = TerminalThread.shared
  private var decoder = InputDecoder()
  private var signals: [Int32] = [-1, -1]
  private var lastFrame = ContinuousClock.now - .seconds(1)
  private var hasDrawn = false
  private var isUrgent = true
  private var isResized = false
  private var code: Int32?
  private var hasHungUp = false

  init(_ program: P, screen: CursesScreen) {
    self.screen = screen
    mailbox = Mailbox { TerminalThread.shared.interrupt() }
    engine = Engine(program, mailbox: mailbox)
  }

  func run() async -> Int32 {
    _ = cn_pipe(&signals)
    cn_guard_install(signals[1])
    engine.handle(.resize(screen.size))
    while code == nil {
      engine.drain()
      await performRequests()
      guard code == nil else { break }
      let now = ContinuousClock.now
      let due = lastFrame + (isUrgent ? .milliseconds(16) : .milliseconds(33))
      let hasWork = engine.isDirty || isResized
      if hasWork, now >= due {
        draw()
        continue
      }
      var deadline = hasWork ? due : nil
      if decoder.isWaiting { deadline = min(deadline ?? now + .milliseconds(25), now + .milliseconds(25)) }
      let ready = await thread.wait(for: [screen.input, signals[0]], until: deadline)
      if ready.contains(signals[0]) { await readSignals() }
      if ready.contains(screen.input) {
        readInput()
      } else if decoder.isWaiting, let deadline, ContinuousClock.now >= deadline {
        handle(decoder.flush())
      }
    }
    screen.close()
    if hasHungUp { await closeUp(for: SIGHUP) }
    await finish(limit: .seconds(1))
    cn_guard_remove()
    _ = close(signals[0])
    _ = close(signals[1])
    return code ?? 0
  }

  private func draw() {
    if isResized {
      isResized = false
      if screen.measure() { engine.handle(.resize(screen.size)) }
    }
    engine.isDirty = false
    isUrgent = false
    // The first picture has next to nothing in it: the second follows as soon as there is something to show.
    if hasDrawn { lastFrame = .now }
    hasDrawn = true
    let theme = engine.program.theme(of: engine.state)
    let frame = engine.program.view(engine.state, in: screen.viewport(theme: theme))
    do {
      try screen.show(frame, theme: theme)
    } catch {
      hangUp()
    }
  }

  private func handle(_ events: [InputEvent]) {
    for event in events {
      engine.handle(event)
      isUrgent = true
    }
  }

  private func readInput() {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(screen.input, &bytes, bytes.count)
    if count > 0 {
      handle(decoder.feed(bytes.prefix(count)))
    } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
      hangUp()
    }
  }

  /// The terminal has gone: end as a hang-up would.
  private func hangUp() {
    hasHungUp = true
    code = 128 + SIGHUP
  }

  private func readSignals() async {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = read(signals[0], &bytes, bytes.count)
    for byte in bytes.prefix(max(count, 0)) {
      switch Int32(byte) {
      case SIGWINCH: isResized = true
      case SIGCONT:
        screen.invalidate()
        isResized = true
        engine.isDirty = true
      case SIGTSTP: handle([.key(.ctrl("z"))])
      default: await end(by: Int32(byte))
      }
    }
  }

  /// Ends the process by a signal, in order.
  private func end(by signal: Int32) async {
    screen.close()
    await closeUp(for: signal)
    await finish(limit: .milliseconds(500))
    cn_die(signal)
  }

  /// Lets the program close what must not be left open.
  private func closeUp(for signal: Int32) async {
    guard let message = engine.program.message(forSignal: signal, in: engine.state) else { return }
    // Whatever else comes meanwhile, such as the signal of a hang-up that was read already, does not cut it short.
    cn_guard_patience(31_000)
    engine.update(message)
    await settle(until: .now + .seconds(30)) { $0.status.isIdle }
    cn_guard_patience(0)
  }

  private func finish(limit: Duration) async {
    _ = engine.shutdown()
    let engine = engine
    await settle(until: .now + limit) { _ in !engine.isWorking }
  }

  private func settle(until deadline: ContinuousClock.Instant, _ isOver: (Mailbox<P.Message>) -> Bool) async {
    engine.drain()
    while !isOver(mailbox), ContinuousClock.now < deadline {
      _ = await thread.wait(for: [], until: deadline)
      engine.drain()
    }
  }

  private func suspend() {
    screen.suspend()
    cn_stop()
    screen.resume()
    engine.handle(.resize(screen.size))
    engine.isDirty = true
  }

  private func performRequests() async {
    for request in engine.takeRequests() {
      switch request {
      case .quit(let wanted): code = wanted
      case .copy(let text): screen.copy(text)
      case .bell: screen.bell()
      case .suspend: suspend()
      case .redraw:
        screen.invalidate()
        engine.isDirty = true
        isUrgent = true
      case .release(let work):
        screen.suspend()
        cn_guard_lend(true)
        let message = await Task.detached { await work() }.value
        cn_guard_lend(false)
        screen.resume()
        if let message { engine.update(message) }
        engine.handle(.resize(screen.size))
        engine.isDirty = true
      case .run, .background, .cancel: break
      }
    }
  }
}
