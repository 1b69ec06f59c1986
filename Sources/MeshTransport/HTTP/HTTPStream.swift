/// An answer whose body arrives in pieces of any size. The network waits while the reader is slow. Dropping every copy,
/// or cancelling the task that reads, stops the transfer and closes it towards the server.
///
/// It has one reader, and what one iterator has read another does not see.
public struct HTTPStream: AsyncSequence, Sendable {
  /// A piece of the body.
  public typealias Element = [UInt8]
  /// Why a body ended early.
  public typealias Failure = TransportError

  /// The status code.
  public let status: Int
  /// The header fields.
  public let headers: HTTPHeaders
  /// Over what it comes.
  public let connection: ConnectionFacts
  private let channel: ChunkChannel
  private var tap: StreamTap?

  init(status: Int, headers: HTTPHeaders, connection: ConnectionFacts, channel: ChunkChannel) {
    self.status = status
    self.headers = headers
    self.connection = connection
    self.channel = channel
  }

  /// A stream of given chunks that then ends, with an error if there is one: for replays and fakes.
  public init(
    status: Int, headers: HTTPHeaders = [:], chunks: [[UInt8]], error: TransportError? = nil,
    trailers: HTTPHeaders = [:]
  ) {
    let channel = ChunkChannel(capacity: .max)
    for chunk in chunks where !chunk.isEmpty { _ = channel.offer { chunk } }
    channel.finish(error, trailers: trailers)
    self.init(status: status, headers: headers, connection: ConnectionFacts(), channel: channel)
  }

  /// Whether the status is 200...299.
  public var isSuccess: Bool { (200...299).contains(status) }

  /// The whole body from here on; throws `tooLarge` when it exceeds `limit` bytes.
  public func collect(limit: Int) async throws(TransportError) -> [UInt8] {
    var body: [UInt8] = []
    var iterator = makeAsyncIterator()
    while let chunk = try await iterator.next() {
      guard body.count + chunk.count <= limit else {
        channel.stop()
        throw TransportError(.tooLarge, "the answer exceeds \(limit) bytes")
      }
      body += chunk
    }
    return body
  }

  /// The fields that came after the body; empty before its end.
  public var trailers: HTTPHeaders { channel.trailers }

  /// Stops the transfer; a waiting reader sees the end.
  public func cancel() { channel.stop() }

  /// The same stream, overheard.
  func tapped(by tap: StreamTap) -> HTTPStream {
    var copy = self
    copy.tap = tap
    return copy
  }

  /// The one reader.
  public func makeAsyncIterator() -> Iterator {
    Iterator(channel: channel, tap: tap, isShared: connection.protocolVersion.hasPrefix("HTTP/2"))
  }

  /// The reader of a stream.
  public struct Iterator: AsyncIteratorProtocol {
    let channel: ChunkChannel
    let tap: StreamTap?
    /// Whether other streams share the connection.
    let isShared: Bool

    /// The next piece, nil at the end of the body.
    public mutating func next() async throws(TransportError) -> [UInt8]? {
      guard let tap else { return try await channel.next() }
      guard let chunk = try await channel.next() else {
        await tap.finish()
        return nil
      }
      tap.take(chunk)
      return chunk
    }

    /// What has come since, without waiting for more; empty where that is nothing.
    package mutating func arrived() -> [UInt8] {
      let bytes = channel.arrived()
      tap?.take(bytes)
      return bytes
    }

    /// Lets the network wait: what comes meanwhile is read at once afterwards, however small its parts are. Where others share
    /// the connection it goes on: they would wait as well.
    package func rest(_ duration: Duration) async {
      guard !isShared else {
        try? await Task.sleep(for: duration)
        return
      }
      channel.hold()
      try? await Task.sleep(for: duration)
      channel.release()
    }

    /// The next piece, nil at the end of the body.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(TransportError) -> [UInt8]? {
      try await next()
    }
  }
}
