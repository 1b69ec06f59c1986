import Testing

@testable import TerminalUI

/// A counter with work off its thread, a clock and an end.
private struct Counter: Program {
  struct State: Sendable {
    var count = 0
    var line = ""
    var ticks = 0
    var size = Size.standard
  }

  enum Message: Sendable {
    case input(InputEvent)
    case add(Int)
    case tick
  }

  func start() -> (State, [Effect<Message>]) {
    (
      State(),
      [
        .background(id: "clock") { send in
          while !Task.isCancelled {
            send(.tick)
            do { try await Task.sleep(for: .milliseconds(1)) } catch { return }
          }
        }
      ]
    )
  }

  func message(for event: InputEvent) -> Message? { .input(event) }

  func update(_ state: inout State, _ message: Message) -> [Effect<Message>] {
    switch message {
    case .add(let more): state.count += more
    case .tick: state.ticks += 1
    case .input(.resize(let size)): state.size = size
    case .input(.paste(let text)): state.line += "<\(text)>"
    case .input(.key(.char("+"))):
      return [
        .run { send in
          for _ in 0..<10 {
            await Task.yield()
            send(.add(1))
          }
        }
      ]
    case .input(.key(.char("w"))):
      return [
        .run(id: "wait") { send in
          do { try await Task.sleep(for: .seconds(3600)) } catch { send(.add(1000)) }
        }
      ]
    case .input(.key(.char("x"))): return [.cancel(id: "wait")]
    case .input(.key(.ctrl("c"))): return [.copy("count \(state.count)"), .quit(code: 4)]
    case .input(.key(let key)): state.line += key.notation
    case .input(.mouse): break
    }
    return []
  }

  func view(_ state: State, in viewport: Viewport) -> Frame {
    var frame = Frame(viewport)
    frame.put("count \(state.count) line \(state.line) at \(state.size.width)x\(state.size.height)", at: .zero)
    return frame
  }
}

@Suite struct ProgramTests {
  @Test func `what a newer message makes needless does not pile up`() {
    let mailbox = Mailbox<Int>()
    for number in 1...1000 { mailbox.post(number) { $0 % 2 == number % 2 } }
    #expect(mailbox.take().messages == [999, 1000])
  }

  @Test func `idle means that all work has been done and shown`() async throws {
    let runner = HeadlessRunner(Counter(), size: Size(width: 60, height: 2))
    for _ in 0..<20 { await runner.press(.char("+")) }
    try await runner.idle()
    #expect(await runner.text() == "count 200 line  at 80x24\n\n")
    await runner.stop()
  }

  @Test func `background work brings messages and does not hinder idleness`() async throws {
    let runner = HeadlessRunner(Counter())
    try await runner.idle()
    try await runner.wait { $0.ticks > 5 }
    await runner.stop()
  }

  @Test func `work can be cancelled by its name`() async throws {
    let runner = HeadlessRunner(Counter())
    await runner.press(.char("w"), .char("w"), .char("x"))
    try await runner.idle()
    #expect(await runner.state.count == 2000)
    await runner.stop()
  }

  @Test func `waiting in vain tells what the screen showed`() async throws {
    let runner = HeadlessRunner(Counter())
    let error = await #expect(throws: HeadlessTimeout.self) {
      try await runner.wait(timeout: .milliseconds(20), text: "never")
    }
    #expect(error?.description.contains("count 0") == true)
    await runner.stop()
  }

  @Test func `a program ends with its code and takes no more keys`() async throws {
    let runner = HeadlessRunner(Counter())
    await runner.press(.ctrl("c"), .char("a"))
    #expect(await runner.exitCode == 4)
    #expect(await runner.copied == ["count 0"])
    #expect(await runner.state.line == "")
    await runner.stop()
  }

  @Test func `bytes of a terminal become events`() async throws {
    let runner = HeadlessRunner(Counter())
    await runner.feed(bytes: Array("a\u{1B}[A\u{1B}[7;15R\u{1B}[200~p\u{1B}[201~\u{1B}".utf8))
    #expect(await runner.state.line == "aup<p>esc")
    await runner.stop()
  }

  @Test func `jobs run on the terminal's thread and waits end when interrupted`() async {
    let sum = await withTaskGroup(of: Int.self) { group in
      for number in 0..<500 { group.addTask { await TerminalProbe.doubled(number) } }
      return await group.reduce(0, +)
    }
    #expect(sum == 249_500)
    let start = ContinuousClock.now
    #expect(await TerminalProbe.wait(until: start + .milliseconds(20)).isEmpty)
    #expect(ContinuousClock.now >= start + .milliseconds(20))
    TerminalThread.shared.interrupt()
    #expect(await TerminalProbe.wait(until: nil).isEmpty)
  }
}

@TerminalActor
private enum TerminalProbe {
  static func doubled(_ number: Int) -> Int {
    TerminalActor.shared.preconditionIsolated()
    return number * 2
  }

  static func wait(until deadline: ContinuousClock.Instant?) async -> [Int32] {
    await TerminalThread.shared.wait(for: [], until: deadline)
  }
}
