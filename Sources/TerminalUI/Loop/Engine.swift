/// A program at work: its state, its running effects, and what it asks of its host. Confined to its owner.
final class Engine<P: Program> {
  let program: P
  let mailbox: Mailbox<P.Message>
  private(set) var state: P.State
  /// Whether the state changed since the last frame.
  var isDirty = true
  /// What only the host can do, in order.
  private(set) var requests: [Effect<P.Message>] = []
  private var tasks: [UInt64: Task<Void, Never>] = [:]
  private var named: [String: UInt64] = [:]
  private var nextTask: UInt64 = 1

  init(_ program: P, mailbox: Mailbox<P.Message>) {
    self.program = program
    self.mailbox = mailbox
    let (state, effects) = program.start()
    self.state = state
    perform(effects)
  }

  /// Handles an input event.
  func handle(_ event: InputEvent) {
    if case .resize = event { isDirty = true }
    if let message = program.message(for: event) { update(message) }
  }

  /// Changes the state by one message.
  func update(_ message: P.Message) {
    perform(program.update(&state, message))
    isDirty = true
  }

  /// Handles the messages that arrived; answers whether there were any.
  @discardableResult
  func drain() -> Bool {
    let (messages, finished) = mailbox.take()
    for task in finished { tasks[task] = nil }
    for message in messages { update(message) }
    return !messages.isEmpty
  }

  /// Takes what only the host can do.
  func takeRequests() -> [Effect<P.Message>] {
    defer { requests = [] }
    return requests
  }

  /// Whether any effect has not ended.
  var isWorking: Bool { !tasks.isEmpty }

  /// Cancels all work and answers it, to be waited for.
  func shutdown() -> [Task<Void, Never>] {
    mailbox.close()
    let running = Array(tasks.values)
    for task in running { task.cancel() }
    return running
  }

  private func perform(_ effects: [Effect<P.Message>]) {
    for effect in effects {
      switch effect {
      case .run(let id, let work): start(id: id, counted: true, work)
      case .background(let id, let work): start(id: id, counted: false, work)
      case .cancel(let id): cancel(id)
      case .release, .copy, .suspend, .redraw, .bell, .quit: requests.append(effect)
      }
    }
  }

  private func start(id: String?, counted: Bool, _ work: @escaping @Sendable (@escaping Send<P.Message>) async -> Void)
  {
    if let id { cancel(id) }
    let number = nextTask
    nextTask += 1
    let (mailbox, program) = (mailbox, program)
    if counted { mailbox.begin() }
    tasks[number] = Task.detached {
      await work { message in mailbox.post(message) { program.supersedes(message, $0) } }
      mailbox.end(task: number, counted: counted)
    }
    if let id { named[id] = number }
  }

  private func cancel(_ id: String) {
    guard let number = named.removeValue(forKey: id) else { return }
    tasks[number]?.cancel()
  }
}
