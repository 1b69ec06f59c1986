import Synchronization

/// A body that is sent while it is being made: tasks append to it, the engine's thread takes from it. It stays open until
/// somebody finishes it, so that a server can answer before it has everything.
final class UploadBody: Sendable {
  /// Above this many unsent bytes whoever appends waits.
  static let highWater = 1 << 20

  private struct State {
    var chunks: [[UInt8]] = []
    /// How much of the first chunk is sent.
    var offset = 0
    var bytes = 0
    /// Whether no more is appended.
    var isFinished = false
    /// Whether the transfer is over, so that nothing is sent any more.
    var isAbandoned = false
    /// Whether the engine found nothing to send and wants to be told of more.
    var isAwaited = false
    var wake: (@Sendable () -> Void)?
    var writers: [CheckedContinuation<Bool, Never>] = []

    /// What tells the engine of more, where it waits for it.
    mutating func awaited() -> (@Sendable () -> Void)? {
      guard isAwaited else { return nil }
      isAwaited = false
      return wake
    }
  }

  private let state: Mutex<State>

  /// A body that begins with `first`.
  init(_ first: [UInt8]) { state = Mutex(State(chunks: [first], bytes: first.count)) }

  /// What the engine gets when it asks.
  enum Portion: Equatable {
    case bytes(Int)
    /// Nothing now: `wake` is called once there is more.
    case later
    case end
  }

  /// Sets what tells the engine that there is more.
  func attach(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }

  /// Appends bytes once there is room; false where the transfer is over and nobody will send them.
  func append(_ chunk: [UInt8]) async -> Bool {
    while true {
      let isTaken: Bool? = take(chunk)
      if let isTaken { return isTaken }
      let goesOn = await withCheckedContinuation { writer in
        let isFree = state.withLock { state in
          guard !state.isAbandoned, state.bytes >= Self.highWater else { return true }
          state.writers.append(writer)
          return false
        }
        if isFree { writer.resume(returning: true) }
      }
      guard goesOn else { return false }
    }
  }

  /// Takes a chunk; `nil` where there is no room.
  private func take(_ chunk: [UInt8]) -> Bool? {
    let result: (Bool?, (@Sendable () -> Void)?) = state.withLock { state in
      if state.isAbandoned || state.isFinished { return (false, nil) }
      guard state.bytes < Self.highWater else { return (nil, nil) }
      state.chunks.append(chunk)
      state.bytes += chunk.count
      return (true, state.awaited())
    }
    result.1?()
    return result.0
  }

  /// Ends the body once everything appended is sent.
  func finish() {
    let wake = state.withLock { state in
      state.isFinished = true
      return state.awaited()
    }
    wake?()
  }

  /// Notes that the transfer is over; whoever waits for room is told.
  func abandon() {
    let writers = state.withLock { state in
      state.isAbandoned = true
      state.chunks = []
      state.wake = nil
      defer { state.writers = [] }
      return state.writers
    }
    for writer in writers { writer.resume(returning: false) }
  }

  /// Fills a buffer with what is next; on the engine's thread.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Portion {
    let result: (Portion, [CheckedContinuation<Bool, Never>]) = state.withLock { state in
      guard let first = state.chunks.first else {
        if state.isFinished { return (.end, []) }
        state.isAwaited = true
        return (.later, [])
      }
      let count = min(buffer.count, first.count - state.offset)
      first.withUnsafeBytes { bytes in
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[state.offset..<state.offset + count]))
      }
      state.offset += count
      state.bytes -= count
      if state.offset == first.count {
        state.chunks.removeFirst()
        state.offset = 0
      }
      guard state.bytes < Self.highWater else { return (.bytes(count), []) }
      defer { state.writers = [] }
      return (.bytes(count), state.writers)
    }
    for writer in result.1 { writer.resume(returning: true) }
    return result.0
  }
}
