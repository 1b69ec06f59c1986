import CNCurses
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The thread that runs the terminal's jobs and waits for its descriptors.
final class TerminalThread: SerialExecutor, Sendable {
  static let shared = TerminalThread()

  /// A wait for descriptors.
  private struct Waiter {
    var descriptors: [Int32]
    var deadline: ContinuousClock.Instant?
    var continuation: CheckedContinuation<[Int32], Never>
  }

  private struct Contents {
    var jobs: [UnownedJob] = []
    var waiter: Waiter?
    var isInterrupted = false
    var isPolling = false
    var hasThread = false
    var thread: pthread_t?
  }

  private let contents = Mutex(Contents())
  private let wakeRead: Int32
  private let wakeWrite: Int32

  private init() {
    var ends: [Int32] = [-1, -1]
    _ = cn_pipe(&ends)
    wakeRead = ends[0]
    wakeWrite = ends[1]
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let (starts, wakes) = contents.withLock { contents in
      contents.jobs.append(job)
      let starts = !contents.hasThread
      contents.hasThread = true
      return (starts, contents.isPolling)
    }
    if starts { launch() }
    if wakes { wake() }
  }

  func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

  func isIsolatingCurrentContext() -> Bool? { isCurrent }

  private var isCurrent: Bool {
    contents.withLock { contents in
      contents.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false
    }
  }

  /// Waits until one of the descriptors is readable, the deadline has passed, or `interrupt` is called.
  /// Answers the readable ones.
  func wait(for descriptors: [Int32], until deadline: ContinuousClock.Instant?) async -> [Int32] {
    await withCheckedContinuation { continuation in
      let isOver = contents.withLock { contents in
        if contents.isInterrupted {
          contents.isInterrupted = false
          return true
        }
        contents.waiter = Waiter(descriptors: descriptors, deadline: deadline, continuation: continuation)
        return false
      }
      if isOver { continuation.resume(returning: []) }
    }
  }

  /// Ends the wait under way, or the next one.
  func interrupt() {
    let waiter = contents.withLock { contents in
      defer { contents.waiter = nil }
      contents.isInterrupted = contents.waiter == nil
      return contents.waiter
    }
    waiter?.continuation.resume(returning: [])
  }

  private func wake() {
    var byte: UInt8 = 0
    _ = write(wakeWrite, &byte, 1)
  }

  private func launch() {
    #if canImport(Darwin)
    var thread: pthread_t?
    #else
    var thread = pthread_t()
    #endif
    pthread_create(
      &thread, nil,
      { _ in
        TerminalThread.shared.run()
        return nil
      }, nil)
  }

  private func run() {
    contents.withLock { $0.thread = pthread_self() }
    cn_guard_thread()
    while true {
      let jobs = contents.withLock { contents in
        defer { contents.jobs = [] }
        contents.isPolling = contents.jobs.isEmpty
        return contents.jobs
      }
      if jobs.isEmpty {
        sleep()
      } else {
        for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
      }
    }
  }

  /// Sleeps until there is something to do.
  private func sleep() {
    let (descriptors, deadline) = contents.withLock { ($0.waiter?.descriptors ?? [], $0.waiter?.deadline) }
    var polled = [pollfd(fd: wakeRead, events: Int16(POLLIN), revents: 0)]
    polled += descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    let count = poll(&polled, nfds_t(polled.count), TerminalThread.milliseconds(until: deadline))
    contents.withLock { $0.isPolling = false }
    if polled[0].revents != 0 {
      var bytes = [UInt8](repeating: 0, count: 64)
      while read(wakeRead, &bytes, bytes.count) == bytes.count {}
    }
    let ready = count > 0 ? polled.dropFirst().filter { $0.revents != 0 }.map(\.fd) : []
    let isLate = deadline.map { ContinuousClock.now >= $0 } ?? false
    guard isLate || !ready.isEmpty else { return }
    let waiter = contents.withLock { contents in
      defer { contents.waiter = nil }
      return contents.waiter
    }
    waiter?.continuation.resume(returning: ready)
  }

  private static func milliseconds(until deadline: ContinuousClock.Instant?) -> Int32 {
    guard let deadline else { return -1 }
    let left = deadline - ContinuousClock.now
    if left <= .zero { return 0 }
    let parts = left.components
    let whole = min(parts.seconds, 3600) * 1000 + parts.attoseconds / 1_000_000_000_000_000
    return Int32(clamping: whole + 1)
  }
}
