import MeshModel
import MeshTransport
import Synchronization

/// One resource kept up to date: listed once, then watched for ever; the list is repeated only when the server demands it.
///
/// A server that can tells the list as the beginning of the watch, which costs it less; where that does not come to its end, the
/// list is read page by page.
///
/// The rules are client-go's reflector's: a watch that ends cleanly goes on from the last version without a list; 429, 5xx
/// and broken streams step back and go on as well; a version too old (410, as a status or as an event) lists "at least as
/// new as the last", and only a 410 to that list asks for the newest.
actor ResourceFeed {
  /// What a feed runs on.
  struct Context: Sendable {
    let client: KubernetesClient
    let clock: any TransportClock
    let random: @Sendable () -> Double
    let gate: ListGate
    /// The namespace to read alone where all may not be.
    var namespace: String?
    /// Whether lists are asked for as the beginning of watches.
    var lists = StreamedLists(false)
    let emit: @Sendable ([MeshChange]) -> Void

    var now: Instant { Instant(seconds: Double(clock.wallSeconds())) }
  }

  /// How long a refusal is believed before it is asked again (faults F13).
  static let refusalPause = Duration.seconds(300)
  /// After how long without a byte a watch is doubted (faults F8).
  static let silence = Duration.seconds(90)
  /// After how long without a byte a list that a watch begins with is given up for one of pages.
  static let listSilence = Duration.seconds(10)
  /// How long such a list may take in all: one that does not end is an ordinary watch, of a server that was not asked what it
  /// understood.
  static let longestList = Duration.seconds(120)

  let context: Context
  let reader: ResourceReader
  let key: MeshSnapshot.FeedKey
  var known = KnownObjects()
  var pool = TextPool()
  var version = ""
  var backoff = Backoff()
  var freshness = KubernetesClient.Freshness.newest
  private(set) var hasListed = false
  /// Whether a list is under way that a watch begins with.
  private(set) var isListing = false
  /// Whether this one may be the beginning of a watch.
  private var streamsLists = true
  /// The one namespace that is read; empty for all.
  private var scope = ""
  private var failureEvents = 0
  private var toldLive: Duration?

  init(_ reader: ResourceReader, _ context: Context) {
    self.reader = reader
    self.context = context
    key = MeshSnapshot.FeedKey(plane: context.client.plane, kind: reader.resource.kind)
  }

  /// What is listed and watched.
  var path: ResourcePath { reader.served.path(namespace: scope) }

  /// Keeps the resource up to date until the task is cancelled or the server no longer serves it.
  func run() async {
    while !Task.isCancelled {
      var ending: Ending?
      if streamsLists, context.lists.areStreamed {
        ending = await listByWatch()
        streamsLists = ending != nil
      }
      if ending == nil {
        switch await list() {
        case .done: break
        case .again: continue
        case .gone:
          context.emit(known.removeAll() + [.feed(key, .refused("\(reader.served.apiVersion) is no longer served"))])
          return
        }
      }
      if await watchOn(after: ending) == .gone { return }
    }
  }

  /// Lists and goes on watching in one answer: how that ended, or `nil` where the list did not come to its end.
  private func listByWatch() async -> Ending? {
    if !hasListed { context.emit([.feed(key, .loading(0))]) }
    known.beginList()
    await context.gate.enter()
    isListing = true
    let ending = await watch()
    guard isListing else { return ending }
    isListing = false
    await context.gate.leave()
    switch ending {
    // What holds back or breaks one list does so with the others.
    case .doubted, .failed: context.lists.giveUp()
    case .closed, .expired, .gone, .refused, .unreadable: break
    }
    return nil
  }

  /// Takes note that a list has come to its end; what is gone.
  func endList(_ version: String) -> [MeshChange] {
    isListing = false
    self.version = version
    hasListed = true
    backoff.succeeded(at: context.clock.now())
    // What a list has in common is shared by now; what finds it, 5 MB of 50,000 pods, is of no more use.
    pool = TextPool()
    return known.endList() + live(always: true)
  }

  private enum ListEnd { case done, again, gone }

  private func list() async -> ListEnd {
    let what = "list \(reader.served.plural)"
    if !hasListed { context.emit([.feed(key, .loading(0))]) }
    known.beginList()
    await context.gate.enter()
    let result: Result<String, KubernetesClient.ListFailure>
    do throws(KubernetesClient.ListFailure) {
      result = .success(
        try await context.client.list(
          path, selector: reader.resource.selector, freshness: freshness, what: what,
          restarted: { known.beginList() },
          page: { response throws(JSONError) in try receive(response.body) }))
    } catch {
      result = .failure(error)
    }
    await context.gate.leave()
    switch result {
    case .success(let version):
      context.emit(endList(version))
      return .done
    case .failure(.status(let status)) where status.code == 404: return .gone
    case .failure(.status(let status)) where status.code == 403 && narrow(): return .again
    case .failure(.status(let status))
    where freshness != .newest && (status.isExpired || status.isTooLargeVersion):
      freshness = .newest
      return .again
    case .failure(let failure):
      freshness = .newest
      await stepBack(failure.meshError(what, plane: key.plane))
      return .again
    }
  }

  /// Turns to the one namespace that is meant, where all may not be listed. What was listed whole is not narrowed: it
  /// would look as if the rest were gone.
  private func narrow() -> Bool {
    guard !hasListed, scope.isEmpty, reader.served.isNamespaced, let namespace = context.namespace, !namespace.isEmpty
    else { return false }
    scope = namespace
    return true
  }

  private func receive(_ body: [UInt8]) throws(JSONError) -> ListPage {
    var changes: [MeshChange] = []
    let (plane, kind) = (key.plane, key.kind)
    let page = try ListPage.read(body, kind: self.reader.served.kind) { reader throws(JSONError) in
      let start = reader
      let entities = try self.reader.entities(plane: plane, from: &reader, pool: &pool)
      if entities.count == 1, entities[0].ref.kind == kind {
        changes += known.upsert(entities[0].ref, entities)
      } else {
        let meta = try ObjectMeta.peek(start)
        changes += known.upsert(object(meta), entities)
      }
    }
    for fault in page.faults { changes.append(.feed(key, .stale("cannot read \(fault)", context.now))) }
    if !hasListed, !page.next.isEmpty { changes.append(.feed(key, .loading(known.count))) }
    context.emit(changes)
    return page
  }

  private func object(_ meta: ObjectMeta) -> ObjectRef {
    ObjectRef(plane: key.plane, namespace: meta.namespace, kind: key.kind, name: meta.name)
  }

  private enum WatchEnd: Equatable { case relist, gone }

  /// Watches, again and again, until a list is needed; a watch that began with the list may have ended already.
  private func watchOn(after first: Ending?) async -> WatchEnd {
    failureEvents = 0
    var last = first
    while !Task.isCancelled {
      let started = last == nil ? context.clock.now() : .zero
      let before = version
      let ending = if let last { last } else { await watch() }
      last = nil
      switch ending {
      case .closed:
        // A server that closes at once is not asked in a circle.
        if version == before, context.clock.now() - started < .seconds(1) {
          await pause(backoff.failed(at: context.clock.now(), random: context.random()))
        } else {
          backoff.succeeded(at: context.clock.now())
        }
      case .expired:
        freshness = .notOlder(than: version)
        return .relist
      case .unreadable(let reason):
        context.emit([.feed(key, .stale(reason, context.now))])
        freshness = .newest
        await pause(backoff.failed(at: context.clock.now(), random: context.random()))
        return .relist
      case .doubted: break
      case .gone: return .relist
      case .refused(let error):
        context.emit([.feed(key, .stale(error.message, context.now))])
        await pause(Self.refusalPause)
        freshness = .newest
        return .relist
      case .failed(let error, let isEvent):
        if isEvent { failureEvents += 1 }
        await stepBack(error)
        if failureEvents > 3 { return .relist }
      }
    }
    return .gone
  }

  /// Tells why nothing new comes and waits; everything known stays.
  private func stepBack(_ error: MeshError) async {
    guard error.code != .cancelled, !Task.isCancelled else { return }
    if error.code == .forbidden {
      context.emit([.feed(key, .refused(error.message))])
      if !hasListed { scope = "" }
      return await pause(Self.refusalPause)
    }
    context.emit([.feed(key, .stale(error.message, context.now))])
    toldLive = nil
    await pause(backoff.failed(at: context.clock.now(), random: context.random()))
  }

  private func pause(_ duration: Duration) async { try? await context.clock.sleep(for: duration) }

  /// Reads a line of a watch.
  func event(_ line: ArraySlice<UInt8>) throws(JSONError) -> WatchEvent {
    let plane = key.plane
    return try WatchEvent(line: line) { reader throws(JSONError) in
      try self.reader.entities(plane: plane, from: &reader, pool: &pool, isWatched: !isListing)
    }
  }

  /// Takes one event in; what changed by it.
  func changesOf(_ event: WatchEvent) -> [MeshChange] {
    switch event {
    case .bookmark(let version, _): noteVersion(version)
    case .failure: break
    case .deleted(let meta):
      noteVersion(meta.resourceVersion)
      return known.remove(object(meta))
    case .upserted(let meta, .success(let entities)):
      noteVersion(meta.resourceVersion)
      return known.upsert(object(meta), entities)
    case .upserted(let meta, .failure(let error)):
      noteVersion(meta.resourceVersion)
      // What it was before is not what it is now: unknown beats wrong.
      let place = meta.namespace.isEmpty ? meta.name : "\(meta.namespace)/\(meta.name)"
      return known.remove(object(meta)) + [.feed(key, .stale("cannot read \(place): \(error)", context.now))]
    }
    return []
  }

  /// Notes up to where a watch has told everything; the objects of a list come in no order of their versions.
  private func noteVersion(_ version: String) {
    if !version.isEmpty, !isListing { self.version = version }
  }

  /// That the feed is alive, not more often than every 5 s.
  func live(always: Bool = false) -> [MeshChange] {
    let now = context.clock.now()
    if !always, let toldLive, now - toldLive < .seconds(5) { return [] }
    toldLive = now
    return [.feed(key, .live(context.now, within: scope))]
  }

  /// Tells that the feed is alive.
  func tellLive() { context.emit(live(always: true)) }

  /// Tells that the feed may be out of date.
  func tellStale(_ reason: String) { context.emit([.feed(key, .stale(reason, context.now))]) }
}

/// Whether the lists of a server are asked for as the beginning of watches: until one does not come to its end.
final class StreamedLists: Sendable {
  private let may: Mutex<Bool>

  init(_ may: Bool) { self.may = Mutex(may) }

  var areStreamed: Bool { may.withLock { $0 } }

  func giveUp() { may.withLock { $0 = false } }
}
