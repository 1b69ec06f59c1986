import MeshModel
import Synchronization

@testable import MeshTransport

/// A server that answers as a script says and counts what it was asked.
final class ScriptedServer: HTTPTransport {
  enum Reply: Sendable {
    case answer(Int, String, HTTPHeaders = [:])
    /// A stream of pieces that then ends, or stays open and silent.
    case pieces([String], staysOpen: Bool = false)
    case failure(TransportError.Code)
  }

  private struct State {
    var requests: [HTTPRequest] = []
    var counts: [String: Int] = [:]
    var waiters: [(@Sendable ([HTTPRequest]) -> Bool, CheckedContinuation<Void, Never>)] = []
    var open: [ChunkChannel] = []
  }

  private let state = Mutex(State())
  private let reply: @Sendable (HTTPRequest, Int) -> Reply

  /// `reply` is given each request and how many of its sort (path without query, and whether it watches) came before.
  init(_ reply: @escaping @Sendable (HTTPRequest, Int) -> Reply) { self.reply = reply }

  /// All requests so far.
  var requests: [HTTPRequest] { state.withLock { $0.requests } }

  /// Waits until the requests fulfil a condition.
  func wait(until condition: @escaping @Sendable ([HTTPRequest]) -> Bool) async {
    await withCheckedContinuation { continuation in
      let isMet = state.withLock { state in
        if condition(state.requests) { return true }
        state.waiters.append((condition, continuation))
        return false
      }
      if isMet { continuation.resume() }
    }
  }

  func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    switch next(request) {
    case .answer(let status, let body, let headers):
      return HTTPResponse(status: status, headers: headers, body: Array(body.utf8))
    case .pieces(let pieces, _): return HTTPResponse(status: 200, body: Array(pieces.joined().utf8))
    case .failure(let code): throw TransportError(code, "scripted failure", origin: "http://127.0.0.1")
    }
  }

  func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
    switch next(request) {
    case .answer(let status, let body, let headers):
      return HTTPStream(status: status, headers: headers, chunks: [Array(body.utf8)])
    case .pieces(let pieces, let staysOpen):
      let channel = ChunkChannel(capacity: .max)
      for piece in pieces { _ = channel.offer { Array(piece.utf8) } }
      if staysOpen { state.withLock { $0.open.append(channel) } } else { channel.finish(nil) }
      return HTTPStream(status: 200, headers: [:], connection: ConnectionFacts(), channel: channel)
    case .failure(let code): throw TransportError(code, "scripted failure", origin: "http://127.0.0.1")
    }
  }

  /// Ends every stream that stays open, as a server that goes away.
  func hangUp() {
    for channel in state.withLock({ $0.open }) { channel.finish(nil) }
  }

  private func next(_ request: HTTPRequest) -> Reply {
    let (count, woken) = state.withLock { state in
      let sort = Self.sort(request)
      let count = state.counts[sort, default: 0]
      state.counts[sort] = count + 1
      state.requests.append(request)
      var woken: [CheckedContinuation<Void, Never>] = []
      for index in state.waiters.indices.reversed() where state.waiters[index].0(state.requests) {
        woken.append(state.waiters.remove(at: index).1)
      }
      return (count, woken)
    }
    let reply = reply(request, count)
    for continuation in woken { continuation.resume() }
    return reply
  }

  static func sort(_ request: HTTPRequest) -> String {
    let path = request.url.split(separator: "?").first.map(String.init) ?? ""
    return "\(request.method.rawValue) \(path)\(request.isWatch ? " watch" : request.isProbe ? " probe" : "")"
  }
}

extension HTTPRequest {
  var isWatch: Bool { url.contains("watch=true") }
  /// The question of a doubted watch.
  var isProbe: Bool { url.contains("fieldSelector=") }
  var isList: Bool { method == .get && !isWatch && !isProbe && url.contains("limit=") }

  /// The decoded value of a query item.
  func query(_ name: String) -> String? {
    guard let query = url.split(separator: "?").dropFirst().first else { return nil }
    for item in query.split(separator: "&") where item.hasPrefix("\(name)=") {
      return PercentCoding.decode(String(item.dropFirst(name.utf8.count + 1)))
    }
    return nil
  }
}

/// A clock in which short waits pass at once and long ones when the test says so.
final class ScriptedClock: TransportClock {
  private struct State {
    var now = Duration.zero
    var sleepers: [(id: Int, due: Duration, continuation: CheckedContinuation<Bool, Never>)] = []
    var next = 0
    var cancelled: Set<Int> = []
    var slept: [Duration] = []
  }

  private let state = Mutex(State())
  private let held: Duration

  /// A clock on which waits as long as `held` last until they are let go; shorter ones are over at once.
  init(holding held: Duration = .seconds(60)) { self.held = held }

  func now() -> Duration { state.withLock { $0.now } }
  func wallSeconds() -> Int { 1_795_000_000 + Int(now().components.seconds) }

  /// The short waits so far.
  var slept: [Duration] { state.withLock { $0.slept } }

  func sleep(for duration: Duration) async throws {
    try Task.checkCancellation()
    if duration < held {
      state.withLock { state in
        state.now += duration
        state.slept.append(duration)
      }
      await Task.yield()
      return
    }
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    let isCancelled = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let now: Bool = state.withLock { state in
          if state.cancelled.remove(id) != nil { return true }
          state.sleepers.append((id, state.now + duration, continuation))
          return false
        }
        if now { continuation.resume(returning: true) }
      }
    } onCancel: {
      let sleeper = state.withLock { state -> CheckedContinuation<Bool, Never>? in
        guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
          state.cancelled.insert(id)
          return nil
        }
        return state.sleepers.remove(at: index).continuation
      }
      sleeper?.resume(returning: true)
    }
    if isCancelled { throw CancellationError() }
  }

  /// Lets time pass and wakes who is due; false where nobody waits.
  func advance(by duration: Duration) -> Bool {
    let (due, any) = state.withLock { state in
      state.now += duration
      let any = !state.sleepers.isEmpty
      let due = state.sleepers.filter { $0.due <= state.now }
      state.sleepers.removeAll { $0.due <= state.now }
      return (due.map(\.continuation), any)
    }
    for continuation in due { continuation.resume(returning: false) }
    return any
  }
}
