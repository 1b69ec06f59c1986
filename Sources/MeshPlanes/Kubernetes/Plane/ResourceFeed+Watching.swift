import MeshModel
import MeshTransport
import Synchronization

extension ResourceFeed {
  /// How one watch ended.
  enum Ending {
    /// The server ended it, or the connection broke between events: go on from the last version.
    case closed
    /// The version is too old.
    case expired
    /// It was silent and the server has moved on: open it anew.
    case doubted
    /// The resource is not served any more.
    case gone
    /// The operator may list but not watch.
    case refused(MeshError)
    /// Something went wrong that may pass; whether the server said so in an event.
    case failed(MeshError, isEvent: Bool)
    /// A line cannot be what it should be.
    case unreadable(String)
  }

  /// When something was last heard.
  private final class Heard: Sendable {
    private let at: Mutex<Duration>
    private let isDoubted = Mutex(false)

    init(_ now: Duration) { at = Mutex(now) }

    var last: Duration {
      get { at.withLock { $0 } }
      set { at.withLock { $0 = newValue } }
    }

    var doubted: Bool {
      get { isDoubted.withLock { $0 } }
      set { isDoubted.withLock { $0 = newValue } }
    }
  }

  /// One watch to its end: from the last version, or beginning with a list where that is under way.
  func watch() async -> Ending {
    let what = "watch \(reader.served.plural)"
    let seconds = 300 + Int(300 * min(max(context.random(), 0), 1))
    var query: [(String, String?)] = [
      ("watch", "true"), ("allowWatchBookmarks", "true"), ("timeoutSeconds", String(seconds)),
    ]
    if isListing {
      query += [("sendInitialEvents", "true"), ("resourceVersionMatch", "NotOlderThan")]
      if case .notOlder(let version) = freshness { query.append(("resourceVersion", version)) }
    } else {
      query.append(("resourceVersion", version))
    }
    if !reader.resource.selector.isEmpty { query.append(("labelSelector", reader.resource.selector)) }
    var deadlines = Deadlines.watch(serverTimeout: .seconds(seconds))
    if isListing { deadlines.firstByte = Self.listSilence }
    let stream: HTTPStream
    do throws(MeshError) {
      stream = try await context.client.stream(
        path.text, query: query, deadlines: deadlines, what: what, isRepeated: !isListing)
    } catch {
      return .failed(error, isEvent: false)
    }
    guard stream.isSuccess else {
      let body = (try? await stream.collect(limit: 64 << 10)) ?? []
      return ending(KubernetesStatus(code: stream.status, body: body), what, isEvent: false)
    }
    if !isListing { tellLive() }
    let heard = Heard(context.clock.now())
    return await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.doubt(stream, heard) }
      defer { group.cancelAll() }
      return await read(stream, heard, what)
    }
  }

  private func read(_ stream: HTTPStream, _ heard: Heard, _ what: String) async -> Ending {
    var cutter = LineCutter()
    var iterator = stream.makeAsyncIterator()
    var burst = Burst()
    do throws(TransportError) {
      while var piece = try await iterator.next() {
        piece += iterator.arrived()
        heard.last = context.clock.now()
        let wasListing = isListing
        let end = take(piece, &cutter, what)
        if wasListing, !isListing { await context.gate.leave() }
        if let end {
          stream.cancel()
          return end
        }
        if !isListing, burst.goesOn() { await iterator.rest(Burst.patience) }
      }
    } catch {
      if heard.doubted { return .doubted }
      return .failed(MeshError(error, what, plane: key.plane), isEvent: false)
    }
    return heard.doubted ? .doubted : .closed
  }

  /// Takes in the events that a piece completes; how the watch ends where one of them ends it.
  private func take(_ piece: [UInt8], _ cutter: inout LineCutter, _ what: String) -> Ending? {
    guard let lines = cutter.lines(in: piece) else {
      return .unreadable("\(what): an event is larger than \(LineCutter.limit) bytes")
    }
    var changes: [MeshChange] = []
    defer { if !changes.isEmpty { context.emit(changes) } }
    for line in lines {
      do throws(JSONError) {
        let event = try event(line)
        if case .failure(let status) = event { return ending(status, what, isEvent: true) }
        if case .bookmark(let version, endsList: true) = event, isListing { changes += endList(version) }
        changes += changesOf(event)
      } catch {
        return .failed(MeshError(.malformed, "\(what): \(error)", plane: key.plane, underlying: error), isEvent: true)
      }
    }
    if isListing {
      if !hasListed { changes.append(.feed(key, .loading(known.count))) }
    } else {
      changes += live()
    }
    return nil
  }

  /// Events that come one upon the other: what comes while the network waits is taken in at once, since each event alone
  /// wakes four threads in turn.
  private struct Burst {
    /// How long the network waits; views are handed on ten times a second.
    static let patience = Duration.milliseconds(100)
    /// What is longer apart is no burst.
    private static let gap = patience + .milliseconds(50)

    private var last: ContinuousClock.Instant?

    /// Notes that events were taken in; whether they are part of a burst.
    mutating func goesOn() -> Bool {
      let now = ContinuousClock.now
      defer { last = now }
      return last.map { $0.duration(to: now) < Self.gap } ?? false
    }
  }

  private func ending(_ status: KubernetesStatus, _ what: String, isEvent: Bool) -> Ending {
    if status.isExpired { return .expired }
    let error = status.error(what, plane: key.plane)
    if !isEvent, status.code == 404 { return .gone }
    if !isEvent, status.code == 403 { return .refused(error) }
    if status.isTooLargeVersion { return .expired }
    return .failed(error, isEvent: isEvent)
  }

  /// Doubts a watch that was silent for long: asks the server's cache where it stands, and cuts the watch where that is
  /// elsewhere, or where there is no answer. A list is waited for less: something on the way may hold streams back.
  private func doubt(_ stream: HTTPStream, _ heard: Heard) async {
    let begun = context.clock.now()
    while !Task.isCancelled {
      let now = context.clock.now()
      let quiet = now - heard.last
      let patience = isListing ? Self.listSilence : Self.silence
      if quiet < patience, !isListing || now - begun < Self.longestList {
        do { try await context.clock.sleep(for: patience - quiet) } catch { return }
        continue
      }
      if !isListing {
        let cached = try? await context.client.cachedVersion(of: path, kind: reader.served.kind)
        guard !Task.isCancelled else { return }
        if cached == version {
          heard.last = context.clock.now()
          tellLive()
          continue
        }
        if cached == nil { tellStale("the server does not answer") }
      }
      heard.doubted = true
      stream.cancel()
      return
    }
  }
}
