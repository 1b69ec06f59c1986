import Synchronization

/// One call under way: messages go out until this side finishes, and come in until the server ends the call.
///
/// The server's messages are read one at a time, by one task; while nobody reads, the network waits. Cancelling the task
/// that reads, or dropping the call, ends it towards the server.
public final class GRPCCall: Sendable {
  private let origin: String
  private let upload: UploadBody?
  private let opening: Task<Result<HTTPStream, GRPCError>, Never>
  private let frames: Mutex<GRPCFrames>
  private let place = Place()

  /// Where the stream is once it is there, for whoever ends the call.
  private final class Place: Sendable { let stream = Mutex<HTTPStream?>(nil) }

  /// A call that begins at once. `first` is its first message with its length before it.
  init(_ session: Session, _ request: HTTPRequest, first: [UInt8], limit: Int) {
    origin = session.origin
    upload = request.upload
    frames = Mutex(GRPCFrames(limit: limit))
    opening = Task { [place] in await Self.opened(session, request, first, place) }
  }

  deinit { cancel() }

  private static func opened(
    _ session: Session, _ request: HTTPRequest, _ first: [UInt8], _ place: Place
  ) async -> Result<HTTPStream, GRPCError> {
    do throws(TransportError) {
      let stream = try await session.stream(request)
      place.stream.withLock { $0 = stream }
      return .success(stream)
    } catch {
      request.upload?.abandon()
      let isWordless = error.code == .connectionLost || error.code == .truncated
      if isWordless, request.upload != nil, request.idempotent,
        let reason = await refusal(session, request, first)
      {
        return .failure(reason)
      }
      return .failure(GRPCError(error))
    }
  }

  /// The words with which a server refuses a first message, asked for with nothing after it.
  private static func refusal(_ session: Session, _ request: HTTPRequest, _ first: [UInt8]) async -> GRPCError? {
    var request = request
    request.upload = nil
    request.body = first
    request.deadlines = Deadlines(firstByte: .seconds(5), idle: nil, total: .seconds(10))
    guard let stream = try? await session.stream(request) else { return nil }
    defer { stream.cancel() }
    guard stream.headers["grpc-status"] != nil else { return nil }
    return GRPCError(end: HTTPHeaders(), head: stream.headers, origin: session.origin)
  }

  /// Sends a message, once there is room for it; fails where the call is over, whose reason ``next()`` tells.
  public func send(_ message: [UInt8]) async throws(GRPCError) {
    guard let upload, await upload.append(GRPCFrames.frame(message)) else {
      throw GRPCError(.unavailable, "the call is over", origin: origin)
    }
  }

  /// Tells the server that no more messages come; those of the server still do.
  public func finish() { upload?.finish() }

  /// Ends the call at once.
  public func cancel() {
    opening.cancel()
    place.stream.withLock(\.self)?.cancel()
    upload?.abandon()
  }

  /// The server's next message; `nil` once it ended the call well.
  public func next() async throws(GRPCError) -> [UInt8]? {
    let stream = try await head()
    var chunks = stream.makeAsyncIterator()
    while true {
      do throws(GRPCFrames.Fault) {
        if let message = try frames.withLock({ frames throws(GRPCFrames.Fault) in try frames.next() }) {
          return message
        }
      } catch {
        stream.cancel()
        throw GRPCError(error.status, error.message, origin: origin)
      }
      do throws(TransportError) {
        guard let chunk = try await chunks.next() else { break }
        frames.withLock { $0.append(chunk) }
      } catch {
        // A server that has said how the call ends may close it before it has read what else it was being sent.
        guard stream.trailers["grpc-status"] ?? stream.headers["grpc-status"] != nil else { throw GRPCError(error) }
        break
      }
    }
    if let failure = GRPCError(end: stream.trailers, head: stream.headers, origin: origin) { throw failure }
    guard !frames.withLock(\.isInsideMessage) else {
      throw GRPCError(.internal, "the server ended the call inside a message", origin: origin)
    }
    return nil
  }

  /// The head of the answer, once it is there and is one of gRPC.
  private func head() async throws(GRPCError) -> HTTPStream {
    let opening = opening
    let result = await withTaskCancellationHandler {
      await opening.value
    } onCancel: {
      opening.cancel()
    }
    let stream: HTTPStream
    switch result {
    case .success(let opened): stream = opened
    case .failure(let error): throw error
    }
    if stream.headers["grpc-status"] != nil { return stream }
    let remedy = "check that the address is that of a gRPC server"
    guard stream.status == 200 else {
      stream.cancel()
      throw GRPCError(
        GRPCStatus(http: stream.status), "the server answers HTTP \(stream.status)", origin: origin, remedy: remedy)
    }
    guard stream.headers["Content-Type"]?.hasPrefix("application/grpc") == true else {
      stream.cancel()
      throw GRPCError(.unknown, "the server does not answer in gRPC", origin: origin, remedy: remedy)
    }
    return stream
  }
}
