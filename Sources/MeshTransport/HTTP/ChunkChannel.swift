import Synchronization

/// A bounded pipe of chunks from the engine's thread to one reader.
final class ChunkChannel: Sendable {
  /// Above this many unread bytes the producer is asked to pause; below half of it, to go on.
  static let highWater = 1 << 20

  private struct State {
    var chunks: [[UInt8]] = []
    var head = 0
    var bytes = 0
    var paused = false
    /// Whether nothing is taken for now.
    var held = false
    var ended = false
    var error: TransportError?
    var trailers = HTTPHeaders()
    var reader: CheckedContinuation<Result<[UInt8]?, TransportError>, Never>?

    /// The oldest chunk that nobody has read.
    mutating func takeFirst() -> [UInt8]? {
      guard head < chunks.count else { return nil }
      let chunk = chunks[head]
      chunks[head] = []
      head += 1
      bytes -= chunk.count
      if head == chunks.count || head > 256 {
        chunks.removeFirst(head)
        head = 0
      }
      return chunk
    }

    /// Whether the producer was paused and may go on now.
    mutating func endsPause(below limit: Int) -> Bool {
      guard paused, bytes < limit else { return false }
      paused = false
      return true
    }
  }

  private let state = Mutex(State())
  private let capacity: Int
  private let resume: @Sendable () -> Void
  private let cancel: @Sendable () -> Void

  /// A channel whose reader calls `resume` when there is room again and `cancel` when it wants no more.
  init(
    capacity: Int = highWater, resume: @escaping @Sendable () -> Void = {},
    cancel: @escaping @Sendable () -> Void = {}
  ) {
    self.capacity = capacity
    self.resume = resume
    self.cancel = cancel
  }

  /// Takes a chunk, or returns false to say "offer it again after `resume`". A waiting reader is told by ``announce()``.
  func offer(_ chunk: () -> [UInt8]) -> Bool {
    state.withLock { state in
      guard state.bytes < capacity, !state.held else {
        state.paused = true
        return false
      }
      let bytes = chunk()
      state.chunks.append(bytes)
      state.bytes += bytes.count
      return true
    }
  }

  /// Tells a waiting reader that something came: once for all the chunks of one look at the network.
  func announce() {
    let wake: (() -> Void)? = state.withLock { state in
      guard let reader = state.reader, let chunk = state.takeFirst() else { return nil }
      state.reader = nil
      return { reader.resume(returning: .success(chunk)) }
    }
    wake?()
  }

  /// Takes nothing until ``release()``: the producer pauses with the next chunk.
  func hold() { state.withLock { $0.held = true } }

  /// Takes chunks again.
  func release() {
    let wantsMore = state.withLock { state in
      state.held = false
      return state.endsPause(below: capacity / 2)
    }
    if wantsMore { resume() }
  }

  /// Ends the sequence; unread chunks are still read, then the error, if any, is thrown once.
  func finish(_ error: TransportError?, trailers: HTTPHeaders = HTTPHeaders()) {
    let wake: (() -> Void)? = state.withLock { state in
      guard !state.ended else { return nil }
      state.ended = true
      state.trailers = trailers
      guard let reader = state.reader else {
        state.error = error
        return nil
      }
      state.reader = nil
      if let chunk = state.takeFirst() {
        state.error = error
        return { reader.resume(returning: .success(chunk)) }
      }
      return { reader.resume(returning: error.map { .failure($0) } ?? .success(nil)) }
    }
    wake?()
  }

  /// The fields that came after the body; empty before its end.
  var trailers: HTTPHeaders { state.withLock(\.trailers) }

  /// The next chunk, nil at the end. Cancelling the task stops the producer and throws `cancelled`.
  func next() async throws(TransportError) -> [UInt8]? {
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (reader: CheckedContinuation<Result<[UInt8]?, TransportError>, Never>) in
        read(reader)
      }
    } onCancel: {
      stop(TransportError(.cancelled, "cancelled"))
    }
    return try result.get()
  }

  /// What has come and was not read, in one piece; empty where that is nothing. Waits for nothing.
  func arrived() -> [UInt8] {
    let (bytes, wantsMore) = state.withLock { state in
      var bytes: [UInt8] = []
      bytes.reserveCapacity(state.bytes)
      while let chunk = state.takeFirst() { bytes += chunk }
      return (bytes, state.endsPause(below: capacity / 2))
    }
    if wantsMore { resume() }
    return bytes
  }

  /// Stops the producer; a waiting reader gets `error`, or the end where it is nil.
  func stop(_ error: TransportError? = nil) {
    state.withLock { state in
      state.chunks = []
      state.head = 0
      state.bytes = 0
    }
    finish(error)
    cancel()
  }

  private func read(_ reader: CheckedContinuation<Result<[UInt8]?, TransportError>, Never>) {
    var wantsMore = false
    let answer: (() -> Void)? = state.withLock { state in
      if let chunk = state.takeFirst() {
        wantsMore = state.endsPause(below: capacity / 2)
        return { reader.resume(returning: .success(chunk)) }
      }
      if state.ended {
        let error = state.error
        state.error = nil
        return { reader.resume(returning: error.map { .failure($0) } ?? .success(nil)) }
      }
      guard state.reader == nil else {
        return {
          reader.resume(returning: .failure(TransportError(.malformed, "a stream has one reader at a time")))
        }
      }
      wantsMore = state.endsPause(below: .max)
      state.reader = reader
      return nil
    }
    answer?()
    if wantsMore { resume() }
  }

  deinit { cancel() }
}
