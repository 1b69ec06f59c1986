import Foundation
import Glibc
import Synchronization
import Testing

/// A pseudo-terminal with a shell on it that has job control, as an operator has.
///
/// What the terminal is sent is collected; a test goes on when what it waits for has come, and fails when it has not come
/// for long. Nothing is ever waited for by time alone.
final class Terminal {
  /// The side that stands for the operator: keys go in, pictures come out.
  private let master: Int32
  private let process = Process()
  private let chunks: AsyncStream<[UInt8]>
  private var iterator: AsyncStream<[UInt8]>.Iterator
  /// Everything sent to the terminal since ``forget()``.
  private(set) var text = ""
  private var shell: pid_t = 0
  private let isOver = Flag()

  /// The seconds anything may take: generous, for a machine with other things to do.
  static let patience = 40.0

  /// A shell on a terminal of a size, with the environment of a tool.
  init(_ tool: Tool, columns: UInt16 = 80, rows: UInt16 = 24, type: String = "xterm-256color") async throws {
    // As `posix_openpt`, `unlockpt` and `ptsname` do it, which the module of the C library hides.
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var (lock, number): (Int32, UInt32) = (0, 0)
    let (unlock, ask): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
    try #require(master >= 0 && ioctl(master, unlock, &lock) == 0 && ioctl(master, ask, &number) == 0)
    let name = "/dev/pts/\(number)"
    let slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
    try #require(slave >= 0)
    let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
    chunks = stream
    iterator = stream.makeAsyncIterator()
    Self.read(master, isOver, continuation)
    resize(columns: columns, rows: rows)
    // What runs the tests may ignore SIGQUIT, which a shell hands on and cannot take back: as at a login, nothing is ignored.
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "--default-signal", "setsid", "--ctty", "--wait", "bash", "--norc", "--noprofile", "--noediting", "-i",
    ]
    process.environment = tool.environment.merging([
      "TERM": type, "PS1": "<$?>", "SWIFT_BACKTRACE": "enable=no", "deck": Program.meshdeck,
    ]) { $1 }
    process.currentDirectoryURL = URL(filePath: tool.home)
    let handle = FileHandle(fileDescriptor: slave, closeOnDealloc: true)
    process.standardInput = handle
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    try handle.close()
    try await wait(for: "the shell") { $0.contains("<0>") }
    shell = tcgetpgrp(master)
    try #require(shell > 0)
    _ = try await run("ulimit -c 0")
  }

  /// Ends what runs on the terminal, and the shell.
  func close() {
    let group = tcgetpgrp(master)
    if group > 0, group != shell { kill(-group, SIGKILL) }
    if shell > 0 { kill(-shell, SIGKILL) }
    if process.isRunning { process.terminate() }
    // The reader closes the descriptor: closed here, its number could be that of the next terminal while it still reads.
    isOver.value.store(true, ordering: .releasing)
  }

  /// Reads on a thread of its own until the test is over, then closes the descriptor; an empty chunk now and then lets a
  /// wait see that it is late.
  private static func read(
    _ descriptor: Int32, _ isOver: Flag, _ continuation: AsyncStream<[UInt8]>.Continuation
  ) {
    Thread.detachNewThread {
      while !isOver.value.load(ordering: .acquiring) {
        var events = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&events, 1, 100) > 0 else {
          continuation.yield([])
          continue
        }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        // EIO tells that nobody has the other side open.
        guard count > 0 else { break }
        continuation.yield(Array(bytes.prefix(count)))
      }
      continuation.finish()
      while !isOver.value.load(ordering: .acquiring) { _ = poll(nil, 0, 100) }
      Glibc.close(descriptor)
    }
  }

  /// A flag that two threads see.
  private final class Flag: Sendable {
    let value = Atomic(false)
  }

  /// Drops what was sent so far, so that the next wait is for what comes from now on.
  func forget() { text = "" }

  /// Waits until what was sent since ``forget()`` fulfils a condition.
  func wait(for what: String, _ isFulfilled: (String) -> Bool) async throws {
    let deadline = ContinuousClock.now.advanced(by: .seconds(Self.patience))
    while !isFulfilled(text) {
      let chunk = await iterator.next(isolation: #isolation)
      // A carriage return and a line feed would be one character: the returns are left out.
      if let chunk { text += String(decoding: chunk.filter { $0 != 0x0D }, as: UTF8.self) }
      guard chunk != nil, ContinuousClock.now < deadline else {
        struct Late: Error, CustomStringConvertible { let description: String }
        throw Late(
          description: "\(what) did not come within \(Self.patience) s; the terminal was sent \(text.debugDescription)")
      }
    }
  }

  /// Types keys.
  func type(_ keys: String) {
    var bytes = Array(keys.utf8)
    while !bytes.isEmpty {
      let count = Glibc.write(master, bytes, bytes.count)
      guard count > 0 else { return }
      bytes.removeFirst(count)
    }
  }

  /// Gives the terminal another size.
  func resize(columns: UInt16, rows: UInt16) {
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)
  }

  /// Runs a command that ends by itself; answers what it wrote, its echo and the next prompt included.
  func run(_ command: String) async throws -> String {
    forget()
    type(command + "\n")
    try await wait(for: "the end of \(command)") { $0.contains("\n<") && $0.hasSuffix(">") }
    return text
  }

  /// The modes of the terminal line, as `stty` tells them to a command.
  func modes() async throws -> String {
    let lines = try await run("stty -g").split(whereSeparator: \.isNewline).map(String.init)
    return try #require(lines.first { $0.split(separator: ":").count > 10 })
  }

  /// Starts the dashboard and waits until it shows the mesh; answers its process.
  func start(_ command: String = #""$deck""#) async throws -> pid_t {
    forget()
    type(command + "\n")
    try await wait(for: "the dashboard") { $0.contains("\u{1b}[?1049h") && $0.contains("NEEDS ATTENTION") }
    let group = tcgetpgrp(master)
    try #require(group > 0 && group != shell, "the dashboard is not in the foreground")
    return group
  }

  /// Waits for the shell's prompt after a program; answers the exit status it shows.
  func ended() async throws -> Int {
    try await wait(for: "the end of the dashboard") { Self.status($0) != nil }
    return try #require(Self.status(text))
  }

  private static func status(_ text: String) -> Int? {
    guard text.hasSuffix(">"), let start = text.lastIndex(of: "<") else { return nil }
    return Int(text[text.index(after: start)...].dropLast())
  }
}
